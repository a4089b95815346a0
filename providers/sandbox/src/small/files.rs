//! The files of the flake, as they are in `small/`.

macro_rules! file {
    ($path:literal) => {
        ($path, include_str!(concat!("../../small/", $path)))
    };
}

/// Paths inside the flake, and what is in them.
pub(super) const ALL: &[(&str, &str)] = &[
    file!("build.nix"),
    file!("disko.nix"),
    file!("disko.sh"),
    file!("etc.nix"),
    file!("etc/group"),
    file!("etc/pam.d/login"),
    file!("etc/pam.d/other"),
    file!("etc/pam.d/sshd"),
    file!("etc/pam.d/sudo"),
    file!("etc/passwd"),
    file!("etc/profile"),
    file!("etc/ssh/sshd_config"),
    file!("etc/sudoers"),
    file!("etc/systemd/journald.conf"),
    file!("etc/systemd/network/10-world.network"),
    file!("etc/systemd/system/sshd.service"),
    file!("flake.nix"),
    file!("grub.nix"),
    file!("host.nix"),
    file!("system.nix"),
    file!("system/activate.sh"),
    file!("system/grub.sh"),
    file!("system/init.sh"),
    file!("system/initrd.sh"),
    file!("system/switch.sh"),
];
