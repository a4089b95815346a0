# `nixosConfigurations`, one for each folder in `servers`.
{inputs}: let
  system = host:
    inputs.nixpkgs.lib.nixosSystem {
      specialArgs = {inherit host inputs;};
      modules = [
        inputs.disko.nixosModules.disko
        ./modules
        (host.folder + "/configuration.nix")
      ];
    };
in
  builtins.mapAttrs (_: system) (import ./discover.nix)
