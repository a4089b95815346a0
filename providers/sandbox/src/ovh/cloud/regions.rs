//! Regions.

use super::super::call::{Answer, Call, ok};
use super::super::error::ApiError;
use super::project::served;
use crate::settings::ovh::cloud::Cloud;
use serde_json::json;

/// The regions that a request is about: one that it names, or all.
pub(super) fn wanted<'a>(cloud: &'a Cloud, name: Option<&str>) -> Result<Vec<&'a str>, ApiError> {
    let all = cloud.regions.iter().map(|region| region.name.as_str());
    let found: Vec<&str> = all
        .filter(|region| name.is_none_or(|name| name == *region))
        .collect();
    match name {
        Some(name) if found.is_empty() => Err(ApiError::bad_field(
            "region",
            format!("Region {name} does not exist"),
        )),
        _ => Ok(found),
    }
}

pub(super) async fn all(call: Call) -> Answer {
    call.query(&[])?;
    let held = call.hold().await?;
    served(&call, &held)?;
    Ok(ok(&json!(wanted(&held.settings.ovh.cloud, None)?)))
}
