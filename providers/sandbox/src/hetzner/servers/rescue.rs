//! The rescue system: armed for the next boot, for an hour at most.

use super::super::call::{Answer, Call};
use super::super::error::ApiError;
use super::super::project::{Effect, Rescue, Resource};
use super::super::view;
use super::unlocked;
use crate::latency::Work;
use crate::world::document::secret;
use serde_json::json;

/// "Rescue Mode is automatically disabled … if you do not use it for 60 minutes."
const HOUR: jiff::SignedDuration = jiff::SignedDuration::from_mins(60);

pub(in crate::hetzner) async fn enable(call: Call) -> Answer {
    let id = call.id("server")?;
    let mut input = call.input(&["type", "ssh_keys"])?;
    if input.text("type").is_some_and(|kind| kind != "linux64") {
        input.wrong("type", "must be linux64");
    }
    let keys = input.numbers("ssh_keys");
    input.done()?;
    let mut held = call.hold().await?;
    unlocked(&held, id)?;
    let authorized_keys = keys
        .iter()
        .map(|key| {
            let key = held.hetzner.ssh_keys.get(key);
            key.map(|key| key.public_key.clone())
                .ok_or_else(|| ApiError::invalid_field("ssh_keys", "SSH key not found"))
        })
        .collect::<Result<_, _>>()?;
    let password = secret(20);
    let armed = held.now + held.settings.latency.of(Work::Rescue);
    let rescue = Rescue {
        until: armed + HOUR,
        password: password.clone(),
        authorized_keys,
    };
    let action = held.begin(
        "enable_rescue",
        Work::Rescue,
        &[Resource::Server(id)],
        Effect::ArmRescue(id, rescue),
    );
    held.keep().await?;
    Ok(view::made(
        json!({"root_password": password, "action": action}),
    ))
}

pub(in crate::hetzner) async fn disable(call: Call) -> Answer {
    let id = call.id("server")?;
    call.input(&[])?.done()?;
    let mut held = call.hold().await?;
    unlocked(&held, id)?;
    let action = held.begin(
        "disable_rescue",
        Work::Rescue,
        &[Resource::Server(id)],
        Effect::DisarmRescue(id),
    );
    held.keep().await?;
    Ok(view::begun(&action))
}
