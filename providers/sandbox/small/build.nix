# Derivations whose only tool is a static busybox: they build with nothing of the computer that
# they are built on, here and on an installer alike.
{parts}: let
  system = "x86_64-linux";

  # a folder outside of the flake, fixed by its content; nothing is copied that is there already
  part = {
    path,
    narHash,
  }: "${builtins.fetchTree {
    type = "path";
    inherit path narHash;
  }}";

  # the script sees busybox's programs, and the attributes as variables
  runWith = tools: name: attributes: script:
    derivation (attributes
      // {
        inherit name script system;
        builder = "${tools}/busybox";
        args = [
          "sh"
          "-euc"
          ''
            mkdir "$NIX_BUILD_TOP/.tools"
            ${tools}/busybox --install -s "$NIX_BUILD_TOP/.tools"
            export PATH="$NIX_BUILD_TOP/.tools"
            umask 022
            . "$scriptPath"
          ''
        ];
        # longer than an argument may be
        passAsFile = ["script"];
      });

  busybox = runWith (part parts.tools) "busybox" {} ''
    mkdir -p "$out/bin"
    cp ${part parts.tools}/busybox "$out/bin/busybox"
    for name in $("$out/bin/busybox" --list); do
      test "$name" = busybox || ln -s busybox "$out/bin/$name"
    done
  '';
in rec {
  inherit busybox system;

  # all that a system is made of: usr, modules, kernel
  pieces = part parts.system;

  run = runWith "${busybox}/bin";

  # the text of a file, with @name@ replaced
  fill = file: values:
    builtins.replaceStrings
    (map (name: "@${name}@") (builtins.attrNames values))
    (map toString (builtins.attrValues values))
    (builtins.readFile file);

  # commands that write a file; the text's last line has to end
  write = path: text: ''
    mkdir -p "$(dirname "${path}")"
    cat > "${path}" <<'END-OF-FILE'
    ${text}END-OF-FILE
  '';

  # a program of one file
  program = name: text:
    run name {} ''
      ${write "$out" text}
      chmod 755 "$out"
    '';
}
