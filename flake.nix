{
  description = "From a cloud API token to a running, proven NixOS server, and back to nothing";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    disko = {
      url = "github:nix-community/disko";
      inputs.nixpkgs.follows = "nixpkgs";
    };
    home-manager = {
      url = "github:nix-community/home-manager/release-26.05";
      inputs.nixpkgs.follows = "nixpkgs";
    };
    nixos-anywhere = {
      url = "github:nix-community/nixos-anywhere";
      inputs = {
        nixpkgs.follows = "nixpkgs";
        disko.follows = "disko";
        # its own tests and its own formatter, which nobody here calls
        nix-vm-test.follows = "";
        nixos-images.follows = "";
        nixos-stable.follows = "";
        treefmt-nix.follows = "";
      };
    };
  };

  outputs = inputs @ {self, ...}: let
    inherit (inputs.nixpkgs) lib;
    forEach = make:
      lib.genAttrs ["x86_64-linux" "aarch64-linux"]
      (system: make inputs.nixpkgs.legacyPackages.${system});
    of = pkgs: pkgs.stdenv.hostPlatform.system;
    installer = pkgs: inputs.nixos-anywhere.packages.${of pkgs}.nixos-anywhere;
  in {
    nixosConfigurations = import ./hosts {inherit inputs;};

    packages = forEach (pkgs: rec {
      provision = pkgs.callPackage ./nix/package.nix {nixos-anywhere = installer pkgs;};
      default = provision;
    });

    apps = forEach (pkgs: rec {
      provision = {
        type = "app";
        program = lib.getExe self.packages.${of pkgs}.provision;
      };
      default = provision;
    });

    devShells = forEach (pkgs: import ./nix/shells.nix {inherit pkgs;});

    checks = forEach (pkgs:
      import ./nix/checks.nix {
        inherit lib pkgs self;
      });

    formatter = forEach (pkgs: pkgs.alejandra);
  };
}
