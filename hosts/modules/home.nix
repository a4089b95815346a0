# home-manager for the admin user: present, and switched off unless a host asks for it.
{
  config,
  host,
  inputs,
  lib,
  ...
}: let
  # a flake that copies these hosts may leave the input out
  present = inputs ? home-manager;
in {
  imports = lib.optional present inputs.home-manager.nixosModules.home-manager;

  options.provision.home.enable = lib.mkOption {
    type = lib.types.bool;
    default = false;
    description = "Whether the admin user's home is made from the host's `home.nix`.";
  };

  config =
    {
      assertions = [
        {
          assertion = config.provision.home.enable -> present;
          message = "provision.home.enable needs the flake input home-manager.";
        }
      ];
    }
    // lib.optionalAttrs present {
      home-manager = lib.mkIf config.provision.home.enable {
        useGlobalPkgs = true;
        useUserPackages = true;
        users.${config.provision.admin} = import (host.folder + "/home.nix");
      };
    };
}
