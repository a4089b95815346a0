use super::*;
use crate::found::DiskRole;

fn printed(os: &str, hostname: &str, lsblk: &str, by_id: &str) -> String {
    let answers = [
        ("boot-id", "11111111-2222-3333-4444-555555555555"),
        ("hostname", hostname),
        ("arch", "x86_64"),
        ("firmware", "bios"),
        ("memory", "MemTotal:        3915776 kB\nMemFree: 1 kB"),
        ("os", os),
        ("system", "/nix/store/abc-nixos-system-web-1"),
        ("disks", lsblk),
        (
            "by-path",
            "total 0\nlrwxrwxrwx 1 root root 9 Nov 1 00:00 pci-0000:06:00.0-scsi-0:0:0:0 -> ../../sda\nlrwxrwxrwx 1 root root 10 Nov 1 00:00 pci-0000:06:00.0-scsi-0:0:0:0-part1 -> ../../sda1\nlrwxrwxrwx 1 root root 9 Nov 1 00:00 pci-0000:06:00.0-scsi-0:0:0:1 -> ../../sdb",
        ),
        ("by-id", by_id),
        (
            "addresses",
            r#"[{"ifname":"lo","addr_info":[{"local":"127.0.0.1","prefixlen":8,"scope":"host"}]},
                {"ifname":"eth0","address":"96:00:00:00:00:01","addr_info":[{"local":"192.0.2.7","prefixlen":32,"scope":"global","dynamic":true},
                {"local":"2001:db8::1","prefixlen":64,"scope":"global"},{"local":"fe80::1","prefixlen":64,"scope":"link"}]}]"#,
        ),
        (
            "route4",
            r#"[{"dst":"default","gateway":"172.31.1.1","dev":"eth0"}]"#,
        ),
        (
            "route6",
            r#"[{"dst":"default","gateway":"fe80::1","dev":"eth0"}]"#,
        ),
    ];
    answers
        .iter()
        .map(|(part, text)| format!("{HEAD} {part}\n{text}\n"))
        .collect()
}

const TWO_DISKS: &str = r#"{"blockdevices":[
  {"name":"sda","path":"/dev/sda","type":"disk","size":1000,"serial":"1","ro":false,"mountpoints":[null],
   "children":[{"name":"sda1","path":"/dev/sda1","type":"part","size":900,"serial":null,"ro":false,"mountpoints":["/"]}]},
  {"name":"sdb","path":"/dev/sdb","type":"disk","size":2000,"serial":"2","ro":false,"mountpoints":[null]},
  {"name":"sr0","path":"/dev/sr0","type":"rom","size":100,"serial":null,"ro":false,"mountpoints":[null]}]}"#;

#[test]
fn a_stock_machine_is_read_whole() {
    let found = read(&printed(
        "ID=debian\nVERSION_ID=\"13\"",
        "web-1",
        TWO_DISKS,
        "",
    ))
    .unwrap();
    assert_eq!(
        found.system,
        RunningSystem::Stock {
            id: "debian".into()
        }
    );
    assert_eq!(found.memory_mib, 3824);
    assert_eq!(found.disks.len(), 2);
    assert_eq!(found.disks[0].role, DiskRole::Boot);
    assert_eq!(
        found.disks[0].by_path,
        ["/dev/disk/by-path/pci-0000:06:00.0-scsi-0:0:0:0"]
    );
    assert_eq!(found.disks[1].role, DiskRole::Unknown);
    assert_eq!(found.mac.as_deref(), Some("96:00:00:00:00:01"));
    assert_eq!(found.addresses.len(), 2);
    assert!(found.gateways[0].on_link, "172.31.1.1 lies outside a /32");
    assert!(
        !found.gateways[1].on_link,
        "link-local needs no on-link route"
    );
}

#[test]
fn the_rescue_disk_is_not_the_boot_disk() {
    // OVH: the rescue system's own disk is sda, the server's is sdb
    let found = read(&printed("ID=debian", "rescue", TWO_DISKS, "")).unwrap();
    assert_eq!(found.system, RunningSystem::Rescue);
    assert_eq!(found.disks[0].role, DiskRole::Rescue);
    assert_eq!(found.disks[1].role, DiskRole::Boot);
}

#[test]
fn a_volume_is_a_volume_wherever_it_stands() {
    let by_id = "lrwxrwxrwx 1 root root 9 Nov 1 00:00 scsi-0HC_Volume_42 -> ../../sda\n";
    let lsblk = TWO_DISKS.replace(r#"["/"]"#, r#"["/mnt/volume"]"#);
    let found = read(&printed(
        "ID=nixos\nVARIANT_ID=installer",
        "nixos",
        &lsblk,
        by_id,
    ))
    .unwrap();
    assert_eq!(found.system, RunningSystem::Installer);
    assert_eq!(found.disks[0].role, DiskRole::Volume);
    assert_eq!(found.disks[1].role, DiskRole::Boot);
}

#[test]
fn two_disks_that_cannot_be_told_apart_stay_unknown() {
    let lsblk = TWO_DISKS.replace(r#"["/"]"#, "[null]");
    let found = read(&printed(
        "ID=nixos\nVARIANT_ID=installer",
        "nixos",
        &lsblk,
        "",
    ))
    .unwrap();
    assert!(found.disks.iter().all(|d| d.role == DiskRole::Unknown));
}

#[test]
fn nonsense_names_the_part() {
    let text = printed("ID=debian", "web-1", "{", "");
    assert!(read(&text).unwrap_err().contains("lsblk"));
    assert!(read("").unwrap_err().contains("does not tell"));
    let no_firmware = printed("ID=debian", "web-1", TWO_DISKS, "").replace("\nbios\n", "\n\n");
    assert!(read(&no_firmware).unwrap_err().contains("firmware"));
}

#[test]
fn the_script_has_nothing_that_needs_more_than_a_list_of_commands() {
    let script = script();
    for sign in ['|', '$', '`', '(', '{'] {
        let bare = script.replace("||", "");
        assert!(!bare.contains(sign), "{sign} in {script}");
    }
}
