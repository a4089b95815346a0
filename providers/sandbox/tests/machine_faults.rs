//! Faults on demand, and machines that are kept and taken up again.

// for the lints: what a test calls is a test too
#[cfg(test)]
mod lab;

use lab::install::{Call, OWN, SYSTEM, be_the_program, disko, system};
use lab::{Lab, PATIENCE};
use provision_sandbox::machine::emulated::{Emulated, EmulatedOptions, Latency};
use provision_sandbox::machine::{Boot, Faults, Firmware, Machine, Maker, Moment, SshFault, Turn};
use std::sync::Arc;
use std::time::Duration;

/// Not a test but the program itself, when [`Call`] starts this binary again.
#[test]
fn the_stand_in_as_a_program() {
    be_the_program();
}

fn ssh_fault(fault: SshFault) -> Faults {
    Faults {
        ssh: Some(fault),
        ..Faults::default()
    }
}

/// The whole installation for a BIOS machine.
fn whole<'a>(lab: &'a Lab, machine: &Arc<dyn Machine>) -> Call<'a> {
    Call::new(lab, machine.spec()).install(&disko("bios", OWN), &system("bios", OWN, &lab.public))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ssh_port_misbehaves_as_told_and_recovers() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    let key = lab.host_key(&machine).await;
    let table = [
        (SshFault::Refuse, "Connection refused"),
        (SshFault::Hang, "timed out"),
        (SshFault::Close, "closed by"),
        (SshFault::Password, "Permission denied (password)"),
        (SshFault::NoKey, "Permission denied (publickey)"),
        (SshFault::TurnedAway, "closed by"),
        (SshFault::HangCommand, "not responding"),
        (SshFault::Cut, "closed"),
        (SshFault::CutAfter, "closed"),
    ];
    for (fault, expected) in table {
        machine.misbehave(ssh_fault(fault)).await.unwrap();
        let said = lab
            .ssh_with(
                &machine,
                "root",
                "exit 0",
                &[
                    "ConnectTimeout=2",
                    "LogLevel=INFO",
                    "ServerAliveInterval=1",
                    "ServerAliveCountMax=1",
                ],
                b"",
            )
            .await;
        assert_eq!(said.status, 255, "{fault:?}: {said:?}");
        assert!(said.err.contains(expected), "{fault:?}: {said:?}");
    }
    machine.misbehave(Faults::default()).await.unwrap();
    assert_eq!(lab.host_key(&machine).await, key);
    lab.root(&machine, "true").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_impostor_has_another_key_takes_everyone_and_touches_nothing() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    let key = lab.host_key(&machine).await;
    let id = lab
        .root(&machine, "cat /proc/sys/kernel/random/boot_id")
        .await;
    machine
        .misbehave(ssh_fault(SshFault::Impostor))
        .await
        .unwrap();
    assert_ne!(lab.host_key(&machine).await, key);
    let said = lab.ssh(&machine, "nobody", "id -un; sudo reboot").await;
    assert_eq!(
        (said.status, said.out.as_str()),
        (0, "nobody\n"),
        "{said:?}"
    );
    machine.misbehave(Faults::default()).await.unwrap();
    let out = lab
        .root(&machine, "cat /proc/sys/kernel/random/boot_id")
        .await;
    assert_eq!(out, id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phase_fails_or_hangs_and_works_once_the_fault_is_gone() {
    let lab = Lab::new();
    for phase in ["kexec", "disko", "install"] {
        let machine = lab.stock(Firmware::Bios, None).await;
        let faults = Faults {
            phase_fails: Some(phase.into()),
            ..Faults::default()
        };
        machine.misbehave(faults).await.unwrap();
        let said = whole(&lab, &machine).run().await;
        assert_eq!(said.status, 1, "{phase}: {said:?}");
        let message = format!("the phase {phase} fails");
        assert!(said.err.contains(&message), "{phase}: {said:?}");

        let faults = Faults {
            phase_hangs: Some(phase.into()),
            ..Faults::default()
        };
        machine.misbehave(faults).await.unwrap();
        let mut hanging = whole(&lab, &machine).command();
        hanging.kill_on_drop(true);
        let waited = tokio::time::timeout(Duration::from_secs(3), hanging.status()).await;
        assert!(waited.is_err(), "{phase}: {waited:?}");

        machine.misbehave(Faults::default()).await.unwrap();
        let said = whole(&lab, &machine).run().await;
        assert_eq!(said.status, 0, "{phase}: {said:?}");
        lab.next_boot(&machine, "hbohlen", "").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installed_system_comes_up_wrong() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    let faults = Faults {
        failed_units: vec!["nginx".into(), "home.mount".into()],
        wrong_system: true,
        ..Faults::default()
    };
    machine.misbehave(faults).await.unwrap();
    let healthy = lab
        .ssh(&machine, "root", "systemctl is-system-running")
        .await;
    assert_eq!(healthy.out, "running\n", "only what is installed is ill");
    let said = whole(&lab, &machine).run().await;
    assert_eq!(said.status, 0, "{said:?}");
    lab.next_boot(&machine, "hbohlen", "").await;
    let said = lab
        .ssh(
            &machine,
            "hbohlen",
            "systemctl is-system-running; systemctl list-units --failed --plain --no-legend; readlink -f /run/current-system; readlink -f /nix/var/nix/profiles/system",
        )
        .await;
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines[0], "degraded", "{said:?}");
    assert!(
        lines[1].starts_with("nginx.service loaded failed"),
        "{said:?}"
    );
    assert!(lines[2].starts_with("home.mount loaded failed"), "{said:?}");
    assert_ne!(lines[3], SYSTEM);
    assert!(
        lines[3].ends_with("-nixos-system-web-1-stand-in"),
        "{said:?}"
    );
    assert_eq!(lines[4], SYSTEM);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_shall_not_return_goes_down_and_stays_silent() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    let faults = Faults {
        no_return: true,
        ..Faults::default()
    };
    machine.misbehave(faults).await.unwrap();
    // kexec is no reboot: the machine is still there for the installation
    let said = whole(&lab, &machine).run().await;
    assert_eq!(said.status, 0, "{said:?}");
    let silent = || async {
        let said = lab.ssh(&machine, "hbohlen", "exit 0").await;
        assert!(said.err.contains("Connection refused"), "{said:?}");
    };
    silent().await;
    assert!(machine.is_on().await);
    machine.power_off().await.unwrap();
    machine.power_on(Boot::Disk).await.unwrap();
    silent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_machine_goes_on_where_it_was() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    machine.attach_volume("7", 10, false).await.unwrap();
    let call = |machine: &Arc<dyn Machine>, phases: &str| {
        whole(&lab, machine)
            .arg("--phases")
            .arg(phases)
            .arg("--copy-host-keys")
    };
    assert_eq!(call(&machine, "kexec,disko").run().await.status, 0);
    let script = "cat /proc/sys/kernel/random/boot_id; lsblk --json -o NAME,UUID,PARTUUID,MOUNTPOINTS,SERIAL; findmnt -n /mnt";
    let seen = lab.root(&machine, script).await;
    let key = lab.host_key(&machine).await;
    let kept = machine.snapshot().await;
    drop(machine);

    let text = kept.to_string();
    let machine = lab
        .maker
        .restore(serde_json::from_str(&text).unwrap())
        .await
        .unwrap();
    assert!(machine.is_on().await);
    assert_eq!(lab.root(&machine, script).await, seen);
    assert_eq!(lab.host_key(&machine).await, key);
    assert_eq!(machine.snapshot().await, kept);

    assert_eq!(call(&machine, "install,reboot").run().await.status, 0);
    lab.next_boot(&machine, "hbohlen", "").await;
    machine.power_off().await.unwrap();
    let kept = machine.snapshot().await;
    drop(machine);
    let machine = lab.maker.restore(kept).await.unwrap();
    assert!(!machine.is_on().await);
    machine.power_on(Boot::Disk).await.unwrap();
    assert_eq!(lab.host_key(&machine).await, key);
    let shown = format!("{machine:?} {:?}", lab.image(Some("very secret".into())));
    assert!(
        !shown.contains("PRIVATE KEY") && !shown.contains("very secret"),
        "{shown}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn before_a_boot_is_done_connections_are_refused() {
    let hour = Duration::from_secs(3600);
    let latency = Latency {
        stock: hour,
        ..Latency::default()
    };
    let lab = Lab::with(EmulatedOptions { latency });
    let machine = lab.stock(Firmware::Bios, None).await;
    let said = lab.ssh(&machine, "root", "exit 0").await;
    assert!(said.err.contains("Connection refused"), "{said:?}");
    assert!(machine.is_on().await);

    // a boot that was under way when the world was kept is done when it is taken up
    let kept = machine.snapshot().await;
    drop(machine);
    let machine = Emulated::default().restore(kept).await.unwrap();
    lab.root(&machine, "true").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_an_error_and_a_dropped_machine_frees_its_own() {
    let lab = Lab::new();
    let spec = lab::spec(Firmware::Bios);
    let first = lab::make(&lab, spec.clone()).await;
    let second = lab.maker.make(spec).await.unwrap();
    second.write_image(lab.image(None)).await.unwrap();
    let error = second.power_on(Boot::Disk).await.unwrap_err().to_string();
    assert!(error.contains("cannot be had"), "{error}");
    assert!(!second.is_on().await);
    drop(first);
    let freed = async {
        while second.power_on(Boot::Disk).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, freed).await.expect("freed");
    lab.root(&second, "true").await;

    let error = second.write_image(lab.image(None)).await.unwrap_err();
    assert!(error.to_string().contains("it is on"), "{error}");
    let error = lab
        .maker
        .restore(serde_json::json!({"schema": 9, "secret": "x"}))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("cannot be read"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_comes_with_a_command_and_hits_it_and_what_follows() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    let at = |words: &str, ssh: SshFault| Faults {
        turn: Some(Box::new(Turn {
            when: Moment {
                system: None,
                command: Some(words.to_owned()),
            },
            faults: ssh_fault(ssh),
        })),
        ..Faults::default()
    };
    // its work is done, and nobody is told
    machine
        .misbehave(at("touch", SshFault::CutAfter))
        .await
        .unwrap();
    lab.root(&machine, "true").await;
    let said = lab.ssh(&machine, "root", "echo x > /root/touched").await;
    assert_eq!(said.status, 255, "{said:?}");
    assert_eq!(lab.ssh(&machine, "root", "true").await.status, 255);
    machine.misbehave(Faults::default()).await.unwrap();
    assert_eq!(lab.root(&machine, "cat /root/touched").await, "x\n");
    // cut in its middle it does nothing
    machine.misbehave(at("more", SshFault::Cut)).await.unwrap();
    let said = lab.ssh(&machine, "root", "echo more > /root/touched").await;
    assert_eq!(said.status, 255, "{said:?}");
    machine.misbehave(Faults::default()).await.unwrap();
    assert_eq!(lab.root(&machine, "cat /root/touched").await, "x\n");
    // a port that is closed lets the command that closed it end
    machine
        .misbehave(at("last", SshFault::Refuse))
        .await
        .unwrap();
    assert_eq!(lab.root(&machine, "echo last").await, "last\n");
    assert_eq!(lab.ssh(&machine, "root", "true").await.status, 255);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_ends_with_who_reads_it() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    for (fault, has_lines) in [(SshFault::Flood, true), (SshFault::FloodLine, false)] {
        machine.misbehave(ssh_fault(fault)).await.unwrap();
        let mut client = lab.client(machine.spec(), "root", &[]);
        client.arg("true").stdout(std::process::Stdio::piped());
        let mut child = client.kill_on_drop(true).spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        let mut much = vec![0; 1024 * 1024];
        let reading = tokio::io::AsyncReadExt::read_exact(&mut out, &mut much);
        tokio::time::timeout(PATIENCE, reading)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(much.contains(&b'\n'), has_lines, "{fault:?}");
        child.kill().await.unwrap();
        machine.misbehave(Faults::default()).await.unwrap();
        lab.root(&machine, "true").await;
    }
}
