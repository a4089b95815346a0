//! Systems that do not come up, read without following where they lead.

use super::*;

#[test]
fn a_system_may_begin_at_the_top_or_in_a_subvolume() {
    let subvolumes = "ID 256 gen 9 top level 5 path root\nID 257 gen 9 top level 5 path log\n\
                      ID 258 gen 9 top level 256 path root/var/lib/machines\n";
    assert_eq!(
        folders("home\nlog\nnix\nroot\n", subvolumes),
        [
            "",
            "/home",
            "/log",
            "/nix",
            "/root",
            "/root/var/lib/machines"
        ]
    );
    assert_eq!(folders("../../etc\n\u{7}x\n", ""), [""]);
}

#[test]
fn no_link_leads_into_the_rescue_system() {
    use std::fs::{File, create_dir_all};
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("mounted").display().to_string();
    let rescue = dir.path().join("rescue");
    for inside in ["var/log/journal", "boot/grub"] {
        create_dir_all(rescue.join(inside)).unwrap();
        create_dir_all(format!("{at}/honest/{inside}")).unwrap();
    }
    for root in [rescue.clone(), format!("{at}/honest").into()] {
        File::create(root.join("boot/grub/grub.cfg")).unwrap();
    }
    // each links one component of the path: a hostile disk can choose which
    for (system, link, to) in [
        ("a", "var", "var"),
        ("b", "var/log", "var/log"),
        ("c", "var/log/journal", "var/log/journal"),
        ("d", "boot", "boot"),
        ("e", "boot/grub", "boot/grub"),
        ("f", "boot/grub/grub.cfg", "boot/grub/grub.cfg"),
    ] {
        let link = format!("{at}/{system}/{link}");
        create_dir_all(std::path::Path::new(&link).parent().unwrap()).unwrap();
        symlink(rescue.join(to), link).unwrap();
    }
    symlink(&rescue, format!("{at}/g")).unwrap();
    let answers = |system: &str| {
        let folder = |path: &&str| format!("/{system}{path}");
        let journals: Vec<String> = JOURNALS.iter().map(&folder).collect();
        let menus: Vec<String> = MENUS.iter().map(folder).collect();
        let mut asked = there(&at, "-d", &journals);
        asked.extend(there(&at, "-f", &menus));
        script::answered_here(&asked)
    };
    let found = |system: &str| {
        let found = answers(system).into_iter().filter(|a| !a.failed);
        found.map(|a| a.name).collect::<Vec<_>>()
    };
    assert_eq!(
        found("honest"),
        [
            format!("{at}/honest/var/log/journal"),
            format!("{at}/honest/boot/grub/grub.cfg")
        ]
    );
    for system in ["a", "b", "c", "d", "e", "f", "g"] {
        assert_eq!(found(system), Vec::<String>::new(), "{system}");
        assert_eq!(answers(system).len(), JOURNALS.len() + MENUS.len());
    }
}

#[test]
fn only_what_is_there_is_read_and_names_are_quoted() {
    let filesystem = Filesystem {
        device: "/dev/sda3".to_owned(),
        kind: "btrfs".to_owned(),
        at: format!("{PLACE}/1"),
    };
    let other = Filesystem {
        device: "/dev/sda9".to_owned(),
        kind: "vfat".to_owned(),
        at: format!("{PLACE}/11"),
    };
    let mounted = [(&filesystem, vec![]), (&other, vec![])];
    let answer = |path: &str, failed| Answer {
        name: format!("{PLACE}{path}"),
        failed,
        ..Answer::default()
    };
    let answers = [
        answer("/1/log/journal", false),
        answer("/1/$(reboot)/journal", false),
        answer("/1/var/log/journal", true),
        answer("/11/grub/grub.cfg", false),
    ];
    let reading = of_what_is_there(&mounted, &answers);
    let shown = format!("{reading:?}");
    assert_eq!(reading.len(), 4, "{shown}");
    assert!(
        shown.contains("journal in /dev/sda3/log/journal"),
        "{shown}"
    );
    assert!(
        shown.contains("'/run/provision-post-mortem/1/$(reboot)/journal'"),
        "{shown}"
    );
    assert!(
        shown.contains("boot menu in /dev/sda9/grub/grub.cfg"),
        "{shown}"
    );
    assert!(!shown.contains("/1/var/log"), "{shown}");
}

#[test]
fn of_a_boot_menu_only_its_entries_are_kept() {
    let answer = Answer {
        name: format!("{MENU} in /dev/sda1/grub/grub.cfg"),
        printed: "password_pbkdf2 root grub.pbkdf2.sha512.x # menuentry\n\
                  menuentry \"NixOS - Default\" --class nixos {\n\
                  submenu \"NixOS - All configurations\" {\n"
            .to_owned(),
        failed: false,
    };
    assert_eq!(
        menu_only(&answer).lines,
        [
            "menuentry \"NixOS - Default\" --class nixos",
            "submenu \"NixOS - All configurations\""
        ]
    );
}
