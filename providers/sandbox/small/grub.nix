# `boot.loader.grub` as NixOS and disko complete it: a disk with a BIOS boot partition gets GRUB's
# first half, unless the layout says where it goes.
{
  given,
  biosDisks,
}: let
  named = (given.devices or []) ++ builtins.filter (d: d != "") [(given.device or "")];
  devices =
    if named != []
    then named
    else biosDisks;
  efiSupport = given.efiSupport or false;
  efiInstallAsRemovable = given.efiInstallAsRemovable or false;
  known = ["device" "devices" "efiInstallAsRemovable" "efiSupport"];
  unknown = builtins.attrNames (removeAttrs given known);
in
  if unknown != []
  then throw "the small system does not know boot.loader.grub.${builtins.head unknown}; it knows ${builtins.concatStringsSep ", " known}"
  else if devices == []
  then throw "the layout tells no place for GRUB: it has no partition of type EF02, and sets no boot.loader.grub.device"
  else if efiSupport && !efiInstallAsRemovable
  then throw "the small system installs GRUB for UEFI at the removable path only: set boot.loader.grub.efiInstallAsRemovable"
  else {
    enable = true;
    device = "";
    inherit devices efiSupport efiInstallAsRemovable;
  }
