use super::*;
use crate::machine::Firmware;
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
    };
    Inner::new(spec, Latency::default()).impostor()
}

#[tokio::test]
async fn a_command_reboots_its_own_boot_only() {
    let machine = portless();
    let first = machine.boot_id();
    machine.effect(Effect::Reboot, first.clone()).await;
    let second = machine.boot_id();
    assert!(second.is_some() && second != first);
    // the answer of the first boot comes late
    machine.effect(Effect::PowerOff, first).await;
    assert_eq!(machine.boot_id(), second);
    machine.effect(Effect::PowerOff, second).await;
    assert_eq!(machine.boot_id(), None);
}

#[tokio::test]
async fn an_impostor_never_takes_a_port() {
    let machine = portless();
    machine.effect(Effect::Reboot, machine.boot_id()).await;
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
