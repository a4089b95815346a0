//! Real guests: their disks, their loaders, their faults.

use super::images;
use super::lab::{Lab, ROOM, console_says};
use crate::machine::{Board, Boot, DiskBus, Faults, Firmware, Maker, RescueSystem, SshFault};

const BY_PATH: &str = "ls -l /dev/disk/by-path | awk '{print $9, $11}'";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts guests"]
async fn volumes_come_first_or_last_and_go_while_it_runs() {
    let Some(images) = images() else { return };
    let _room = ROOM.lock().await;
    let lab = Lab::new(images);
    let machine = lab.machine(|_| {}).await;
    machine.attach_volume("101", 10, true).await.unwrap();
    machine.power_on(lab.rescue(None)).await.unwrap();
    lab.after(&*machine, "root", None, "").await;
    let run = async |command: &str| {
        let said = lab.once(&*machine, "root", None, command).await;
        said.unwrap_or_else(|error| panic!("{command}: {error}"))
    };
    let names = "lsblk -dno NAME,SERIAL,VENDOR,MODEL,FSTYPE /dev/sd?";
    let said = run(names).await;
    let lines: Vec<&str> = said.lines().collect();
    assert!(
        lines[0].starts_with("sda") && lines[0].contains("101"),
        "{said}"
    );
    assert!(
        lines[0].contains("HC") && lines[0].contains("ext4"),
        "{said}"
    );
    assert!(
        lines[1].starts_with("sdb") && lines[1].contains("QEMU"),
        "{said}"
    );
    let link = "readlink -f /dev/disk/by-id/scsi-0HC_Volume_";
    assert_eq!(run(&format!("{link}101")).await, "/dev/sda");
    assert_eq!(
        run("readlink -f /dev/disk/by-path/*-scsi-0:0:1:0").await,
        "/dev/sdb"
    );

    machine.attach_volume("102", 10, false).await.unwrap();
    let there = format!(
        "for i in $(seq 50); do [ -e {}102 ] && break; sleep .2; done; {link}102",
        &link[12..]
    );
    assert_eq!(run(&there).await, "/dev/sdc");
    run("mount /dev/sdc /mnt && echo kept > /mnt/file && umount /mnt").await;
    machine.detach_volume("102").await.unwrap();
    let gone = "for i in $(seq 50); do [ -e /dev/sdc ] || break; sleep .2; done; ls /dev/sd?";
    assert_eq!(run(gone).await, "/dev/sda\n/dev/sdb");
    assert!(machine.detach_volume("102").await.is_err());
    machine.attach_volume("102", 10, false).await.unwrap();
    run(&there).await;
    assert_eq!(run("mount /dev/sdc /mnt && cat /mnt/file").await, "kept");
    machine.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts guests"]
async fn each_bus_has_its_names() {
    let Some(images) = images() else { return };
    let _room = ROOM.lock().await;
    let lab = Lab::new(images);
    for (board, bus, disk, path) in [
        (
            Board::HetznerCloud,
            Some(DiskBus::Nvme),
            "nvme0n1",
            "pci-0000:00:08.0-nvme-1",
        ),
        (
            Board::OpenStack,
            Some(DiskBus::Virtio),
            "vda",
            "pci-0000:00:08.0",
        ),
        (
            Board::OpenStack,
            None,
            "sda",
            "pci-0000:00:05.0-scsi-0:0:1:0",
        ),
        (Board::Metal, None, "sda", "pci-0000:00:17.0-ata-1"),
    ] {
        let machine = lab
            .machine(|spec| {
                spec.platform.board = board;
                spec.platform.disks = bus;
                // two SCSI disks are looked at at once: which is the first is not certain
                spec.platform.more_disks_gib = bus.map(|_| 3).into_iter().collect();
            })
            .await;
        machine.power_on(lab.rescue(None)).await.unwrap();
        lab.after(&*machine, "root", None, "").await;
        let said = lab.once(&*machine, "root", None, BY_PATH).await.unwrap();
        let has = said
            .lines()
            .any(|line| line == format!("{path} ../../{disk}"));
        assert!(has, "{disk}: {said}");
        machine.destroy().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts guests"]
async fn a_rescue_disk_is_the_first_and_the_own_disk_keeps_its_path() {
    let Some(images) = images() else { return };
    let _room = ROOM.lock().await;
    let lab = Lab::new(images);
    let machine = lab
        .machine(|spec| spec.platform.board = Board::OpenStack)
        .await;
    machine
        .write_image(lab.image(Some("debian")))
        .await
        .unwrap();
    machine.power_on(lab.rescue(Some(3))).await.unwrap();
    lab.after(&*machine, "root", None, "").await;
    let said = lab.once(&*machine, "root", None, BY_PATH).await.unwrap();
    let has = |line: &str| said.lines().any(|found| found == line);
    assert!(has("pci-0000:00:04.0-scsi-0:0:0:0 ../../sda"), "{said}");
    assert!(has("pci-0000:00:05.0-scsi-0:0:1:0 ../../sdb"), "{said}");
    let root = lab
        .once(
            &*machine,
            "root",
            None,
            "findmnt -no SOURCE / && touch /kept",
        )
        .await;
    assert!(root.unwrap().starts_with("/dev/sda"));
    machine.power_off().await.unwrap();

    machine.power_on(Boot::Disk).await.unwrap();
    let known = lab.host.1.clone();
    lab.after(&*machine, "debian", Some(&known), "").await;
    let said = lab
        .once(&*machine, "debian", Some(&known), BY_PATH)
        .await
        .unwrap();
    assert!(
        said.contains("pci-0000:00:05.0-scsi-0:0:1:0 ../../sda"),
        "{said}"
    );
    let root = lab.once(&*machine, "root", Some(&known), "id -u").await;
    assert!(root.is_err() || root.unwrap() != "0", "root is sent away");
    machine.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts guests"]
async fn a_chained_loader_is_started_and_one_that_is_not_there_is_not() {
    let Some(images) = images() else { return };
    let _room = ROOM.lock().await;
    let lab = Lab::new(images);
    let machine = lab.machine(|spec| spec.firmware = Firmware::Uefi).await;
    machine.write_image(lab.image(None)).await.unwrap();
    let chain = |loader: &str| Boot::Chain {
        loader: loader.to_owned(),
    };
    let known = lab.host.1.clone();
    machine
        .power_on(chain(r"\efi\debian\grubx64.efi"))
        .await
        .unwrap();
    lab.after(&*machine, "root", Some(&known), "").await;
    machine.power_off().await.unwrap();
    machine
        .power_on(chain(r"\efi\none\grubx64.efi"))
        .await
        .unwrap();
    console_says(&*machine, "efi/none/grubx64.efi").await;
    machine.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts guests"]
async fn nothing_to_boot_is_said_on_the_console() {
    let Some(images) = images() else { return };
    let _room = ROOM.lock().await;
    let lab = Lab::new(images);
    for (firmware, words) in [
        (Firmware::Bios, "No bootable device"),
        (Firmware::Uefi, "BdsDxe: failed to load Boot"),
    ] {
        let machine = lab.machine(|spec| spec.firmware = firmware).await;
        machine.power_on(Boot::Disk).await.unwrap();
        console_says(&*machine, words).await;
        machine.shutdown().await.unwrap();
        assert!(machine.is_on().await, "nobody listens to the button");
        let windows = Boot::Rescue {
            authorized_keys: Vec::new(),
            password: None,
            system: RescueSystem {
                linux: false,
                ..RescueSystem::default()
            },
        };
        machine.power_off().await.unwrap();
        machine.power_on(windows).await.unwrap();
        console_says(&*machine, "Windows PE").await;
        machine.destroy().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts guests"]
async fn faults_of_its_port_come_and_go() {
    let Some(images) = images() else { return };
    let _room = ROOM.lock().await;
    let lab = Lab::new(images);
    let machine = lab.machine(|_| {}).await;
    machine.write_image(lab.image(None)).await.unwrap();
    machine.power_on(Boot::Disk).await.unwrap();
    let known = lab.host.1.clone();
    let known = Some(known.as_str());
    let boot = lab.after(&*machine, "root", known, "").await;
    let faulty = |ssh| Faults {
        ssh,
        ..Faults::default()
    };
    for (fault, words) in [
        (SshFault::Refuse, "refused"),
        (SshFault::Close, "closed"),
        (SshFault::Impostor, "verification failed"),
        (SshFault::Password, "Permission denied"),
        (SshFault::Hang, "timed out"),
    ] {
        machine.misbehave(faulty(Some(fault))).await.unwrap();
        let error = lab
            .once(&*machine, "root", known, "true")
            .await
            .unwrap_err();
        assert!(error.contains(words), "{fault:?}: {error}");
    }
    // a fault outlives the process
    let snapshot = machine.snapshot().await;
    drop(machine);
    let machine = lab.maker.restore(snapshot).await.unwrap();
    machine
        .misbehave(faulty(Some(SshFault::Refuse)))
        .await
        .unwrap();
    assert!(lab.once(&*machine, "root", known, "true").await.is_err());
    machine.misbehave(faulty(None)).await.unwrap();
    let command = "cat /proc/sys/kernel/random/boot_id";
    assert_eq!(
        lab.once(&*machine, "root", known, command).await.unwrap(),
        boot
    );

    let lost = Faults {
        no_return: true,
        ..Faults::default()
    };
    machine.misbehave(lost).await.unwrap();
    drop(lab.once(&*machine, "root", known, "systemctl reboot").await);
    console_says(&*machine, "does not come back").await;
    assert!(machine.is_on().await);
    let error = lab
        .once(&*machine, "root", known, "true")
        .await
        .unwrap_err();
    assert!(error.contains("refused"), "{error}");
    machine.destroy().await.unwrap();
}
