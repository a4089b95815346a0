# The `provision` program, with the programs that it calls on its PATH.
{
  lib,
  stdenv,
  rustPlatform,
  installShellFiles,
  makeWrapper,
  gitMinimal,
  nix,
  nixos-anywhere,
  openssh,
}: let
  cargo = builtins.fromTOML (builtins.readFile ../Cargo.toml);
in
  rustPlatform.buildRustPackage {
    pname = "provision";
    inherit (cargo.workspace.package) version;

    # without what changes as hosts come and go
    src = lib.fileset.toSource {
      root = ../.;
      fileset = lib.fileset.difference ../. (lib.fileset.unions [
        ../docs
        ../flake.lock
        ../flake.nix
        ../hosts/servers
        ../nix
      ]);
    };
    cargoLock.lockFile = ../Cargo.lock;
    cargoBuildFlags = ["--package" "provision"];

    # the tests want a network of loopback addresses, a home and a terminal: `cargo xtask test`
    doCheck = false;

    nativeBuildInputs = [installShellFiles makeWrapper];
    postInstall = ''
      ${lib.optionalString (stdenv.buildPlatform.canExecute stdenv.hostPlatform) ''
        $out/bin/provision man > provision.1
        installManPage provision.1
        for shell in bash fish zsh; do
          $out/bin/provision completions $shell > provision.$shell
        done
        installShellCompletion --cmd provision \
          --bash provision.bash --fish provision.fish --zsh provision.zsh
      ''}
      wrapProgram $out/bin/provision \
        --prefix PATH : ${lib.makeBinPath [nixos-anywhere]} \
        --suffix PATH : ${lib.makeBinPath [gitMinimal nix openssh]}
    '';

    meta = {
      inherit (cargo.package) description;
      license = with lib.licenses; [mit asl20];
      mainProgram = "provision";
      platforms = lib.platforms.linux;
    };
  }
