//! Machines as other vendors have them: a default user, a rescue disk in front, rescue by password,
//! a netboot that stays, and EFI programs that are named.

// for the lints: what a test calls is a test too
#[cfg(test)]
mod lab;

use lab::install::{Call, be_the_program, disko, system};
use lab::{Lab, Said};
use provision_sandbox::machine::{
    Board, Boot, Firmware, Image, Machine, Maker, Network, Platform, RescueSystem,
};
use std::net::Ipv4Addr;
use std::sync::Arc;

const BOOT: &str = "cat /proc/sys/kernel/random/boot_id";
const OWN: &str = "/dev/disk/by-path/pci-0000:00:05.0-scsi-0:0:0:0";
const PASSWORD: &str = "correct horse";

#[test]
fn the_stand_in_as_a_program() {
    be_the_program();
}

fn openstack() -> Platform {
    Platform {
        board: Board::OpenStack,
        network: Network {
            gateway4: Ipv4Addr::new(198, 51, 100, 1),
            prefix6: 128,
            gateway6: "2001:db8:1::ff".into(),
            auto6: false,
        },
        ..Platform::default()
    }
}

/// A machine with this platform, off, with Debian for its user `debian`.
#[cfg(test)] // for the lints, as above
async fn rented(lab: &Lab, firmware: Firmware, platform: Platform) -> Arc<dyn Machine> {
    let mut spec = lab::spec(firmware);
    spec.platform = platform;
    let machine = lab.maker.make(spec).await.unwrap();
    machine.write_image(debian(lab, None)).await.unwrap();
    machine
}

fn debian(lab: &Lab, user_data: Option<&str>) -> Image {
    Image {
        user: Some("debian".into()),
        ..lab.image(user_data.map(str::to_owned))
    }
}

/// A rescue system with a disk of its own that takes a password and no key.
fn by_password() -> Boot {
    Boot::Rescue {
        authorized_keys: vec![],
        password: Some(PASSWORD.into()),
        system: RescueSystem {
            disk_gib: Some(3),
            ..RescueSystem::default()
        },
    }
}

fn denied(said: &Said) -> bool {
    said.status == 255 && said.err.contains("Permission denied")
}

#[tokio::test(flavor = "multi_thread")]
async fn root_is_sent_to_the_default_user_who_may_become_root() {
    let lab = Lab::new();
    let machine = rented(&lab, Firmware::Bios, openstack()).await;
    machine.power_on(Boot::Disk).await.unwrap();
    let said = lab.ssh(&machine, "root", "id -u").await;
    assert_eq!(said.status, 142, "{said:?}");
    assert!(
        said.out.contains("Please login as the user \"debian\""),
        "{said:?}"
    );
    let said = lab.ssh(&machine, "debian", "id -un; sudo -n id -u").await;
    assert_eq!(
        (said.status, said.out.as_str()),
        (0, "debian\n0\n"),
        "{said:?}"
    );
    let said = lab
        .ssh(&machine, "debian", "sudo cat /root/.ssh/authorized_keys")
        .await;
    assert!(
        said.out.contains("command=\"echo 'Please login"),
        "{said:?}"
    );

    // the line without the command lets root in again
    let add = format!(
        "sudo sh -c 'cat > /root/.ssh/authorized_keys'; sudo chmod 600 /root/.ssh/authorized_keys; {BOOT}"
    );
    let line = format!("{}\n", lab.public);
    let said = lab
        .ssh_with(&machine, "debian", &add, &[], line.as_bytes())
        .await;
    assert_eq!(said.status, 0, "{said:?}");
    assert_eq!(lab.root(&machine, "id -u").await, "0\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn user_data_rules_over_the_image_s_default_user() {
    let lab = Lab::new();
    let machine = rented(&lab, Firmware::Bios, openstack()).await;
    let mine = lab.key("mine");
    let data = format!("#cloud-config\ndisable_root: false\nssh_authorized_keys: [{mine}]\n");
    machine
        .write_image(debian(&lab, Some(&data)))
        .await
        .unwrap();
    machine.power_on(Boot::Disk).await.unwrap();
    for user in ["root", "debian"] {
        let said = lab.ssh(&machine, user, "id -un").await;
        assert_eq!(said.out, format!("{user}\n"), "{said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_user_installs_as_root_does() {
    let lab = Lab::new();
    for layout in ["bios", "hybrid"] {
        let machine = rented(&lab, Firmware::Bios, openstack()).await;
        machine.power_on(Boot::Disk).await.unwrap();
        let before = lab.ssh(&machine, "debian", BOOT).await.out;
        let said = Call::of(&lab, machine.spec(), "debian")
            .install(&disko(layout, OWN), &system(layout, OWN, &lab.public))
            .run()
            .await;
        assert_eq!(said.status, 0, "{said:?}");
        lab.next_boot(&machine, "hbohlen", &before).await;
        let said = lab
            .ssh(
                &machine,
                "hbohlen",
                "cat /etc/os-release; ip -j -6 route show default",
            )
            .await;
        assert!(said.out.contains("ID=nixos"), "{said:?}");
        assert!(said.out.contains("2001:db8:1::ff"), "{said:?}");
        assert!(denied(&lab.ssh(&machine, "debian", "exit 0").await));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rescue_by_password_takes_a_key_and_has_its_disk_in_front() {
    let lab = Lab::new();
    let machine = rented(&lab, Firmware::Bios, openstack()).await;
    machine.power_on(by_password()).await.unwrap();
    assert!(denied(&lab.ssh(&machine, "root", "exit 0").await));
    assert!(denied(
        &lab.with_password(machine.spec(), "wrong", "exit 0", b"")
            .await
    ));
    let add = "umask 077; mkdir -p /root/.ssh; cat >> /root/.ssh/authorized_keys; hostname";
    let line = format!("{}\n", lab.public);
    let said = lab
        .with_password(machine.spec(), PASSWORD, add, line.as_bytes())
        .await;
    assert_eq!(
        (said.status, said.out.as_str()),
        (0, "rescue\n"),
        "{said:?}"
    );

    let look = format!("findmnt -n -o SOURCE,FSTYPE /; readlink -f {OWN}; lsblk -ndo NAME");
    let out = lab.root(&machine, &look).await;
    assert_eq!(out, "/dev/sda1 ext4\n/dev/sdb\nsda\nsdb\nsr0\n");

    let before = lab.root(&machine, BOOT).await;
    let call = |phases: &str| {
        Call::new(&lab, machine.spec())
            .arg("--phases")
            .arg(phases)
            .install(&disko("bios", OWN), &system("bios", OWN, &lab.public))
    };
    let said = call("kexec").run().await;
    assert_eq!(said.status, 0, "{said:?}");
    lab.next_boot(&machine, "root", &before).await;
    let out = lab
        .root(&machine, &format!("readlink -f {OWN}; hostname"))
        .await;
    assert_eq!(out, "/dev/sdb\nnixos-installer\n");
    let said = call("disko,install,reboot").run().await;
    assert_eq!(said.status, 0, "{said:?}");
    lab.next_boot(&machine, "hbohlen", "").await;
    let said = lab
        .ssh(&machine, "hbohlen", "lsblk -ndo NAME; hostname")
        .await;
    assert_eq!(said.out, "sda\nsr0\nweb-1\n", "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_others_may_write_count_for_nothing() {
    let lab = Lab::new();
    let machine = rented(&lab, Firmware::Bios, openstack()).await;
    machine.power_on(by_password()).await.unwrap();
    let add = "mkdir -p /root/.ssh; cat > /root/.ssh/authorized_keys; chmod 666 /root/.ssh/authorized_keys";
    let line = format!("{}\n", lab.public);
    let said = lab
        .with_password(machine.spec(), PASSWORD, add, line.as_bytes())
        .await;
    assert_eq!(said.status, 0, "{said:?}");
    assert!(denied(&lab.ssh(&machine, "root", "exit 0").await));
    let mend = "chmod 600 /root/.ssh/authorized_keys; chmod 777 /root/.ssh";
    lab.with_password(machine.spec(), PASSWORD, mend, b"").await;
    assert!(denied(&lab.ssh(&machine, "root", "exit 0").await));
    lab.with_password(machine.spec(), PASSWORD, "chmod 700 /root/.ssh", b"")
        .await;
    assert_eq!(lab.root(&machine, "id -u").await, "0\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_netboot_that_stays_is_booted_by_every_reboot_until_told_otherwise() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Uefi, None).await;
    machine.keep_booting(lab.rescue()).await;
    let mut boot = lab.root(&machine, BOOT).await;
    let mut after = async |machine: &Arc<dyn Machine>| {
        lab.root(machine, "reboot").await;
        boot = lab.next_boot(machine, "root", &boot).await;
        lab.root(machine, "hostname").await
    };
    assert_eq!(after(&machine).await, "rescue\n");
    assert_eq!(after(&machine).await, "rescue\n");
    // it is kept, and what is armed goes first
    let kept = machine.snapshot().await;
    drop(machine);
    let machine = lab.maker.restore(kept).await.unwrap();
    machine.arm(Some(Boot::Disk)).await;
    assert_eq!(after(&machine).await, "web-1\n");
    assert_eq!(after(&machine).await, "rescue\n");
    let loader = r"\efi\debian\grubx64.efi".into();
    machine.keep_booting(Boot::Chain { loader }).await;
    assert_eq!(after(&machine).await, "web-1\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_a_hypervisor_shows_its_disks_and_boots_by_the_path_it_is_told() {
    let lab = Lab::new();
    let platform = Platform {
        board: Board::Metal,
        more_disks_gib: vec![40],
        ..Platform::default()
    };
    let own = "/dev/disk/by-path/pci-0000:00:17.0-ata-1";
    let machine = rented(&lab, Firmware::Uefi, platform).await;
    machine.power_on(lab.rescue()).await.unwrap();
    let look = format!("lsblk -ndo NAME,TRAN; readlink -f {own}; ls /dev/disk/by-id");
    let out = lab.root(&machine, &look).await;
    assert!(
        out.starts_with("loop0\nsda   sata\nsdb   sata\nsr0   sata\n/dev/sda\n"),
        "{out}"
    );
    assert!(out.contains("ata-HGST_HUS726020ALA610_"), "{out}");

    let said = Call::new(&lab, machine.spec())
        .arg("--phases")
        .arg("kexec,disko,install")
        .install(&disko("uefi", own), &system("uefi", own, &lab.public))
        .run()
        .await;
    assert_eq!(said.status, 0, "{said:?}");
    machine.power_off().await.unwrap();
    let stock = r"\efi\debian\grubx64.efi".to_owned();
    machine
        .power_on(Boot::Chain { loader: stock })
        .await
        .unwrap();
    let console = machine.console().await.join("\n");
    assert!(
        console.contains(r"chain \efi\debian\grubx64.efi: No such file"),
        "{console}"
    );
    machine.power_off().await.unwrap();
    let loader = r"\EFI\BOOT\BOOTX64.EFI".to_owned();
    machine.power_on(Boot::Chain { loader }).await.unwrap();
    let said = lab.ssh(&machine, "hbohlen", "hostname").await;
    assert_eq!(said.out, "web-1\n", "{said:?}");
}
