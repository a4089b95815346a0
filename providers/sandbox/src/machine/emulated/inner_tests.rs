use super::super::shell::Effect;
use super::*;
use crate::machine::{Firmware, Platform};
use std::net::Ipv4Addr;

fn portless() -> Arc<Inner> {
    let spec = Spec {
        id: "m".into(),
        hostname: "web-1".into(),
        ipv4: Ipv4Addr::new(127, 9, 9, 9),
        ipv6: "2001:db8::1".into(),
        ssh_port: 22022,
        arch: "x86_64".into(),
        firmware: Firmware::Bios,
        memory_mib: 2048,
        disk_gib: 20,
        platform: Platform::default(),
    };
    Inner::new(spec, Latency::default()).impostor()
}

/// Does what a command asked for, and waits until it is done; whether it was begun.
async fn effect(machine: &Arc<Inner>, effect: Effect, boot: Option<String>) -> bool {
    let told = CancellationToken::new();
    told.cancel();
    let before = machine.boot_id();
    let Some(going) = machine.leave(effect, boot, told).await else {
        return false;
    };
    assert_eq!(machine.boot_id(), before, "it does not go at once");
    going.await.unwrap();
    true
}

#[tokio::test]
async fn a_command_reboots_its_own_boot_only() {
    let machine = portless();
    let first = machine.boot_id();
    assert!(effect(&machine, Effect::Reboot, first.clone()).await);
    let second = machine.boot_id();
    assert!(second.is_some() && second != first);
    // the answer of the first boot comes late
    assert!(!effect(&machine, Effect::PowerOff, first).await);
    assert!(!effect(&machine, Effect::PowerOff, None).await);
    assert_eq!(machine.boot_id(), second);
    assert!(effect(&machine, Effect::PowerOff, second).await);
    assert_eq!(machine.boot_id(), None);
}

#[tokio::test]
async fn a_system_goes_down_once_and_not_at_all_when_the_plug_is_pulled() {
    let machine = portless();
    let told = CancellationToken::new;
    let first = machine.boot_id();
    let going = machine.leave(Effect::Reboot, first.clone(), told()).await;
    let again = machine.leave(Effect::PowerOff, first, told()).await;
    assert!(again.is_none(), "it goes down already");
    machine.power_off().await;
    machine.power_on(&Boot::Disk).await.unwrap();
    let second = machine.boot_id();
    going.unwrap().await.unwrap();
    assert_eq!(machine.boot_id(), second);
}

#[tokio::test]
async fn an_impostor_never_takes_a_port() {
    let machine = portless();
    assert!(effect(&machine, Effect::Reboot, machine.boot_id()).await);
    assert!(machine.gate().await.port.is_none());
    assert!(machine.state().running.as_ref().is_some_and(|r| r.up));
}

#[test]
fn volumes_take_the_first_free_unit_and_keep_what_is_on_them() {
    let machine = portless();
    machine.attach("1", 10, false).unwrap();
    machine.attach("2", 10, false).unwrap();
    assert!(machine.attach("1", 10, false).is_err());
    machine.state().disks[1].wipe();
    machine.detach("1").unwrap();
    assert!(machine.detach("1").is_err());
    machine.attach("3", 10, false).unwrap();
    machine.attach("1", 10, false).unwrap();
    let state = machine.state();
    let units: Vec<_> = state
        .disks
        .iter()
        .map(|d| {
            (
                d.volume.as_deref().unwrap_or("own"),
                d.lun,
                d.bare.is_some(),
            )
        })
        .collect();
    assert_eq!(
        units,
        [
            ("own", 0, false),
            ("2", 2, true),
            ("3", 1, true),
            ("1", 3, false)
        ]
    );
}
