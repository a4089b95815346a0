# Selects what the gate looks at from a host's configuration. `provision` applies it to
# `nixosConfigurations.<host>.config`; nothing that is not named here is evaluated.
{admin}: config: let
  orNull = value:
    if builtins.isAttrs value
    then value.system or null
    else value;
  grub = config.boot.loader.grub or {};
  openssh = config.services.openssh or {};
  # a file system made of subvolumes is named by its type, and is the root if one of them is
  formatOf = content: content.format or (content.type or null);
  mountpointOf = content:
    content.mountpoint
    or (
      if builtins.any (volume: (volume.mountpoint or null) == "/") (builtins.attrValues (content.subvolumes or {}))
      then "/"
      else null
    );
  partitions = content:
    builtins.mapAttrs (_: partition: {
      type = partition.type or null;
      size = partition.size or null;
      format = formatOf (partition.content or {});
      mountpoint = mountpointOf (partition.content or {});
    }) (
      if (content.type or null) == "gpt"
      then content.partitions or {}
      else {}
    );
  keys = user: let
    authorized = config.users.users.${user}.openssh.authorizedKeys or {};
  in
    (authorized.keys or []) ++ map toString (authorized.keyFiles or []);
in {
  platform = orNull (config.nixpkgs.hostPlatform or null);
  hostName = config.networking.hostName or "";
  grub = {
    enable = grub.enable or false;
    device = grub.device or "";
    devices = grub.devices or [];
    efiSupport = grub.efiSupport or false;
    efiInstallAsRemovable = grub.efiInstallAsRemovable or false;
  };
  systemdBoot = config.boot.loader.systemd-boot.enable or false;
  canTouchEfiVariables = config.boot.loader.efi.canTouchEfiVariables or false;
  disks = builtins.mapAttrs (_: disk: {
    inherit (disk) device;
    table = disk.content.type or null;
    partitions = partitions (disk.content or {});
  }) (config.disko.devices.disk or {});
  ssh = {
    enable = openssh.enable or false;
    rootLogin = openssh.settings.PermitRootLogin or null;
    passwords = openssh.settings.PasswordAuthentication or null;
  };
  adminKeys = keys admin;
}
