//! A guest's life: it boots, reboots, is found again, survives a power failure, and goes.

use super::images;
use super::lab::{BOOT, Lab, PACE, ROOM, process};
use crate::machine::qemu::{stop, sweep};
use crate::machine::{Boot, Firmware, Maker};
use tokio::time::Instant;

async fn a_life(firmware: Firmware) {
    let Some(images) = images() else { return };
    let _room = ROOM.lock().await;
    let lab = Lab::new(images);
    let machine = lab.machine(|spec| spec.firmware = firmware).await;
    let id = machine.spec().id.clone();
    assert!(!machine.is_on().await);
    machine.write_image(lab.image(None)).await.unwrap();
    machine.power_on(Boot::Disk).await.unwrap();
    let known = lab.host.1.clone();
    let known = Some(known.as_str());
    let first = lab.after(&*machine, "root", known, "").await;
    let run = async |command: &str| {
        let said = lab.once(&*machine, "root", known, command).await;
        said.unwrap_or_else(|error| panic!("{command}: {error}"))
    };
    let efi = run("test -d /sys/firmware/efi && echo uefi || echo bios").await;
    assert_eq!(efi == "uefi", firmware == Firmware::Uefi);
    assert_eq!(run("hostname").await, "web-1");
    assert_eq!(run("cat /sys/class/dmi/id/sys_vendor").await, "Hetzner");
    assert_eq!(
        run("lsblk -dnbo SIZE /dev/sda").await,
        (8_u64 << 30).to_string()
    );
    assert_eq!(
        run("readlink -f /dev/disk/by-path/*scsi-0:0:1:0").await,
        "/dev/sda"
    );
    // nothing that could be read by anybody else
    let told = run("find /sys/firmware/qemu_fw_cfg/by_name/opt -type f -perm /044 -name raw").await;
    assert_eq!(told, "");

    // in place: the same process
    let before = process(&lab, &id).unwrap();
    drop(lab.once(&*machine, "root", known, "systemctl reboot").await);
    let second = lab.after(&*machine, "root", known, &first).await;
    assert_eq!(process(&lab, &id), Some(before));

    // armed: another boot, once
    machine.arm(Some(lab.rescue(None))).await;
    drop(lab.once(&*machine, "root", known, "systemctl reboot").await);
    let rescued = lab.after(&*machine, "root", None, &second).await;
    assert!(!machine.armed().await);
    assert_ne!(process(&lab, &id), Some(before));
    let said = lab.once(
        &*machine,
        "root",
        None,
        "hostname; readlink -f /dev/disk/by-path/*scsi-0:0:1:0",
    );
    assert_eq!(said.await.unwrap(), "rescue\n/dev/sda");

    // whoever opens the world next takes charge of the guest that runs
    let snapshot = machine.snapshot().await;
    let runs = process(&lab, &id);
    drop(machine);
    let machine = lab.maker.restore(snapshot).await.unwrap();
    assert!(machine.is_on().await);
    assert_eq!(process(&lab, &id), runs);
    let same = lab.once(
        &*machine,
        "root",
        None,
        "cat /proc/sys/kernel/random/boot_id",
    );
    assert_eq!(same.await.unwrap(), rescued);
    drop(lab.once(&*machine, "root", None, "systemctl reboot").await);
    let third = lab.after(&*machine, "root", known, &rescued).await;

    // a power failure while nobody looks
    let snapshot = machine.snapshot().await;
    drop(machine);
    assert_eq!(stop(&lab.folder()).await.len(), 1);
    assert_eq!(process(&lab, &id), None);
    let machine = lab.maker.restore(snapshot).await.unwrap();
    assert!(machine.is_on().await);
    lab.after(&*machine, "root", known, &third).await;
    machine.shutdown().await.unwrap();
    let until = Instant::now() + BOOT;
    while machine.is_on().await {
        assert!(Instant::now() < until, "{:#?}", machine.console().await);
        tokio::time::sleep(PACE).await;
    }
    assert_eq!(process(&lab, &id), None);
    machine.destroy().await.unwrap();
    assert!(sweep(&lab.folder(), &[]).await.is_empty());
    assert_eq!(std::fs::read_dir(lab.folder()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts guests"]
async fn a_life_with_bios() {
    a_life(Firmware::Bios).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts guests"]
async fn a_life_with_uefi() {
    a_life(Firmware::Uefi).await;
}
