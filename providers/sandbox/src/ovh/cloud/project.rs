//! The project: what is kept of it, and how it is shown.

use super::super::call::{Answer, Call, ok};
use super::super::error::ApiError;
use crate::settings::ovh::cloud::ProjectStatus;
use crate::world::{Due, Held};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::net::Ipv4Addr;

/// A project and everything in it. No `Debug`: user data and passwords are in it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Project {
    pub(crate) id: String,
    created: Timestamp,
}

impl Default for Project {
    fn default() -> Self {
        Self {
            id: format!("{:032x}", fastrand::u128(..)),
            created: Timestamp::now(),
        }
    }
}

#[expect(clippy::unused_self, reason = "no instances yet")]
impl Project {
    pub(in crate::ovh) fn next_due(&self) -> Option<Due> {
        None
    }

    pub(in crate::ovh) fn has_address(&self, _: Ipv4Addr) -> bool {
        false
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
