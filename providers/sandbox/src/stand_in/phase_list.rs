//! The phases that were asked for.

use super::Aborted;

/// Which phases are to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Phases(Vec<String>);

const PHASES: [&str; 4] = ["kexec", "disko", "install", "reboot"];

impl Default for Phases {
    fn default() -> Self {
        Self(PHASES.map(str::to_owned).to_vec())
    }
}

impl Phases {
    /// Whether this one is among them.
    pub(super) fn has(&self, phase: &str) -> bool {
        self.0.iter().any(|p| p == phase)
    }

    /// Reads a list with commas.
    pub(super) fn read(list: &str) -> Result<Self, Aborted> {
        let phases: Vec<String> = list.split(',').map(str::to_owned).collect();
        match phases.iter().find(|p| !PHASES.contains(&p.as_str())) {
            Some(unknown) => Err(format!("Unknown phase: {unknown}").into()),
            None => Ok(Self(phases)),
        }
    }
}
