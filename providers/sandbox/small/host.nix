# What `nixosConfigurations.<host>` is asked for, by provision and by nixos-anywhere.
{wanted}: let
  system = "x86_64-linux";

  # the user's own file, called as the module system would call it
  layout = import (./layouts + "/${wanted.layout}.nix") {
    host = {
      inherit (wanted) admin disk layout;
      inherit system;
      name = wanted.host;
      arch = "x86_64";
    };
  };

  disko = import ./disko.nix {inherit (layout.disko) devices;};
  grub = import ./grub.nix {
    given = layout.boot.loader.grub or {};
    inherit (disko) biosDisks;
  };
  build = import ./build.nix {inherit (wanted) parts;} // {inherit system;};
  built = import ./system.nix {inherit build disko grub wanted;};
in rec {
  pkgs.system = system;

  config = {
    inherit pkgs;
    inherit (layout) disko;
    nixpkgs.hostPlatform = {inherit system;};
    networking.hostName = wanted.host;
    boot.loader = {
      inherit grub;
      efi.canTouchEfiVariables = false;
    };
    nix.settings = {
      substituters = [];
      trusted-public-keys = [];
    };
    services.openssh = {
      enable = true;
      settings = {
        PermitRootLogin = "no";
        PasswordAuthentication = false;
      };
    };
    users.users.${wanted.admin}.openssh.authorizedKeys.keys = wanted.admin_keys;
    system.build = {
      inherit (built) toplevel;
      diskoScript = built.diskoScript {name = "disko";};
      diskoScriptNoDeps = built.diskoScript {
        name = "disko-no-deps";
        interpreter = "/usr/bin/env sh";
      };
    };
  };
}
