# The admin user: logs in with a key of hosts/keys and becomes root without a password,
# because there are no passwords. Root itself does not log in.
{
  config,
  host,
  lib,
  ...
}: let
  cfg = config.provision;
in {
  options.provision = {
    admin = lib.mkOption {
      type = lib.types.str;
      default = host.admin;
      description = "The user who logs in and may become root; `provision` proves the login.";
    };
    adminKeys = lib.mkOption {
      type = lib.types.listOf lib.types.str;
      default = import ../keys;
      defaultText = lib.literalExpression "the lines of hosts/keys/*.pub";
      description = "Public keys that may log in as the admin user.";
    };
  };

  config = {
    assertions = [
      {
        assertion = cfg.adminKeys != [];
        message = "hosts/keys has no public key, so nobody could log in: cp ~/.ssh/id_ed25519.pub hosts/keys/";
      }
    ];

    users = {
      mutableUsers = false;
      users = {
        root.hashedPassword = "!";
        ${cfg.admin} = {
          isNormalUser = true;
          extraGroups = ["wheel"];
          openssh.authorizedKeys.keys = cfg.adminKeys;
        };
      };
    };

    security.sudo = {
      wheelNeedsPassword = false;
      execWheelOnly = true;
    };
  };
}
