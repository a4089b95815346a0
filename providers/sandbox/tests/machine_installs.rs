//! From the stock image to an installed system, with the stand-in as a child process.

// for the lints: what a test calls is a test too
#[cfg(test)]
mod lab;

use lab::Lab;
use lab::install::{Call, OWN, SYSTEM, be_the_program, disko, system};
use provision_sandbox::machine::{Boot, Firmware, Machine};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

/// Not a test but the program itself, when [`Call`] starts this binary again.
#[test]
fn the_stand_in_as_a_program() {
    be_the_program();
}

async fn boot_id(lab: &Lab, machine: &Arc<dyn Machine>) -> String {
    lab.root(machine, "cat /proc/sys/kernel/random/boot_id")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layout_boots_where_the_firmware_can_boot_it() {
    let table = [
        (Firmware::Bios, "bios", None),
        (Firmware::Bios, "hybrid", None),
        (Firmware::Bios, "uefi", Some("holds no BIOS boot code")),
        (Firmware::Uefi, "uefi", None),
        (Firmware::Uefi, "hybrid", None),
        (Firmware::Uefi, "bios", Some("no EFI system partition")),
    ];
    for (firmware, layout, dead) in table {
        let lab = Lab::new();
        let machine = lab.stock(firmware, None).await;
        let before = boot_id(&lab, &machine).await;
        let said = Call::new(&lab, machine.spec())
            .install(&disko(layout, OWN), &system(layout, OWN, &lab.public))
            .run()
            .await;
        assert_eq!(said.status, 0, "{firmware:?} {layout}: {said:?}");
        assert!(said.out.contains("### Done! ###"), "{said:?}");
        assert!(machine.is_on().await);
        if let Some(why) = dead {
            let said = lab.ssh(&machine, "hbohlen", "exit 0").await;
            assert!(
                said.err.contains("Connection refused"),
                "{layout}: {said:?}"
            );
            let console = machine.console().await.join("\n");
            assert!(console.contains(why), "{layout}: {console}");
        } else {
            let after = lab.next_boot(&machine, "hbohlen", &before).await;
            assert_ne!(after, before);
            let said = lab
                .ssh(&machine, "hbohlen", "readlink -f /run/current-system")
                .await;
            assert_eq!(said.out.trim(), SYSTEM, "{layout}: {said:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_steps_and_calls_are_those_of_the_real_program() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    let said = Call::new(&lab, machine.spec())
        .recorded()
        .arg("--extra-files")
        .arg(lab.folder.path().join("bin").display().to_string())
        .install(&disko("bios", OWN), &system("bios", OWN, &lab.public))
        .run()
        .await;
    assert_eq!(said.status, 0, "{said:?}");
    let lines: Vec<&str> = said
        .out
        .lines()
        .skip_while(|l| !l.starts_with("stand-in"))
        .collect();
    assert!(
        lines[0].starts_with("stand-in for nixos-anywhere"),
        "{lines:?}"
    );
    let steps: Vec<&str> = lines.into_iter().filter(|l| l.starts_with("###")).collect();
    assert_eq!(
        steps,
        [
            "### Uploading install SSH keys ###",
            "### Gathering machine facts ###",
            "### Switching system into kexec ###",
            "### Gathering machine facts ###",
            "### Formatting hard drive with disko ###",
            "### Uploading the system closure ###",
            "### Copying extra files ###",
            "### Installing NixOS ###",
            "### Rebooting ###",
            "### Waiting for the machine to become unreachable due to reboot ###",
            "### Done! ###",
        ]
    );
    let calls = std::fs::read_to_string(lab.path("calls")).unwrap();
    let shared = format!(
        "-o IdentitiesOnly=yes -i {} -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -p 22022 ",
        lab.path("key").display()
    );
    for call in calls.lines() {
        assert!(call.contains(&shared), "{call}");
        assert!(
            call.contains(&format!("root@{}", machine.spec().ipv4)),
            "{call}"
        );
    }
    assert!(calls.lines().any(|c| c.contains(" -G ")), "{calls}");
}

#[tokio::test(flavor = "multi_thread")]
async fn extra_files_keep_their_modes_and_the_owner_s_key_answers() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Uefi, None).await;
    let extra = lab.path("extra");
    std::fs::create_dir_all(extra.join("etc/ssh")).unwrap();
    std::fs::create_dir_all(extra.join("home/hbohlen")).unwrap();
    let public = lab::keygen(&extra.join("etc/ssh/ssh_host_ed25519_key"), "web-1");
    std::fs::write(extra.join("home/hbohlen/note"), "hello").unwrap();
    std::fs::write(extra.join("etc/secret"), "root's").unwrap();
    let mode = |path: &str, mode| {
        std::fs::set_permissions(extra.join(path), PermissionsExt::from_mode(mode)).unwrap();
    };
    mode("etc/secret", 0o600);
    mode("home/hbohlen/note", 0o640);
    let before = boot_id(&lab, &machine).await;
    // phase by phase, as provision does it
    let call = |phases: &str| {
        Call::new(&lab, machine.spec())
            .arg("--phases")
            .arg(phases)
            .arg("--extra-files")
            .arg(extra.display().to_string())
            .arg("--chown")
            .arg("/home/hbohlen")
            .arg("hbohlen:100")
            .install(&disko("hybrid", OWN), &system("hybrid", OWN, &lab.public))
    };
    assert_eq!(call("kexec").run().await.status, 0);
    let os = lab.root(&machine, "cat /etc/os-release; hostname").await;
    assert!(os.contains("VARIANT_ID=installer"), "{os}");
    assert_eq!(call("disko,install").run().await.status, 0);
    lab.root(
        &machine,
        "test -e /mnt/etc/secret && systemctl --no-block reboot",
    )
    .await;
    lab.next_boot(&machine, "hbohlen", &before).await;

    let key: Vec<&str> = public.split_whitespace().take(2).collect();
    assert_eq!(lab.host_key(&machine).await, key.join(" "));
    let said = lab
        .ssh(
            &machine,
            "hbohlen",
            "stat -c '%a %u %g' /etc/secret /home/hbohlen/note; cat /home/hbohlen/note; cat /etc/secret; sudo cat /etc/secret",
        )
        .await;
    assert_eq!(said.out, "600 0 0\n640 1000 100\nhelloroot's", "{said:?}");
    assert!(
        said.err.contains("/etc/secret: Permission denied"),
        "{said:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_described_users_are_let_in_and_only_wheel_becomes_root() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    let said = Call::new(&lab, machine.spec())
        .install(&disko("bios", OWN), &system("bios", OWN, &lab.public))
        .run()
        .await;
    assert_eq!(said.status, 0, "{said:?}");
    lab.next_boot(&machine, "hbohlen", "").await;
    let said = lab.ssh(&machine, "root", "exit 0").await;
    assert!(
        said.err.contains("Permission denied (publickey)"),
        "{said:?}"
    );
    let said = lab.ssh(&machine, "hbohlen", "sudo -n id -u; id -un").await;
    assert_eq!(said.out, "0\nhbohlen\n", "{said:?}");
    let said = lab.ssh(&machine, "guest", "sudo -n id -u").await;
    assert_eq!((said.status, said.out.as_str()), (1, ""), "{said:?}");
    assert!(said.err.contains("a password is required"), "{said:?}");
    let said = lab
        .ssh(
            &machine,
            "hbohlen",
            "systemctl is-system-running; nixos-version; systemctl reboot",
        )
        .await;
    assert!(said.out.starts_with("running\n25.11"), "{said:?}");
    assert!(said.err.contains("authentication required"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wrong_disk_is_wiped_and_the_stock_image_comes_back() {
    let lab = Lab::new();
    let machine = lab.machine(Firmware::Bios).await;
    machine.write_image(lab.image(None)).await.unwrap();
    machine.attach_volume("4711", 10, true).await.unwrap();
    machine.power_on(Boot::Disk).await.unwrap();
    let kind = "lsblk -dno FSTYPE /dev/disk/by-id/scsi-0HC_Volume_4711";
    assert_eq!(lab.root(&machine, kind).await.trim(), "ext4");
    let before = boot_id(&lab, &machine).await;
    let said = Call::new(&lab, machine.spec())
        .install(
            &disko("bios", "/dev/sda"),
            &system("bios", "/dev/sda", &lab.public),
        )
        .run()
        .await;
    assert_eq!(said.status, 0, "{said:?}");
    lab.next_boot(&machine, "root", &before).await;
    let out = lab
        .root(
            &machine,
            "cat /etc/os-release; lsblk -ndo PTTYPE,FSTYPE /dev/sda",
        )
        .await;
    assert!(out.contains("ID=debian"), "{out}");
    assert!(out.ends_with("gpt\n"), "{out}");

    // the names are the kernel's: without the volume, the own disk is the first again
    machine.power_off().await.unwrap();
    machine.detach_volume("4711").await.unwrap();
    machine.power_on(Boot::Disk).await.unwrap();
    let out = lab.root(&machine, "lsblk -ndo NAME").await;
    assert_eq!(out, "sda\nsr0\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_installed_fails_as_it_really_does() {
    let lab = Lab::new();
    let mut arm = system("bios", OWN, &lab.public);
    arm["arch"] = "aarch64".into();
    let mut huge = disko("bios", OWN);
    huge["disks"][0]["partitions"][1]["size"] = "99G".into();
    let table = [
        (disko("bios", OWN), arm, "Exec format error"),
        (
            disko("bios", "/dev/sdz"),
            system("bios", OWN, &lab.public),
            "The specified file does not exist!",
        ),
        (
            disko("uefi", OWN),
            system("hybrid", OWN, &lab.public),
            "no BIOS Boot Partition",
        ),
        (
            disko("bios", OWN),
            system("hybrid", OWN, &lab.public),
            "doesn't look like an EFI partition",
        ),
        (
            disko("bios", OWN),
            system("bios", "/dev/sdz", &lab.public),
            "cannot find a GRUB drive for /dev/sdz",
        ),
        (
            huge,
            system("bios", OWN, &lab.public),
            "the disk is too small",
        ),
    ];
    for (disko, system, expected) in table {
        let machine = lab.stock(Firmware::Bios, None).await;
        let said = Call::new(&lab, machine.spec())
            .install(&disko, &system)
            .run()
            .await;
        assert_eq!(said.status, 1, "{expected}: {said:?}");
        assert!(said.err.contains(expected), "{expected}: {said:?}");
        assert!(!said.out.contains("### Done!"), "{said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn phases_out_of_order_and_little_memory_are_refused() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    let (disko, system) = (disko("bios", OWN), system("bios", OWN, &lab.public));
    let call = |phases: &str| {
        Call::new(&lab, machine.spec())
            .arg("--phases")
            .arg(phases)
            .install(&disko, &system)
    };
    let said = call("disko").run().await;
    assert!(said.err.contains("run the phase kexec first"), "{said:?}");
    assert_eq!(call("kexec").run().await.status, 0);
    let said = call("install").run().await;
    assert!(said.err.contains("run the phase disko first"), "{said:?}");
    let said = call("kexec").run().await;
    assert_eq!(said.status, 0);
    assert!(
        !said.out.contains("Switching system into kexec"),
        "{said:?}"
    );

    let mut spec = lab::spec(Firmware::Bios);
    spec.memory_mib = 512;
    let small = lab::make(&lab, spec).await;
    let said = Call::new(&lab, small.spec())
        .install(&disko, &system)
        .run()
        .await;
    assert_eq!(said.status, 1, "{said:?}");
    assert!(said.err.contains("out of memory"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn flakes_encryption_keys_and_copied_host_keys_work() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    let key = lab.host_key(&machine).await;
    let folder = lab.path("flake/.stand-in/web-1");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("disko.json"), disko("bios", OWN).to_string()).unwrap();
    let described = system("bios", OWN, &lab.public).to_string();
    std::fs::write(folder.join("system.json"), described).unwrap();
    std::fs::write(lab.path("luks"), "correct horse").unwrap();
    let call = |phases: &str| {
        Call::new(&lab, machine.spec())
            .arg("--flake")
            .arg(format!("{}#web-1", lab.path("flake").display()))
            .arg("--phases")
            .arg(phases)
            .arg("--copy-host-keys")
            .arg("--disk-encryption-keys")
            .arg("/tmp/secrets/luks.key")
            .arg(lab.path("luks").display().to_string())
    };
    let said = call("kexec,disko,install").run().await;
    assert_eq!(said.status, 0, "{said:?}");
    let out = lab
        .root(&machine, "cat /tmp/secrets/luks.key; stat -c ' %a' /tmp/secrets/luks.key; findmnt -n -o TARGET,FSTYPE /mnt")
        .await;
    assert_eq!(out, "correct horse 600\n/mnt btrfs\n");
    assert_eq!(call("reboot").run().await.status, 0);
    lab.next_boot(&machine, "hbohlen", "").await;
    assert_eq!(lab.host_key(&machine).await, key);
}
