# Boots on BIOS only.
{host, ...}: let
  parts = import ./parts.nix {inherit host;};
in {
  disko.devices.disk.main = parts.disk {inherit (parts) bios root;};
}
