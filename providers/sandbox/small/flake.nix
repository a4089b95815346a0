# A small system that stands in for a NixOS host where nixpkgs cannot be had: the same layouts,
# the same entry points, a Debian userland inside. `small.json` says which.
{
  description = "A small system with NixOS's entry points";

  outputs = _: let
    wanted = builtins.fromJSON (builtins.readFile ./small.json);
  in {
    nixosConfigurations.${wanted.host} = import ./host.nix {inherit wanted;};
  };
}
