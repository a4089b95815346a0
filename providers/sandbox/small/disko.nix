# disko's part that the layouts need: from `disko.devices` to a script that wipes, cuts, makes
# file systems and mounts them below /mnt. What it does not know it refuses.
{devices}: let
  inherit (builtins) attrNames concatMap concatStringsSep elemAt filter genList head length sort;

  refuse = what: throw "the small system's disko does not know ${what}";
  only = what: known: set: let
    unknown = attrNames (removeAttrs set known);
  in
    if unknown == []
    then set
    else refuse "${what}.${head unknown}; it knows ${concatStringsSep ", " known}";
  one = what: known: value:
    if builtins.elem value known
    then value
    else refuse "${what} = \"${toString value}\"; it knows ${concatStringsSep ", " known}";

  # a word that the shell leaves as it is
  quote = word: "'${builtins.replaceStrings ["'"] ["'\\''"] (toString word)}'";
  words = list: concatStringsSep " " (map quote list);

  # disko's order: what GRUB's first half looks for comes first, what fills the disk last
  priority = partition:
    partition.priority
    or (
      if partition.size or "" == "100%"
      then 9001
      else if partition.type or "" == "EF02"
      then 100
      else 1000
    );

  cut = disk: content: let
    read = name: let
      at = "${disk.at}.content.partitions.${name}";
      given = only at ["content" "label" "priority" "size" "type"] content.partitions.${name};
    in {
      inherit at;
      inherit (disk) device;
      label = given.label or "disk-${disk.name}-${name}";
      priority = priority given;
      kind = given.type or "8300";
      size = given.size or (refuse "${at} without a size");
      content = given.content or null;
    };
    sorted = sort (a: b: a.priority < b.priority) (map read (attrNames content.partitions));
  in
    genList (n: elemAt sorted n // {number = n + 1;}) (length sorted);

  disks = map (key: let
    at = "disko.devices.disk.${key}";
    given = only at ["content" "device" "name" "type"] devices.disk.${key};
    content = only "${at}.content" ["partitions" "type"] given.content;
    disk = {
      inherit at;
      inherit (given) device;
      name = given.name or key;
      table = one "${at}.content.type" ["gpt"] content.type;
    };
  in
    disk // {partitions = builtins.seq disk.table (cut disk content);})
  (attrNames ((only "disko.devices" ["disk"] devices).disk or {}));

  partitions = concatMap (disk: disk.partitions) disks;

  # what is mounted: one entry a mount point
  mountsOf = partition: let
    inherit (partition) content;
    at = "${partition.at}.content";
    mount = options: volume: {
      inherit (volume) mountpoint;
      inherit (partition) device number label;
      inherit options;
      type = content.format or content.type;
    };
    wanted = filter (volume: volume.mountpoint or null != null);
    plain = volume: mount (volume.mountOptions or ["defaults"]) volume;
    volume = name: let
      given = only "${at}.subvolumes.${name}" ["mountOptions" "mountpoint"] content.subvolumes.${name};
    in
      {mountpoint = null;}
      // given
      // {mountOptions = (given.mountOptions or ["defaults"]) ++ ["subvol=${name}"];};
  in
    if content == null
    then []
    else if one "${at}.type" ["btrfs" "filesystem"] content.type == "btrfs"
    then map plain (wanted ([content] ++ map volume (attrNames (content.subvolumes or {}))))
    else map plain (wanted [content]);

  mounts = sort (a: b: a.mountpoint < b.mountpoint) (concatMap mountsOf partitions);

  make = partition: let
    inherit (partition) content;
    at = "${partition.at}.content";
    node = "$(node ${quote partition.device} ${toString partition.number})";
    extra = words (content.extraArgs or []);
    made = {
      filesystem = let
        given = only at ["extraArgs" "format" "mountOptions" "mountpoint" "type"] content;
        format = one "${at}.format" ["ext4" "vfat"] given.format;
        flags.ext4 = "-q -F";
      in ''
        mkfs.${format} ${flags.${format} or ""} ${extra} "${node}"
      '';
      btrfs = let
        given = only at ["extraArgs" "mountOptions" "mountpoint" "subvolumes" "type"] content;
      in ''
        mkfs.btrfs -f ${extra} "${node}"
        subvolumes "${node}" ${words (attrNames (given.subvolumes or {}))}
      '';
    };
  in
    if content == null
    then ""
    else made.${one "${at}.type" (attrNames made) content.type};

  cutScript = disk: let
    end = size:
      if size == "100%"
      then "-0"
      else "+${size}";
    # one partition, as sgdisk's options
    new = p: let
      number = toString p.number;
    in
      words ["--new=${number}:0:${end p.size}" "--change-name=${number}:${p.label}" "--typecode=${number}:${p.kind}"];
  in ''
    step 'cut ${disk.name}'
    wipe ${quote disk.device}
    sgdisk --align-end ${concatStringsSep " " (map new disk.partitions)} ${quote disk.device} >/dev/null
    settle ${quote disk.device} ${toString (length disk.partitions)}
  '';

  mountScript = m: "attach ${words [m.device m.number m.type (concatStringsSep "," m.options) m.mountpoint]}";
in {
  inherit mounts;

  # where a boot sector has room for GRUB's second half behind it
  biosDisks =
    map (disk: disk.device)
    (filter (disk: builtins.any (p: p.kind == "EF02") disk.partitions) disks);

  # the commands; `disko.sh` says what their words mean
  commands = concatStringsSep "\n" (
    ["need ${words (map (disk: disk.device) disks)}"]
    ++ map cutScript disks
    ++ ["step 'make file systems'"]
    ++ map make partitions
    ++ ["step 'mount'"]
    ++ map mountScript mounts
  );
}
