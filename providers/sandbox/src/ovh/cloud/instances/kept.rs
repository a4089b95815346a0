//! An instance as it is kept, and what is being done to it.

use super::super::super::later;
use crate::faults::ActionError;
use crate::latency::Work;
use crate::world::{Due, Held};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

#[derive(Serialize, Deserialize)]
pub(in crate::ovh::cloud) struct Instance {
    pub(in crate::ovh::cloud) id: String,
    pub(in crate::ovh::cloud) name: String,
    /// What its image was told to be called: a later name does not change it.
    pub(in crate::ovh::cloud) hostname: String,
    pub(in crate::ovh::cloud) created: Timestamp,
    pub(in crate::ovh::cloud) region: String,
    /// Its name, which stays when the id differs by region.
    pub(in crate::ovh::cloud) flavor: String,
    pub(in crate::ovh::cloud) image: String,
    /// The id of the key that it was made with, which may be gone since.
    pub(in crate::ovh::cloud) key: Option<String>,
    pub(in crate::ovh::cloud) authorized_keys: Vec<String>,
    pub(in crate::ovh::cloud) user_data: Option<String>,
    pub(in crate::ovh::cloud) ipv4: Ipv4Addr,
    /// Its only IPv6 address.
    pub(in crate::ovh::cloud) ipv6: String,
    /// Since when it is billed by the month.
    pub(in crate::ovh::cloud) monthly: Option<Timestamp>,
    /// It is in rescue.
    pub(in crate::ovh::cloud) rescue: Option<Rescue>,
    /// The last thing that was done to it went wrong.
    pub(in crate::ovh::cloud) failed: bool,
    pub(in crate::ovh::cloud) task: Option<Task>,
    /// Was told to reboot: is switched on again when it went off, or reset then.
    pub(in crate::ovh::cloud) reboot_until: Option<Timestamp>,
    /// Missing from so many more lists: a fault.
    pub(in crate::ovh::cloud) hidden: u32,
}

#[derive(Clone, Serialize, Deserialize)]
pub(in crate::ovh::cloud) struct Rescue {
    pub(in crate::ovh::cloud) password: String,
    /// Whether the API tells it, or the console alone.
    pub(in crate::ovh::cloud) answered: bool,
}

/// What is being done to an instance.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::ovh::cloud) struct Task {
    pub(in crate::ovh::cloud) kind: Kind,
    /// When it is done; never, if a fault has it so.
    pub(in crate::ovh::cloud) due: Option<Timestamp>,
    /// It goes wrong, and has no effect.
    pub(in crate::ovh::cloud) error: Option<ActionError>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::ovh::cloud) enum Kind {
    Build,
    Start,
    Stop,
    SoftReboot,
    HardReboot,
    Rescue(Rescue),
    Unrescue,
    /// With the image of that name.
    Rebuild(String),
    Delete,
}

impl Kind {
    fn work(&self) -> Work {
        match self {
            Self::Build => Work::Create,
            Self::Start => Work::Start,
            Self::Stop => Work::Stop,
            Self::SoftReboot => Work::Button,
            Self::HardReboot => Work::Reset,
            Self::Rescue(_) | Self::Unrescue => Work::Rescue,
            Self::Rebuild(_) => Work::Rebuild,
            Self::Delete => Work::Delete,
        }
    }

    /// What the vendor calls the instance's state meanwhile; power is switched silently.
    pub(super) fn status(&self) -> Option<&'static str> {
        match self {
            Self::Build => Some("BUILD"),
            Self::Start | Self::Stop => None,
            Self::SoftReboot => Some("REBOOT"),
            Self::HardReboot => Some("HARD_REBOOT"),
            Self::Rescue(_) => Some("RESCUING"),
            Self::Unrescue => Some("UNRESCUING"),
            Self::Rebuild(_) => Some("REBUILD"),
            Self::Delete => Some("DELETING"),
        }
    }
}

impl Instance {
    /// The id of its machine.
    pub(in crate::ovh::cloud) fn machine(&self) -> String {
        machine_id(&self.id)
    }

    /// Whether something is being done to it.
    pub(super) fn busy(&self) -> bool {
        self.task.is_some() || self.reboot_until.is_some()
    }

    /// When it has to be looked at again.
    pub(in crate::ovh::cloud) fn due(&self) -> Option<Due> {
        if self.reboot_until.is_some() {
            return Some(Due::Soon);
        }
        self.task.as_ref().and_then(|task| task.due).map(Due::At)
    }
}

pub(in crate::ovh::cloud) fn machine_id(instance: &str) -> String {
    format!("ovh-{instance}")
}

/// A task of that kind, begun now; a fault that hits it is used up.
pub(super) fn task(held: &mut Held<'_>, kind: Kind) -> Task {
    let fault = std::mem::take(&mut held.on_action);
    let takes = held.settings.latency.of(kind.work());
    Task {
        kind,
        due: (!fault.hangs).then(|| later(held.now, takes)),
        error: fault.error,
    }
}

/// Begins something; whatever was being done is not any more.
pub(super) fn begin(held: &mut Held<'_>, id: &str, kind: Kind) {
    let task = task(held, kind);
    if let Some(instance) = held.ovh.cloud.instances.get_mut(id) {
        instance.task = Some(task);
        instance.reboot_until = None;
    }
}
