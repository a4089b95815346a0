# How the disk is cut: by host.toml's `layout`, else by the firmware that was probed.
# In place of the import a host can have a layout of its own (disko.devices).
{host, ...}: {
  imports = [(../../layouts + "/${host.layout}.nix")];
}
