# The admin user's home, as a home-manager module. Made only if the host sets
# provision.home.enable.
{...}: {
  home.stateVersion = "26.05";
  programs.bash.enable = true;
}
