//! Systems that were told from inside to go down answer for a moment before they are gone.

// for the lints: what a test calls is a test too
#[cfg(test)]
mod lab;

use lab::Lab;
use provision_sandbox::machine::{Boot, Faults, Firmware, Maker};

const BOOT: &str = "cat /proc/sys/kernel/random/boot_id";

/// Goes down in an hour, which no test waits for.
fn late() -> Faults {
    Faults {
        reboot_late_ms: Some(3_600_000),
        ..Faults::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_logins_still_meet_the_old_system_whatever_ends_it() {
    let lab = Lab::new();
    for order in [
        "systemctl reboot",
        "systemctl --no-block reboot",
        "reboot",
        "sudo shutdown -r now",
        "poweroff",
        "systemctl poweroff",
        "stand-in kexec",
        "stand-in reboot",
    ] {
        let machine = lab.stock(Firmware::Bios, None).await;
        machine.misbehave(late()).await.unwrap();
        let key = lab.host_key(&machine).await;
        let boot = lab.root(&machine, BOOT).await;
        lab.root(&machine, order).await;
        assert_eq!(lab.host_key(&machine).await, key, "{order}");
        assert_eq!(lab.root(&machine, BOOT).await, boot, "{order}");
        assert_eq!(lab.root(&machine, "hostname").await, "web-1\n", "{order}");
        assert!(machine.is_on().await, "{order}");

        // nothing of it outlives the power
        machine.power_off().await.unwrap();
        machine.power_on(Boot::Disk).await.unwrap();
        let next = lab.root(&machine, BOOT).await;
        assert_ne!(next, boot, "{order}");
        assert_eq!(lab.root(&machine, BOOT).await, next, "{order}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_late_goes_down_all_the_same_and_ends_its_connections() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    let faults = Faults {
        reboot_late_ms: Some(2000),
        ..Faults::default()
    };
    machine.misbehave(faults).await.unwrap();
    let boot = lab.root(&machine, BOOT).await;
    let socket = format!("ControlPath={}", lab.path("mux").display());
    let options = [socket.as_str(), "ControlMaster=auto", "ControlPersist=60"];
    let said = lab
        .ssh_with(&machine, "root", "reboot", &options, b"")
        .await;
    assert_eq!(said.status, 0, "{said:?}");
    let next = lab.next_boot(&machine, "root", &boot).await;
    assert_ne!(next, boot);
    // the connection that asked has ended with the system; a new one is made
    let said = lab.ssh_with(&machine, "root", BOOT, &options, b"").await;
    assert_eq!(said.out, next, "{said:?}");
    let mut command = lab.client(machine.spec(), "root", &options);
    command.args(["-O", "exit"]);
    lab::run(command, b"").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_healed_is_late_no_longer() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    machine.misbehave(late()).await.unwrap();
    let boot = lab.root(&machine, BOOT).await;
    lab.root(&machine, "reboot").await;
    assert_eq!(lab.root(&machine, BOOT).await, boot);
    machine.misbehave(Faults::default()).await.unwrap();
    assert_ne!(lab.next_boot(&machine, "root", &boot).await, boot);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_going_down_when_it_was_kept_is_gone_when_it_is_taken_up() {
    let lab = Lab::new();
    let kept = async |order: &str| {
        let machine = lab.stock(Firmware::Bios, None).await;
        machine.misbehave(late()).await.unwrap();
        let boot = lab.root(&machine, BOOT).await;
        lab.root(&machine, order).await;
        let kept = machine.snapshot().await;
        drop(machine);
        (lab.maker.restore(kept).await.unwrap(), boot)
    };
    let (machine, boot) = kept("systemctl reboot").await;
    assert_ne!(lab.root(&machine, BOOT).await, boot);
    let (machine, boot) = kept("stand-in kexec").await;
    assert_ne!(lab.root(&machine, BOOT).await, boot);
    assert_eq!(lab.root(&machine, "hostname").await, "nixos-installer\n");
    let (machine, _) = kept("poweroff").await;
    assert!(!machine.is_on().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_armed_is_booted_once_by_a_reboot_and_never_by_kexec() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    assert!(!machine.armed().await);
    let mut boot = lab.root(&machine, BOOT).await;
    let mut after = async |order: &str| {
        lab.root(&machine, order).await;
        boot = lab.next_boot(&machine, "root", &boot).await;
        lab.root(&machine, "hostname").await
    };
    machine.arm(Some(lab.rescue())).await;
    assert_eq!(after("stand-in kexec").await, "nixos-installer\n");
    assert!(machine.armed().await);
    assert_eq!(after("stand-in reboot").await, "rescue\n");
    assert!(!machine.armed().await);
    assert_eq!(after("reboot").await, "web-1\n");

    machine.arm(Some(lab.rescue())).await;
    machine.arm(None).await;
    assert_eq!(after("shutdown -r now").await, "web-1\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_armed_is_kept() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    machine.arm(Some(lab.rescue())).await;
    let kept = machine.snapshot().await;
    drop(machine);
    let machine = lab.maker.restore(kept).await.unwrap();
    assert!(machine.armed().await);
    let boot = lab.root(&machine, BOOT).await;
    lab.root(&machine, "reboot").await;
    lab.next_boot(&machine, "root", &boot).await;
    assert_eq!(lab.root(&machine, "hostname").await, "rescue\n");
}
