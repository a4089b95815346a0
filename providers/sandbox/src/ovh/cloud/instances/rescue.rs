//! Rescue: another system from a disk of its own, until it is told to end.

use super::super::super::call::{Answer, Call, ok};
use super::super::super::error::ApiError;
use super::super::super::input::required;
use super::super::project::served;
use super::{Kind, Rescue, begin, in_state};
use crate::settings::ovh::RescuePassword;
use crate::world::document::secret;
use serde_json::json;

pub(in crate::ovh::cloud) async fn mode(call: Call) -> Answer {
    let mut input = call.input(&["imageId", "rescue"])?;
    let rescue = required("rescue", input.flag("rescue")?)?;
    if input.text("imageId")?.is_some() {
        return Err(ApiError::unsupported("rescue by another image"));
    }
    let mut held = call.hold().await?;
    served(&call, &held)?;
    let id = call.path("instance");
    let (kind, password) = if rescue {
        in_state(&held, id, "rescue", &["ACTIVE", "SHUTOFF", "ERROR"]).await?;
        let rescue = Rescue {
            password: secret(12),
            answered: held.settings.ovh.rescue_password == RescuePassword::Answered,
        };
        let password = rescue.answered.then(|| rescue.password.clone());
        (Kind::Rescue(rescue), password)
    } else {
        in_state(&held, id, "unrescue", &["RESCUE"]).await?;
        (Kind::Unrescue, None)
    };
    begin(&mut held, id, kind);
    held.keep().await?;
    Ok(ok(&json!({ "adminPassword": password })))
}
