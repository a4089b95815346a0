//! What a machine prints when it is asked what it is, and when a dead one is looked at.

use crate::hostile;
use proptest::prelude::*;
use provision::console::plain;
use provision::facts::{Facts, Uplink};
use provision::found::Found;
use provision::host::Layout;
use provision::steps::probe;
use provision_api::ServerId;

/// What a machine with two disks prints.
fn printed() -> String {
    let answers = [
        ("boot-id", "11111111-2222-3333-4444-555555555555"),
        ("hostname", "web-1"),
        ("arch", "x86_64"),
        ("firmware", "uefi"),
        ("memory", "MemTotal:        3915776 kB\nMemFree: 1 kB"),
        ("os", "ID=debian\nVERSION_ID=\"13\""),
        ("system", "/nix/store/abc-nixos-system-web-1"),
        (
            "disks",
            r#"{"blockdevices":[{"path":"/dev/sda","type":"disk","size":42949672960,"serial":"s1",
              "ro":false,"mountpoints":[null],"children":[{"path":"/dev/sda1","type":"part",
              "size":42949672000,"serial":null,"mountpoints":["/"]}]},
              {"path":"/dev/sdb","type":"disk","size":2000,"serial":null,"mountpoints":[null]}]}"#,
        ),
        (
            "by-path",
            "total 0\nlrwxrwxrwx 1 root root 9 Nov 1 00:00 pci-0000:06:00.0-scsi-0:0:0:0 -> ../../sda",
        ),
        (
            "by-id",
            "lrwxrwxrwx 1 root root 9 Nov 1 00:00 scsi-0QEMU_1 -> ../../sda",
        ),
        (
            "addresses",
            r#"[{"ifname":"eth0","address":"96:00:00:00:00:01","addr_info":[{"local":"192.0.2.7",
              "prefixlen":32,"scope":"global","dynamic":true},{"local":"2001:db8::1",
              "prefixlen":64,"scope":"global"}]}]"#,
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
    let parts = answers.iter();
    let parts = parts.map(|(part, text)| format!("==provision== {part}\n{text}\n"));
    parts.collect()
}

/// Whatever it tells is read or not understood; what goes to Nix of it is made of plain words.
fn read(printed: &str) {
    let found: Found = match probe::read(printed) {
        Ok(found) => found,
        Err(why) => return assert!(!why.is_empty()),
    };
    assert_eq!(
        serde_json::from_value::<Found>(serde_json::to_value(&found).unwrap()).unwrap(),
        found
    );
    assert!(!found.told().is_empty() || found.disks.is_empty());
    for name in ["", "s1", "sda", "/dev/sda", "scsi-0QEMU_1"] {
        if let Ok(with) = found.with_disk(name) {
            assert_eq!(with.boot_disks().count(), 1);
        }
    }
    let mac = found.mac.as_deref();
    let facts = Facts::of(
        &ServerId::new("1"),
        &found,
        Layout::Uefi,
        Uplink::default(),
        mac,
    );
    if let Ok(facts) = facts {
        let again = Facts::from_json(facts.to_json().as_bytes());
        assert_eq!(again, Ok(facts));
    }
}

#[test]
fn the_machine_itself_is_read() {
    let found = probe::read(&printed()).unwrap();
    assert_eq!((found.disks.len(), found.boot_disks().count()), (2, 1));
    read(&printed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_spoilt_answer_is_read_or_refused(
        torn in Just(printed()).prop_flat_map(hostile::torn),
        shuffled in hostile::shuffled(&printed()),
    ) {
        read(&torn);
        read(&shuffled);
    }

    #[test]
    fn any_part_may_be_anything(
        part in prop::sample::select(vec![
            "boot-id", "hostname", "arch", "firmware", "memory", "os", "system", "disks", "by-path",
            "by-id", "addresses", "route4", "route6",
        ]),
        word in hostile::word(),
        document in hostile::json(),
    ) {
        for text in [word, document.to_string()] {
            // of two parts of one name the later counts
            read(&format!("{}==provision== {part}\n{text}\n", printed()));
        }
    }

    #[test]
    fn names_of_disks_are_words_or_none(word in hostile::word()) {
        let text = printed().replace("pci-0000:06:00.0-scsi-0:0:0:0", &word);
        read(&text);
        read(&text.replace("scsi-0QEMU_1", &word));
        read(&printed().replace("96:00:00:00:00:01", &word));
    }

    #[test]
    fn a_console_has_nothing_that_a_terminal_obeys(word in hostile::word(), text: String) {
        for line in plain(&word).into_iter().chain(plain(&text)) {
            prop_assert!(!line.chars().any(char::is_control), "{:?}", line);
            prop_assert!(line.chars().count() <= 1000);
        }
    }
}
