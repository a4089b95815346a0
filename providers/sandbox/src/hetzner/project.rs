//! What a project holds, as it is kept.

use super::labels::Labels;
use crate::faults::ActionError;
use crate::world::Due;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// A project and everything in it. No `Debug`: user data and passwords are in it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Project {
    next_id: u64,
    pub(super) servers: BTreeMap<u64, Server>,
    pub(super) ssh_keys: BTreeMap<u64, SshKey>,
    pub(super) addresses: BTreeMap<u64, PrimaryIp>,
    pub(super) volumes: BTreeMap<u64, Volume>,
    pub(super) actions: BTreeMap<u64, Action>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Server {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) created: Timestamp,
    #[expect(
        clippy::struct_field_names,
        reason = "the vendor's word, and `type` is Rust's"
    )]
    pub(super) server_type: String,
    pub(super) location: String,
    /// The image's number.
    pub(super) image: u64,
    pub(super) labels: Labels,
    /// Against deletion and rebuild, which always go together.
    pub(super) protected: bool,
    pub(super) user_data: Option<String>,
    pub(super) authorized_keys: Vec<String>,
    /// Armed for the next boot.
    pub(super) rescue: Option<Rescue>,
    /// Where its machine listens, whether or not the vendor shows an IPv4 address.
    pub(super) machine_ipv4: Ipv4Addr,
    /// The first address of its IPv6 network.
    pub(super) machine_ipv6: String,
    /// Missing from so many more lists: a fault.
    pub(super) hidden: u32,
    /// Was told to reboot: is switched on again when it went off by then.
    pub(super) reboot_until: Option<Timestamp>,
}

impl Server {
    /// The id of its machine.
    pub(super) fn machine(&self) -> String {
        machine_id(self.id)
    }
}

pub(super) fn machine_id(server: u64) -> String {
    format!("hetzner-{server}")
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Rescue {
    /// Disarms itself then.
    pub(super) until: Timestamp,
    pub(super) password: String,
    pub(super) authorized_keys: Vec<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SshKey {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) fingerprint: String,
    pub(super) public_key: String,
    pub(super) labels: Labels,
    pub(super) created: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Family {
    Ipv4,
    Ipv6,
}

impl Family {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct PrimaryIp {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) created: Timestamp,
    pub(super) family: Family,
    /// The address, or the first one of the network.
    pub(super) ip: String,
    pub(super) location: String,
    pub(super) labels: Labels,
    pub(super) protected: bool,
    pub(super) auto_delete: bool,
    /// The server that has it.
    pub(super) server: Option<u64>,
    /// Reverse names by address.
    pub(super) names: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Volume {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) created: Timestamp,
    /// In GB.
    pub(super) size: u64,
    pub(super) location: String,
    pub(super) labels: Labels,
    pub(super) protected: bool,
    pub(super) format: Option<String>,
    pub(super) server: Option<u64>,
}

/// Something that takes time.
#[derive(Serialize, Deserialize)]
pub(super) struct Action {
    pub(super) id: u64,
    pub(super) command: String,
    pub(super) started: Timestamp,
    /// When it ends; never, if a fault has it so.
    pub(super) due: Option<Timestamp>,
    pub(super) finished: Option<Timestamp>,
    pub(super) error: Option<ActionError>,
    pub(super) resources: Vec<Resource>,
    /// What happens when it is due.
    pub(super) effect: Effect,
    /// It cannot be found: a fault.
    pub(super) hidden: bool,
}

impl Action {
    pub(super) fn running(&self) -> bool {
        self.finished.is_none()
    }

    pub(super) fn concerns(&self, resource: Resource) -> bool {
        self.resources.contains(&resource)
    }
}

/// What an action is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", content = "id")]
pub(super) enum Resource {
    Server(u64),
    Volume(u64),
    PrimaryIp(u64),
    Image(u64),
}

/// What an action does when it is due.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Effect {
    /// It was done when it was asked for.
    None,
    Create(u64),
    Start(u64),
    Stop(u64),
    Shutdown(u64),
    Reboot(u64),
    Reset(u64),
    ArmRescue(u64, Rescue),
    DisarmRescue(u64),
    Rebuild(u64),
    AttachVolume {
        volume: u64,
        server: u64,
    },
    DetachVolume {
        volume: u64,
        server: u64,
    },
    AssignAddress {
        address: u64,
        server: u64,
    },
    UnassignAddress(u64),
    /// It ends in this error.
    Fail(ActionError),
}

impl Project {
    /// No list is behind any more.
    pub(crate) fn list_all(&mut self) {
        for server in self.servers.values_mut() {
            server.hidden = 0;
        }
    }

    pub(crate) fn new() -> Self {
        Self {
            next_id: 4_711_001,
            servers: BTreeMap::new(),
            ssh_keys: BTreeMap::new(),
            addresses: BTreeMap::new(),
            volumes: BTreeMap::new(),
            actions: BTreeMap::new(),
        }
    }

    /// A number that nothing had before.
    pub(super) fn next_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// When something happens by itself next.
    pub(crate) fn next_due(&self) -> Option<Due> {
        if self
            .servers
            .values()
            .any(|server| server.reboot_until.is_some())
        {
            return Some(Due::Soon);
        }
        self.actions
            .values()
            .filter(|action| action.running())
            .filter_map(|action| action.due)
            .min()
            .map(Due::At)
    }

    /// An action that still runs on the thing, and will end.
    pub(super) fn runs_on(&self, resource: Resource) -> Option<&Action> {
        self.actions
            .values()
            .find(|action| action.running() && action.concerns(resource))
    }

    /// The numbers of all volumes, as machines know them.
    pub(crate) fn volume_ids(&self) -> Vec<String> {
        self.volumes.keys().map(u64::to_string).collect()
    }

    /// Whether an address or a server has it, though no machine listens there yet.
    pub(crate) fn has_address(&self, ip: Ipv4Addr) -> bool {
        let text = ip.to_string();
        self.addresses.values().any(|address| address.ip == text)
            || self
                .servers
                .values()
                .any(|server| server.machine_ipv4 == ip)
    }

    /// The server's address of that family.
    pub(super) fn address_of(&self, server: u64, family: Family) -> Option<&PrimaryIp> {
        self.addresses
            .values()
            .find(|address| address.server == Some(server) && address.family == family)
    }
}
