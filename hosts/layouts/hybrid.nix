# Boots on BIOS and on UEFI.
{host, ...}: let
  parts = import ./parts.nix {inherit host;};
in {
  disko.devices.disk.main = parts.disk {
    ESP = parts.esp;
    inherit (parts) bios root;
  };
  boot.loader.grub = parts.grubForUefi;
}
