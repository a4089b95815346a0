# A small closure: less to copy, less to patch.
{...}: {
  documentation = {
    enable = false;
    doc.enable = false;
    info.enable = false;
    man.enable = false;
    nixos.enable = false;
  };
  environment = {
    defaultPackages = [];
    stub-ld.enable = false;
  };
  fonts.fontconfig.enable = false;
  programs.command-not-found.enable = false;
  services.udisks2.enable = false;
  xdg = {
    autostart.enable = false;
    icons.enable = false;
    mime.enable = false;
    sounds.enable = false;
  };
}
