//! The project: what is kept of it, and how it is shown.

use super::super::call::{Answer, Call, ok};
use super::super::error::ApiError;
use super::instances::Instance;
use crate::settings::ovh::cloud::ProjectStatus;
use crate::world::{Due, Held};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// A project and everything in it. No `Debug`: user data and passwords are in it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Project {
    pub(crate) id: String,
    created: Timestamp,
    pub(super) instances: BTreeMap<String, Instance>,
    pub(super) ssh_keys: BTreeMap<String, SshKey>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SshKey {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) public_key: String,
    pub(super) fingerprint: String,
    /// The only region that has it; none for all.
    pub(super) region: Option<String>,
    pub(super) created: Timestamp,
}

impl Default for Project {
    fn default() -> Self {
        Self {
            id: format!("{:032x}", fastrand::u128(..)),
            created: Timestamp::now(),
            instances: BTreeMap::new(),
            ssh_keys: BTreeMap::new(),
        }
    }
}

impl Project {
    /// No list is behind any more.
    pub(crate) fn list_all(&mut self) {
        for instance in self.instances.values_mut() {
            instance.hidden = 0;
        }
    }

    /// When something happens by itself next.
    pub(in crate::ovh) fn next_due(&self) -> Option<Due> {
        self.instances.values().filter_map(Instance::due).min()
    }

    /// Whether an instance has the address, though no machine listens there yet.
    pub(in crate::ovh) fn has_address(&self, ip: Ipv4Addr) -> bool {
        self.instances.values().any(|instance| instance.ipv4 == ip)
    }
}

/// That the project in the path is this account's and is served.
pub(super) fn served(call: &Call, held: &Held<'_>) -> Result<(), ApiError> {
    ours(call, held)?;
    match held.settings.ovh.cloud.status {
        ProjectStatus::Ok => Ok(()),
        status @ ProjectStatus::Suspended => {
            Err(ApiError::expired(&held.ovh.cloud.id, status.word()))
        }
    }
}

fn ours(call: &Call, held: &Held<'_>) -> Result<(), ApiError> {
    if call.path("service") == held.ovh.cloud.id {
        Ok(())
    } else {
        Err(ApiError::no_service())
    }
}

pub(super) async fn all(call: Call) -> Answer {
    call.query(&[])?;
    let held = call.hold().await?;
    Ok(ok(&json!([held.ovh.cloud.id])))
}

/// One that is suspended is shown all the same.
pub(super) async fn one(call: Call) -> Answer {
    call.query(&[])?;
    let held = call.hold().await?;
    ours(&call, &held)?;
    let project = &held.ovh.cloud;
    Ok(ok(&json!({
        "project_id": project.id,
        "projectName": "sandbox",
        "description": "sandbox",
        "creationDate": super::time(project.created),
        "expiration": null,
        "orderId": null,
        "planCode": "project.2018",
        "status": held.settings.ovh.cloud.status.word(),
        "access": "full",
        "manualQuota": false,
        "unleash": true,
    })))
}
