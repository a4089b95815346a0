use super::*;
use crate::machine::qemu::tests::{spec, written};
use crate::machine::{Faults, RescueSystem, SshFault};

/// The command line of a machine in `/w/m`, as words.
fn line(change: impl FnOnce(&mut Spec, &mut State), boot: &Boot) -> Vec<String> {
    let mut spec = spec();
    let mut state = State::new(&spec);
    change(&mut spec, &mut state);
    let folder = Folder::of(Path::new("/w"), "m");
    let images = crate::machine::qemu::tests::no_images();
    let uefi = Uefi {
        code: "/fw/code.fd".into(),
        vars: "/fw/vars.fd".into(),
    };
    let start = Start {
        spec: &spec,
        state: &state,
        images: &images,
        folder: &folder,
        boot,
        accelerator: Accelerator::Tcg,
        uefi: Some(&uefi),
        told: &["hostname".to_owned()],
        memory_here: 64 * 1024,
        processors_here: 8,
        silent: false,
    };
    let words = start.arguments().into_iter();
    words.map(|word| word.into_string().unwrap()).collect()
}

/// All values of an option.
fn values<'a>(line: &'a [String], option: &str) -> Vec<&'a str> {
    line.windows(2)
        .filter(|pair| pair[0] == option)
        .map(|pair| pair[1].as_str())
        .collect()
}

fn rescue(disk_gib: Option<u64>, linux: bool) -> Boot {
    Boot::Rescue {
        authorized_keys: vec!["ssh-ed25519 A me".into()],
        password: Some("geheim".into()),
        system: RescueSystem {
            disk_gib,
            linux,
            ..RescueSystem::default()
        },
    }
}

#[test]
fn memory_is_what_was_ordered_as_far_as_this_computer_has_it() {
    for (ordered, here, expected) in [
        (2048, 64 * 1024, 2048),
        (32 * 1024, 64 * 1024, 4096),
        (4096, 8 * 1024, 2048),
        (0, 64 * 1024, 128),
    ] {
        assert_eq!(memory(ordered, here), expected);
    }
}

#[test]
fn secrets_are_never_on_the_command_line() {
    let line = line(
        |_, state| state.written = Some(written()),
        &rescue(None, true),
    );
    let all = line.join("\n");
    for secret in ["geheim", "ssh-ed25519", "#cloud-config"] {
        assert!(!all.contains(secret), "{all}");
    }
    assert_eq!(
        values(&line, "-fw_cfg"),
        ["name=opt/provision/hostname,file=told/hostname"]
    );
}

#[test]
fn the_firmware_is_the_one_of_the_machine() {
    let bios = line(|_, _| {}, &Boot::Disk);
    assert!(!values(&bios, "-machine")[0].contains("pflash"));
    let uefi = line(|spec, _| spec.firmware = Firmware::Uefi, &Boot::Disk);
    assert!(values(&uefi, "-machine")[0].contains("pflash0=code,pflash1=vars"));
    let flash: Vec<_> = values(&uefi, "-blockdev");
    assert!(flash[0].contains("/fw/code.fd") && flash[0].contains("\"read-only\":true"));
    assert!(flash[1].contains("/w/m/vars.fd"));
}

#[test]
fn each_boot_has_what_it_needs_and_the_own_disk_is_always_at_its_place() {
    let chain = Boot::Chain {
        loader: r"\efi\debian\grubx64.efi".into(),
    };
    for (boot, firmware, kernel, rescue, bootable, reboot) in [
        (Boot::Disk, Firmware::Bios, None, None, true, "reset"),
        (chain.clone(), Firmware::Bios, None, None, true, "shutdown"),
        (chain, Firmware::Uefi, None, None, true, "shutdown"),
        (
            rescue(None, true),
            Firmware::Bios,
            Some("vmlinuz"),
            Some("rescue-root"),
            false,
            "shutdown",
        ),
        (
            rescue(Some(3), true),
            Firmware::Uefi,
            Some("vmlinuz"),
            Some("scsi1.0"),
            false,
            "shutdown",
        ),
        (
            rescue(Some(3), false),
            Firmware::Bios,
            None,
            None,
            false,
            "shutdown",
        ),
    ] {
        let line = line(|spec, _| spec.firmware = firmware, &boot);
        let kernels = values(&line, "-kernel");
        assert_eq!(!kernels.is_empty(), kernel.is_some(), "{boot:?}");
        if let (Some(found), Some(kernel)) = (kernels.first(), kernel) {
            assert!(found.ends_with(kernel), "{found}");
        }
        let devices = values(&line, "-device");
        let with = |word: &str| devices.iter().filter(|d| d.contains(word)).count();
        assert_eq!(with("rescue"), usize::from(rescue.is_some()), "{boot:?}");
        assert_eq!(with(rescue.unwrap_or("scsi0.0")), 1, "{devices:?}");
        assert_eq!(with("\"scsi-id\":1"), 1, "{devices:?}");
        assert_eq!(with("bootindex\":1"), usize::from(bootable), "{boot:?}");
        let chained = matches!(boot, Boot::Chain { .. }) && firmware == Firmware::Uefi;
        assert_eq!(with("bootindex=0"), usize::from(chained), "{boot:?}");
        let served = values(&line, "-netdev")[0].contains(",tftp=/w/m/served,bootfile=chain.efi");
        assert_eq!(served, chained, "{boot:?}");
        assert_eq!(values(&line, "-action"), [format!("reboot={reboot}")]);
        assert_eq!(values(&line, "-boot"), ["strict=on"]);
        let path = "type=11,value=/efi/debian/grubx64.efi";
        assert_eq!(
            values(&line, "-smbios").contains(&path),
            chained,
            "{boot:?}"
        );
    }
}

#[test]
fn a_port_that_misbehaves_has_no_way_to_the_guest() {
    let way = "hostfwd=tcp:127.80.1.2:22022-:22";
    let plain = line(|_, _| {}, &Boot::Disk);
    assert!(values(&plain, "-netdev")[0].contains(way));
    let closed = line(
        |_, state| {
            state.faults = Faults {
                ssh: Some(SshFault::Hang),
                ..Faults::default()
            };
        },
        &Boot::Disk,
    );
    assert!(!values(&closed, "-netdev")[0].contains("hostfwd"));
}

#[test]
fn it_says_what_its_board_is() {
    let line = line(|_, _| {}, &Boot::Disk);
    assert_eq!(
        values(&line, "-smbios"),
        ["type=1,manufacturer=Hetzner,product=vServer,serial=17"]
    );
    assert!(values(&line, "-device")[0].contains("mac=96:00:04:50:01:02"));
    assert_eq!(values(&line, "-smp"), ["2"]);
}
