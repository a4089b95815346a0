//! How a system goes down that was told so from inside: in a moment, not together with the login.

use super::Latency;
use super::boot;
use super::inner::{Inner, now};
use super::port::Live;
use super::shell::Effect;
use crate::machine::{Boot, Faults, MachineError};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// So long it answers at least: an init stops one thing after the other, and ends the SSH server
/// some time after it has taken the order. Who takes the first answer after a reboot for the new
/// system's must fail here as it would there.
const MOMENT: Duration = Duration::from_millis(300);

/// So long the client that asked has to close its side, should it be slower than that.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long a system answers from the order to go down until it is gone.
fn time_to_go(latency: &Latency, faults: &Faults) -> Duration {
    let late = faults.reboot_late_ms.map(Duration::from_millis);
    MOMENT.max(latency.down).max(late.unwrap_or_default())
}

impl Inner {
    /// Begins what a command of this boot asked for; when another runs by now, or this one goes
    /// down already, it is too late. The system answers as before until its time is over and
    /// `told` is cancelled, which says that the client has heard the answer. The handle ends when
    /// the system is gone.
    pub(crate) async fn leave(
        self: &Arc<Self>,
        effect: Effect,
        boot: Option<String>,
        told: CancellationToken,
    ) -> Option<JoinHandle<()>> {
        let live = self.gate().await;
        {
            let mut state = self.state();
            let running = state.running.as_mut()?;
            if boot.as_ref() != Some(&running.boot_id) || running.leaving.is_some() {
                return None;
            }
            running.leaving = Some(effect.clone());
        }
        let going = Arc::clone(self).go_later(effect, live.life.clone(), told);
        Some(tokio::spawn(going))
    }

    /// Until it is gone, by what its faults say now: one that is healed is late no longer.
    async fn takes_its_time(&self) {
        let begun = Instant::now();
        loop {
            let told_anew = self.told_anew.notified();
            let wait = time_to_go(&self.latency, &self.state().faults);
            tokio::select! {
                () = tokio::time::sleep(wait.saturating_sub(begun.elapsed())) => return,
                () = told_anew => {}
            }
        }
    }

    /// Goes down after a while, unless the power goes before that.
    async fn go_later(
        self: Arc<Self>,
        effect: Effect,
        power: CancellationToken,
        told: CancellationToken,
    ) {
        let farewell = tokio::time::timeout(FAREWELL, told.cancelled());
        tokio::select! {
            () = power.cancelled() => return,
            _ = async { tokio::join!(self.takes_its_time(), farewell) } => {}
        }
        let mut live = self.gate().await;
        if power.is_cancelled() {
            return;
        }
        if let Err(error) = self.go(&mut live, effect).await {
            self.state().say(error.to_string());
        }
    }

    /// The system is gone, and what follows begins.
    pub(super) async fn go(
        self: &Arc<Self>,
        live: &mut Live,
        effect: Effect,
    ) -> Result<(), MachineError> {
        self.stop(live).await;
        match effect {
            Effect::PowerOff => {
                self.be_off();
                Ok(())
            }
            Effect::Reboot => {
                self.start(live, |state| {
                    let standing = state.standing.clone().unwrap_or(Boot::Disk);
                    let boot = state.armed.take().unwrap_or(standing);
                    boot::start(state, &self.spec, &boot, now());
                })
                .await
            }
            Effect::Kexec { asked_by } => {
                self.start(live, |state| boot::kexec(state, &asked_by, now()))
                    .await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_of_all_reasons_counts() {
        let ms = Duration::from_millis;
        for (down, late, expected) in [
            (0, None, 300),
            (200, None, 300),
            (2000, None, 2000),
            (0, Some(0), 300),
            (0, Some(5000), 5000),
            (2000, Some(1000), 2000),
            (2000, Some(5000), 5000),
        ] {
            let latency = Latency {
                down: ms(down),
                ..Latency::default()
            };
            let faults = Faults {
                reboot_late_ms: late,
                ..Faults::default()
            };
            let wait = time_to_go(&latency, &faults);
            assert_eq!(wait, ms(expected), "{down} {late:?}");
        }
    }
}
