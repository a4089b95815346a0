# What the folders say: every folder in `servers` with a host.toml is a host. Needs no nixpkgs,
# so that it can be checked anywhere; `src/host.rs` decides the same way.
let
  servers = ./servers;

  folders =
    builtins.filter
    (name: builtins.pathExists (servers + "/${name}/host.toml"))
    (builtins.attrNames (builtins.readDir servers));

  # before a probe has seen the machine: what boots on either firmware, where both exist
  unprobed = arch:
    if arch == "x86_64"
    then "hybrid"
    else "uefi";

  read = name: let
    folder = servers + "/${name}";
    factsFile = folder + "/facts.json";
    spec = builtins.fromTOML (builtins.readFile (folder + "/host.toml"));
    facts =
      if builtins.pathExists factsFile
      then builtins.fromJSON (builtins.readFile factsFile)
      else null;
    arch = spec.arch or "x86_64";
    choice = spec.layout or "auto";
  in {
    inherit name folder spec facts arch;
    system = "${arch}-linux";
    admin = spec.admin or "hbohlen";
    layout =
      if choice != "auto"
      then choice
      else if facts != null
      then facts.layout
      else unprobed arch;
    # no machine has a disk of this name: an installation that was not told which disk it may
    # wipe fails, and wipes none
    disk =
      if facts != null
      then facts.boot_disk
      else "/dev/disk/by-path/not-probed-yet";
  };
in
  builtins.listToAttrs (map (name: {
      inherit name;
      value = read name;
    })
    folders)
