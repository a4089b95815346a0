//! When a machine begins to misbehave: once a system is up, or a command is given to it.

use super::inner::Inner;
use super::port::{Live, close};
use super::state::{Kind, State};
use crate::machine::{MachineError, Moment, Runs};
use std::sync::Arc;

impl State {
    /// Takes the turns whose moment has come, with the command that is about to begin, if one is;
    /// whether there were any.
    pub(super) fn turn(&mut self, mut command: Option<&str>) -> bool {
        let mut turned = false;
        loop {
            let due = self.faults.turn.as_ref();
            if !due.is_some_and(|turn| self.has_come(&turn.when, command)) {
                return turned;
            }
            if let Some(turn) = self.faults.turn.take() {
                self.faults = turn.faults;
            }
            // one command is one moment
            (command, turned) = (None, true);
        }
    }

    fn has_come(&self, moment: &Moment, command: Option<&str>) -> bool {
        let running = self.running.as_ref().filter(|running| running.up);
        let runs = running.and_then(|running| match &running.kind {
            Kind::Stock { .. } => Some(Runs::Stock),
            Kind::Rescue => Some(Runs::Rescue),
            Kind::Installer => Some(Runs::Installer),
            Kind::Installed { .. } => Some(Runs::Installed),
            Kind::Dead => None,
        });
        let is_given = |words: &String| command.is_some_and(|command| command.contains(words));
        moment.system.is_none_or(|wanted| runs == Some(wanted))
            && moment.command.as_ref().is_none_or(is_given)
    }
}

impl Inner {
    /// A command is about to begin.
    pub(super) async fn is_told(self: &Arc<Self>, command: &str) {
        if self.state().faults.turn.is_none() {
            return;
        }
        let mut live = self.gate().await;
        if !self.state().turn(Some(command)) {
            return;
        }
        if let Err(error) = self.answer_as_told(&mut live).await {
            self.state().say(error.to_string());
        }
    }

    /// Opens or closes the port as the faults say.
    pub(super) async fn answer_as_told(
        self: &Arc<Self>,
        live: &mut Live,
    ) -> Result<(), MachineError> {
        if self.wants_port() {
            return self.open(live).await;
        }
        close(live).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::emulated::state::Running;
    use crate::machine::{Faults, Turn};

    fn runs(kind: Kind, up: bool) -> State {
        let mut running = Running::new(kind, "web-1");
        running.up = up;
        State {
            running: Some(running),
            ..State::default()
        }
    }

    fn turn(when: Moment, faults: Faults) -> Faults {
        Faults {
            turn: Some(Box::new(Turn { when, faults })),
            ..Faults::default()
        }
    }

    fn full() -> Faults {
        Faults {
            disk_full: true,
            ..Faults::default()
        }
    }

    #[test]
    fn a_moment_is_a_system_a_command_or_both() {
        let words = |words: &str| Some(words.to_owned());
        for (system, command, given, comes) in [
            (None, None, None, true),
            (Some(Runs::Installer), None, None, true),
            (Some(Runs::Stock), None, None, false),
            (None, words("disko"), None, false),
            (None, words("disko"), Some("stand-in disko"), true),
            (Some(Runs::Stock), words("disko"), Some("disko"), false),
            (Some(Runs::Installer), words("disko"), Some("disko"), true),
        ] {
            let moment = Moment { system, command };
            let said = format!("{moment:?} {given:?}");
            let mut state = runs(Kind::Installer, true);
            state.faults = turn(moment.clone(), full());
            assert_eq!(state.turn(given), comes, "{said}");
            assert_eq!(state.faults.disk_full, comes, "{said}");
            // what still starts is not there yet
            let mut state = runs(Kind::Installer, false);
            state.faults = turn(moment, full());
            assert_eq!(state.turn(given), comes && system.is_none(), "{said}");
        }
    }

    #[test]
    fn one_command_is_one_moment_and_what_follows_from_it_is_taken_at_once() {
        let again = Moment {
            command: Some("probe".to_owned()),
            ..Moment::default()
        };
        let mut state = runs(Kind::Rescue, true);
        state.faults = turn(again.clone(), turn(again.clone(), full()));
        assert!(state.turn(Some("probe")));
        assert!(!state.faults.disk_full);
        assert!(state.turn(Some("probe")));
        assert!(state.faults.disk_full && !state.turn(Some("probe")));

        let here = Moment {
            system: Some(Runs::Rescue),
            ..Moment::default()
        };
        state.faults = turn(again, turn(here, full()));
        assert!(state.turn(Some("probe")) && state.faults.disk_full);
    }
}
