//! Faults on demand: what a real guest's surroundings can do to it.

use super::command::forward;
use super::inner::{Inner, Live};
use crate::machine::emulated::Emulated;
use crate::machine::{Boot, Faults, Image, MachineError, Maker, SshFault};
use std::sync::Arc;

impl Inner {
    /// How it misbehaves from now on.
    pub(super) async fn misbehave(&self, faults: Faults) -> Result<(), MachineError> {
        if let Some(name) = not_for_guests(&faults) {
            return Err(self.error(format!(
                "the fault {name} cannot be had of a real machine, which runs what is on its \
                 disk: take emulated machines for it"
            )));
        }
        let mut live = self.gate().await;
        let before = std::mem::replace(&mut self.state().faults, faults.clone());
        let wrong = |why: String| self.error(format!("it cannot be made to misbehave: {why}"));
        self.steer(&live).await.map_err(wrong)?;
        if before.ssh != faults.ssh {
            if live.guest.is_some() && faults.ssh.is_none() {
                self.end_other(&mut live).await;
                self.open_port(&live).await.map_err(wrong)?;
            }
            self.answer_as_told(&mut live).await.map_err(wrong)?;
        }
        self.keep().await
    }

    /// While a fault is on the SSH port, the way to the guest is closed and something else
    /// answers there, or nothing.
    pub(super) async fn answer_as_told(&self, live: &mut Live) -> Result<(), String> {
        let fault = self.state().faults.ssh;
        let (Some(fault), true) = (fault, live.guest.is_some()) else {
            return Ok(());
        };
        self.end_other(live).await;
        self.close_port(live).await?;
        if fault != SshFault::Refuse {
            let other = self.other(fault).await.map_err(|error| error.message)?;
            live.other = Some(other);
        }
        Ok(())
    }

    /// What answered in the guest's place does not any more.
    pub(super) async fn end_other(&self, live: &mut Live) {
        if let Some(other) = live.other.take() {
            // an emulated machine can always be switched off
            drop(other.power_off().await);
        }
    }

    /// An emulated machine at the same address that misbehaves in the same way. Where the guest
    /// still has the host key that its user data gave it, this one has the same.
    async fn other(
        &self,
        fault: SshFault,
    ) -> Result<Arc<dyn crate::machine::Machine>, MachineError> {
        let other = Emulated::default().make(self.spec.clone()).await?;
        let written = self.state().written.clone();
        let image = written.map_or_else(plain, |written| written.image);
        other.write_image(image).await?;
        let faults = Faults {
            ssh: Some(fault),
            ..Faults::default()
        };
        other.misbehave(faults).await?;
        other.power_on(Boot::Disk).await?;
        Ok(other)
    }

    async fn close_port(&self, live: &Live) -> Result<(), String> {
        let Some(guest) = &live.guest else {
            return Ok(());
        };
        let from = format!("tcp:{}:{}", self.spec.ipv4, self.spec.ssh_port);
        // one that is closed already is as it should be
        let said = guest
            .qmp
            .say(&format!("hostfwd_remove net0 {from}"))
            .await?;
        if said.contains("removed") || said.contains("not found") {
            Ok(())
        } else {
            Err(format!("the way to its SSH port cannot be closed: {said}"))
        }
    }

    async fn open_port(&self, live: &Live) -> Result<(), String> {
        let Some(guest) = &live.guest else {
            return Ok(());
        };
        let command = format!("hostfwd_add net0 {}", forward(&self.spec));
        match guest.qmp.say(&command).await?.as_str() {
            "" => Ok(()),
            said => Err(format!("the way to its SSH port cannot be opened: {said}")),
        }
    }
}

fn plain() -> Image {
    Image {
        os: "debian".to_owned(),
        version: "13".to_owned(),
        user_data: None,
        authorized_keys: Vec::new(),
        user: None,
    }
}

/// The first fault among them that only an emulated machine can have.
fn not_for_guests(faults: &Faults) -> Option<&'static str> {
    let Faults {
        ssh: _,
        phase_fails,
        phase_hangs,
        failed_units,
        wrong_system,
        dies_booting,
        no_return: _,
        reboot_late_ms,
        kexec_lost,
        boots_old,
        disk_full,
        memory_mib,
        clock_off_s,
        turn,
    } = faults;
    [
        (phase_fails.is_some(), "phase_fails"),
        (phase_hangs.is_some(), "phase_hangs"),
        (!failed_units.is_empty(), "failed_units"),
        (*wrong_system, "wrong_system"),
        (dies_booting.is_some(), "dies_booting"),
        (reboot_late_ms.is_some(), "reboot_late_ms"),
        (*kexec_lost, "kexec_lost"),
        (*boots_old, "boots_old"),
        (*disk_full, "disk_full"),
        (memory_mib.is_some(), "memory_mib"),
        (*clock_off_s != 0, "clock_off_s"),
        (turn.is_some(), "turn"),
    ]
    .into_iter()
    .find_map(|(there, name)| there.then_some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_inside_the_system_are_refused_by_name() {
        let plain = Faults::default;
        for (faults, expected) in [
            (plain(), None),
            (
                Faults {
                    ssh: Some(SshFault::Hang),
                    no_return: true,
                    ..plain()
                },
                None,
            ),
            (
                Faults {
                    phase_fails: Some("disko".into()),
                    ..plain()
                },
                Some("phase_fails"),
            ),
            (
                Faults {
                    failed_units: vec!["a.service".into()],
                    ..plain()
                },
                Some("failed_units"),
            ),
            (
                Faults {
                    wrong_system: true,
                    reboot_late_ms: Some(1),
                    ..plain()
                },
                Some("wrong_system"),
            ),
            (
                Faults {
                    reboot_late_ms: Some(1),
                    ..plain()
                },
                Some("reboot_late_ms"),
            ),
            (
                Faults {
                    clock_off_s: -1,
                    ..plain()
                },
                Some("clock_off_s"),
            ),
        ] {
            assert_eq!(not_for_guests(&faults), expected, "{faults:?}");
        }
    }
}
