# What `nix flake check` builds.
{
  lib,
  pkgs,
  self,
}: let
  system = pkgs.stdenv.hostPlatform.system;
  known = import ../hosts/discover.nix;
  ofThisSystem = lib.filterAttrs (name: _: known.${name}.system == system);

  # A host with a key of the fixtures, so that it can be built although the repository ships
  # none: what is checked here is never installed.
  withKey = host:
    host.extendModules {
      modules = [
        {provision.adminKeys = [(lib.fileContents ../fixtures/keys/admin.pub)];}
      ];
    };

  hosts =
    lib.mapAttrs' (name: host: {
      name = "host-${name}";
      value = (withKey host).config.system.build.toplevel;
    })
    (ofThisSystem self.nixosConfigurations);

  disks =
    lib.mapAttrs' (name: host: {
      name = "disko-${name}";
      value = host.config.system.build.diskoScript;
    })
    (ofThisSystem self.nixosConfigurations);
in
  hosts
  // disks
  // {
    inherit (self.packages.${system}) provision;

    dead-code =
      pkgs.runCommand "dead-code" {nativeBuildInputs = [pkgs.deadnix];}
      "deadnix --fail ${../hosts} ${../nix} ${../flake.nix} && touch $out";
  }
