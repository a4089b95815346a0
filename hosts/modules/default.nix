# What all hosts share.
{host, ...}: {
  imports = [
    ./boot.nix
    ./home.nix
    ./locale.nix
    ./network.nix
    ./nix.nix
    ./small.nix
    ./ssh.nix
    ./users.nix
  ];

  networking.hostName = host.name;
  nixpkgs.hostPlatform = host.system;
}
