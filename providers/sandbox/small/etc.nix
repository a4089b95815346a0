# The whole of /etc: paths and texts. Links have a target; modes other than the store's are named.
{
  wanted,
  mounts,
}: let
  inherit (builtins) concatStringsSep listToAttrs map;
  unlines = list: concatStringsSep "" (map (line: "${line}\n") list);

  files = {
    NIXOS = "";
    hostname = unlines [wanted.host];
    hosts = unlines ["127.0.0.1 localhost" "::1 localhost" "127.0.0.2 ${wanted.host}"];
    "os-release" = unlines [
      "NAME=NixOS"
      "ID=nixos"
      "PRETTY_NAME=\"Small system with NixOS's entry points\""
      "VERSION_ID=\"26.05\""
    ];
    "nsswitch.conf" = unlines ["passwd: files" "group: files" "shadow: files" "hosts: files dns"];
    "ssh/authorized_keys.d/${wanted.admin}" = unlines wanted.admin_keys;
    fstab = unlines (map (m: "/dev/disk/by-partlabel/${m.label} ${m.mountpoint} ${m.type} ${concatStringsSep "," m.options} 0 0") mounts);
    passwd =
      builtins.readFile ./etc/passwd
      + unlines ["${wanted.admin}:x:1000:100::/home/${wanted.admin}:/bin/bash"];
    group = builtins.replaceStrings ["wheel:x:1:"] ["wheel:x:1:${wanted.admin}"] (builtins.readFile ./etc/group);
    # nobody has a password
    shadow = unlines (map (user: "${user}:!:1::::::") ["root" "sshd" "messagebus" "systemd-network" "nobody" wanted.admin]);
    "tmpfiles.d/admin.conf" = unlines ["d /home/${wanted.admin} 0700 ${wanted.admin} users -"];
  };

  shipped = listToAttrs (map (name: {
      inherit name;
      value = builtins.readFile (./etc + "/${name}");
    }) [
      "pam.d/login"
      "pam.d/other"
      "pam.d/sshd"
      "pam.d/sudo"
      "profile"
      "ssh/sshd_config"
      "sudoers"
      "systemd/journald.conf"
      "systemd/network/10-world.network"
      "systemd/system/sshd.service"
    ]);

  wants = target: unit: {
    "systemd/system/${target}.wants/${unit}" =
      if builtins.hasAttr "systemd/system/${unit}" shipped
      then "/etc/systemd/system/${unit}"
      else "/usr/lib/systemd/system/${unit}";
  };
  nothing = folder: names:
    listToAttrs (map (name: {
        name = "${folder}/${name}";
        value = "/dev/null";
      })
      names);
in {
  files = shipped // files;

  links =
    {
      mtab = "/proc/mounts";
      localtime = "/dev/null";
      "systemd/system/default.target" = "/usr/lib/systemd/system/multi-user.target";
    }
    // wants "multi-user.target" "sshd.service"
    // wants "multi-user.target" "systemd-networkd.service"
    // wants "sockets.target" "systemd-networkd.socket"
    # what a machine like this has no use for, and what its read-only parts make needless
    // nothing "systemd/system" [
      "dev-hugepages.mount"
      "dev-mqueue.mount"
      "ldconfig.service"
      "modprobe@configfs.service"
      "modprobe@drm.service"
      "modprobe@fuse.service"
      "run-lock.mount"
      "sys-fs-fuse-connections.mount"
      "sys-kernel-config.mount"
      "sys-kernel-debug.mount"
      "sys-kernel-tracing.mount"
      "systemd-binfmt.service"
      "systemd-firstboot.service"
      "systemd-hwdb-update.service"
      "systemd-journal-catalog-update.service"
      "systemd-machine-id-commit.service"
      "systemd-network-generator.service"
      "systemd-sysusers.service"
      "systemd-udev-load-credentials.service"
      "systemd-update-done.service"
    ]
    // nothing "systemd/system-generators" [
      "systemd-cryptsetup-generator"
      "systemd-gpt-auto-generator"
      "systemd-hibernate-resume-generator"
      "systemd-integritysetup-generator"
      "systemd-rc-local-generator"
      "systemd-ssh-generator"
      "systemd-system-update-generator"
      "systemd-sysv-generator"
      "systemd-tpm2-generator"
      "systemd-veritysetup-generator"
    ];

  modes = {
    shadow = "0600";
    sudoers = "0440";
  };
}
