//! What follows when a guest is gone, or when a world is opened again.

use super::events::{self, Ending};
use super::inner::{Inner, Live};
use crate::machine::MachineError;
use crate::process::Process;
use std::sync::Arc;

impl Inner {
    /// The guest's process is gone: what follows depends on how it went.
    pub(super) async fn gone(self: &Arc<Self>, process: Process) {
        let mut live = self.gate().await;
        if live.guest.as_ref().map(|guest| guest.process) != Some(process) {
            // ended by us, or followed by another already
            return;
        }
        live.guest = None;
        let ending = events::ending(&self.folder.events_out());
        let went = match ending {
            Ending::Reboot => {
                let boot = self.state().take_next_boot();
                self.start(&mut live, boot).await
            }
            Ending::Off => self.be_off(&mut live, "the system switched it off").await,
            Ending::Killed => {
                let why = "its guest's process was ended from outside: the power is off";
                self.be_off(&mut live, why).await
            }
        };
        if let Err(error) = went {
            tracing::warn!(%error, "a machine did not come back from its reboot");
        }
    }

    async fn be_off(&self, live: &mut Live, why: &str) -> Result<(), MachineError> {
        self.end_other(live).await;
        self.state().running = None;
        self.say(why);
        self.keep().await
    }

    /// Goes on where its state was kept: a guest that still runs is taken charge of; one that is
    /// gone is started again, unless the system switched the machine off.
    pub(super) async fn resume(self: &Arc<Self>) -> Result<(), MachineError> {
        let mut live = self.gate().await;
        self.find_disks().map_err(|why| self.error(why))?;
        let on = self.state().running.is_some();
        match (on, self.folder.process()) {
            (false, None) => Ok(()),
            (false, Some(_)) => self.put_away(&mut live).await,
            (true, Some(process)) => {
                if let Some(running) = &mut self.state().running {
                    running.process = Some(process);
                }
                if let Err(why) = self.adopt(&mut live, process).await {
                    self.say(&format!("its guest does not answer the sandbox: {why}"));
                    return self.start_again(&mut live).await;
                }
                self.keep().await
            }
            (true, None) if self.is_being_started() => self.start_again(&mut live).await,
            (true, None) => match events::ending(&self.folder.events_out()) {
                Ending::Off => self.be_off(&mut live, "the system switched it off").await,
                Ending::Reboot | Ending::Killed => self.start_again(&mut live).await,
            },
        }
    }

    /// Whether whoever started it went away before there was a guest.
    fn is_being_started(&self) -> bool {
        let state = self.state();
        let running = state.running.as_ref();
        running.is_some_and(|running| running.process.is_none())
    }

    /// One that cannot be started is off: the world can be opened all the same.
    async fn start_again(self: &Arc<Self>, live: &mut Live) -> Result<(), MachineError> {
        self.put_away(live).await?;
        let boot = self.state().boot_again();
        if let Err(error) = self.start(live, boot).await {
            tracing::warn!(%error, "a machine stays off");
        }
        Ok(())
    }

    /// Disks that were taken away are empty ones now.
    fn find_disks(&self) -> Result<(), String> {
        let lost = self.state().written.is_some() && !self.folder.written_disk().exists();
        if lost {
            self.state().written = None;
        }
        self.make_disks()?;
        if lost {
            self.say("the disk is gone: an empty one takes its place");
        }
        Ok(())
    }
}
