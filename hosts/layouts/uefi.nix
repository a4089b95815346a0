# Boots on UEFI only.
{host, ...}: let
  parts = import ./parts.nix {inherit host;};
in {
  disko.devices.disk.main = parts.disk {
    ESP = parts.esp;
    inherit (parts) root;
  };
  boot.loader.grub = parts.grubForUefi // {device = "nodev";};
}
