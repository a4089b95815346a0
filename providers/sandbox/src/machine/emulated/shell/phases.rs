//! `stand-in PHASE`: what the stand-in for nixos-anywhere asks of a machine.

use super::{Effect, Shell};
use crate::machine::emulated::state::Kind;
use crate::machine::emulated::{disko, install, parcel};
use std::time::Duration;

/// Below this much memory, in MiB, the installer's image does not fit beside what runs.
const KEXEC_MEMORY: u64 = 1000;

impl Shell {
    /// `stand-in facts|kexec|disko|install|reboot`; all but the facts are for root.
    pub(super) async fn stand_in(&mut self, args: &[String]) -> u8 {
        let words: Vec<&str> = args.iter().map(String::as_str).collect();
        if words == ["facts"] {
            return self.facts();
        }
        if self.who.uid != 0 {
            self.say(2, "stand-in: this needs root\n");
            return 1;
        }
        let done = match words.as_slice() {
            ["kexec"] => self.kexec().await,
            ["disko"] => self.disko().await,
            ["install"] => self.install(false).await,
            ["install", "--copy-host-keys"] => self.install(true).await,
            ["reboot"] => {
                self.after = Some(Effect::Reboot);
                Ok(())
            }
            _ => Err("usage: stand-in facts|kexec|disko|install|reboot".to_owned()),
        };
        match done {
            Ok(()) => 0,
            Err(why) => {
                self.say(2, &format!("{why}\n"));
                1
            }
        }
    }

    /// What the real program asks with a script of its own.
    fn facts(&mut self) -> u8 {
        let yes = |yes: bool| if yes { "y" } else { "n" };
        let (arch, kind) = {
            let state = self.machine.state();
            let kind = state.running.as_ref().map(|r| r.kind.clone());
            (self.machine.spec.arch.clone(), kind)
        };
        let installer = kind == Some(Kind::Installer);
        let nixos = kind.is_some_and(|k| k.is_nixos());
        let text = format!(
            "isOs=Linux\nisArch={arch}\nisNixos={}\nisInstaller={}\nisRoot={}\nhasSudo=y\n",
            yes(nixos),
            yes(installer),
            yes(self.who.uid == 0)
        );
        self.say(1, &text);
        0
    }

    async fn kexec(&mut self) -> Result<(), String> {
        self.say(1, "Downloading kexec tarball, this may take a moment...\n");
        self.faults("kexec").await?;
        self.has_room("tar: kexec/bzImage: Cannot write")?;
        let memory = {
            let state = self.machine.state();
            state.memory_mib(&self.machine.spec)
        };
        if memory < KEXEC_MEMORY {
            self.machine
                .state()
                .say("Out of memory: Killed process 812 (kexec)");
            return Err(format!(
                "kexec: Cannot allocate memory: out of memory with {memory} MiB, of which kexec needs {KEXEC_MEMORY}"
            ));
        }
        self.say(1, "machine will boot into nixos in 6s...\n");
        self.after = Some(Effect::Kexec {
            asked_by: self.login.name.clone(),
        });
        Ok(())
    }

    async fn disko(&mut self) -> Result<(), String> {
        self.must_be_installer("disko")?;
        let layout = disko::read(&self.read_all().await)?;
        // as with the real script, the disks are empty from the first moment on
        let destroyed = {
            let mut state = self.machine.state();
            disko::destroy(&mut state, &self.machine.spec, &layout)
        };
        destroyed?;
        self.faults("disko").await?;
        self.takes(self.machine.latency.disko).await;
        let lines = {
            let mut state = self.machine.state();
            disko::create(&mut state, &self.machine.spec, &layout)
        }?;
        self.say(1, &lines);
        Ok(())
    }

    async fn install(&mut self, copy_host_keys: bool) -> Result<(), String> {
        self.must_be_installer("install")?;
        let mut given = parcel::unpack(&self.read_all().await)?;
        given.copy_host_keys = copy_host_keys;
        self.faults("install").await?;
        self.has_room("error: writing to file '/mnt/nix/store/.tmp'")?;
        self.takes(self.machine.latency.install).await;
        let lines = {
            let mut state = self.machine.state();
            install::install(&mut state, &self.machine.spec, given)
        }?;
        self.say(1, &lines);
        Ok(())
    }

    fn must_be_installer(&self, phase: &str) -> Result<(), String> {
        let state = self.machine.state();
        let kind = state.running.as_ref().map(|r| &r.kind);
        if kind == Some(&Kind::Installer) {
            return Ok(());
        }
        Err(format!(
            "stand-in: {phase} is for the NixOS installer, and this system is not it: run the phase kexec first"
        ))
    }

    /// The faults of a phase.
    async fn faults(&self, phase: &str) -> Result<(), String> {
        let faults = self.machine.state().faults.clone();
        if faults.phase_hangs.as_deref() == Some(phase) {
            std::future::pending::<()>().await;
        }
        if faults.phase_fails.as_deref() == Some(phase) {
            return Err(format!("sandbox: fault: the phase {phase} fails"));
        }
        Ok(())
    }

    /// Whether something more can be written, or how what was writing says that it cannot.
    fn has_room(&self, writing: &str) -> Result<(), String> {
        if self.machine.state().faults.disk_full {
            return Err(format!("{writing}: No space left on device"));
        }
        Ok(())
    }

    async fn takes(&self, long: Duration) {
        if !long.is_zero() {
            tokio::time::sleep(long).await;
        }
    }
}
