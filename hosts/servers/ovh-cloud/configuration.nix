# A server at OVHcloud.
{...}: {
  imports = [./disko.nix];

  # provision.home.enable = true; # make the admin's home from home.nix

  system.stateVersion = "26.05";
}
