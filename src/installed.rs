//! What was installed on a server, as this machine wrote it down.

use crate::failure::Outcome;
use crate::gate::GateSource;
use crate::host::Layout;
use crate::installer::Kind;
use crate::state::{ServerState, write_private};
use provision_api::{Fingerprint, OwnedServer, ServerId};
use serde::{Deserialize, Serialize};
use std::fs;

/// What was installed on a server, for a run that goes on later or looks again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Installed {
    /// The vendor's id of the server.
    pub server: ServerId,
    /// The host's identity.
    pub host_key: Fingerprint,
    /// What `/run/current-system` has to be.
    pub closure: String,
    /// How the disk was cut.
    pub layout: Layout,
    /// Which program installed.
    pub installer: Kind,
    /// Where the gate's knowledge came from.
    pub gate: GateSource,
    /// The layout is against the firmware, as the gate sees it, and was installed all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub layout_forced: bool,
}

impl ServerState {
    /// Writes down what was installed, for a run that goes on later.
    pub fn remember(&self, installed: &Installed) -> Outcome {
        let text = serde_json::to_vec_pretty(installed).unwrap_or_default();
        write_private(&self.installed_file(), &text)
    }

    /// What was installed last, if it was on this server as it is now: another machine may have
    /// installed it since.
    pub fn installed_on(&self, server: &OwnedServer) -> Option<Installed> {
        self.installed().filter(|installed| {
            installed.server == *server.id() && Some(installed.host_key) == server.marks().host_key
        })
    }

    /// What was installed last.
    pub fn installed(&self) -> Option<Installed> {
        serde_json::from_slice(&fs::read(self.installed_file()).ok()?).ok()
    }
}
