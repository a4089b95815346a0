# The lines of all *.pub files here.
let
  isKey = name: builtins.match ".*[.]pub" name != null;
  files = builtins.filter isKey (builtins.attrNames (builtins.readDir ./.));
  # split answers with what lies between the breaks, and with a list for each of them
  lines = text: builtins.filter builtins.isString (builtins.split "[\r\n]+" text);
  isLine = line: builtins.match "[ \t]*(#.*)?" line == null;
in
  builtins.concatMap
  (name: builtins.filter isLine (lines (builtins.readFile (./. + "/${name}"))))
  files
