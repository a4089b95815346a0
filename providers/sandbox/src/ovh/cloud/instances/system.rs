//! The system on an instance, its console, and how it is billed.

use super::super::super::call::{Answer, Call, ok};
use super::super::super::error::ApiError;
use super::super::super::input::required;
use super::super::project::served;
use super::super::{flavors, images};
use super::create::fits;
use super::{Kind, begin, find, in_state, view};
use crate::world::document::secret;
use serde_json::json;

/// Another image over its disk; user data and key stay those of the first.
pub(in crate::ovh::cloud) async fn reinstall(call: Call) -> Answer {
    let mut input = call.input(&["imageId"])?;
    let image = required("imageId", input.text("imageId")?)?;
    let mut held = call.hold().await?;
    served(&call, &held)?;
    let id = call.path("instance");
    in_state(&held, id, "rebuild", &["ACTIVE", "SHUTOFF", "ERROR"]).await?;
    let instance = find(&held, id)?;
    let wanted = images::find(&held, &image, &instance.region).ok_or_else(|| {
        let region = &instance.region;
        ApiError::bad_field(
            "imageId",
            format!("{image} does not exist in region {region}"),
        )
    })?;
    if let Some(flavor) = flavors::named(&held, &instance.flavor) {
        fits(flavor, wanted)?;
    }
    let kind = Kind::Rebuild(wanted.name.clone());
    begin(&mut held, id, kind);
    let shown = view::shown(&held, id).await?;
    held.keep().await?;
    Ok(ok(&shown))
}

pub(in crate::ovh::cloud) async fn vnc(call: Call) -> Answer {
    call.input(&[])?;
    let held = call.hold().await?;
    served(&call, &held)?;
    let instance = find(&held, call.path("instance"))?;
    if held.machine(&instance.machine()).is_none() {
        return Err(ApiError::conflict("Instance not yet ready"));
    }
    let url = format!(
        "https://console.sandbox.invalid/vnc_auto.html?token={}",
        secret(32)
    );
    Ok(ok(&json!({"type": "novnc", "url": url})))
}

/// From here there is no way back to the hour, which is why nobody should call it.
pub(in crate::ovh::cloud) async fn active_monthly_billing(call: Call) -> Answer {
    call.input(&[])?;
    let mut held = call.hold().await?;
    served(&call, &held)?;
    let id = find(&held, call.path("instance"))?.id.clone();
    let now = held.now;
    if let Some(instance) = held.ovh.cloud.instances.get_mut(&id) {
        instance.monthly.get_or_insert(now);
    }
    let shown = view::shown(&held, &id).await?;
    held.keep().await?;
    Ok(ok(&shown))
}
