# Shells to work in, by what the work is: nix develop .#rust
{pkgs}: let
  shell = packages: pkgs.mkShellNoCC {inherit packages;};

  # with a C compiler, which some crates ask for
  rust = pkgs.mkShell {
    packages = with pkgs; [
      cargo
      cargo-deny
      cargo-nextest
      clippy
      git
      hcloud
      openssh
      rust-analyzer
      rustc
      rustfmt
      typos
    ];
    RUST_SRC_PATH = "${pkgs.rustPlatform.rustLibSrc}";
  };
in {
  # not a recursive set: in one, `go` in the list would be the shell and not the program
  inherit rust;
  default = rust;

  nix = shell (with pkgs; [alejandra deadnix git nil nix statix]);

  node = shell (with pkgs; [nodejs pnpm typescript]);

  python = shell (with pkgs; [python3 ruff uv]);

  go = shell (with pkgs; [go gopls golangci-lint]);

  # what servers of the Model Context Protocol are written in and started with
  mcp = shell (with pkgs; [jq nodejs python3 uv]);

  # talking to models from the command line, and looking at what they say
  ai = shell (with pkgs; [aichat jq python3 uv]);
}
