//! Power: on, off, the button, the plug.

use super::super::call::{Answer, Call};
use super::super::error::ApiError;
use super::super::project::{Effect, Family, Resource};
use super::super::view;
use super::unlocked;
use crate::latency::Work;

async fn press(call: &Call, command: &str, work: Work, effect: fn(u64) -> Effect) -> Answer {
    let id = call.id("server")?;
    call.input(&[])?.done()?;
    let mut held = call.hold().await?;
    unlocked(&held, id)?;
    let action = held.begin(command, work, &[Resource::Server(id)], effect(id));
    held.keep().await?;
    Ok(view::begun(&action))
}

pub(in crate::hetzner) async fn poweron(call: Call) -> Answer {
    let id = call.id("server")?;
    let held = call.hold().await?;
    super::find(&held, id)?;
    let connected = [Family::Ipv4, Family::Ipv6]
        .into_iter()
        .any(|family| held.hetzner.address_of(id, family).is_some());
    drop(held);
    if !connected {
        return Err(ApiError::unprocessable(
            "unsupported_error",
            "a server needs at least one network interface to be powered on",
        ));
    }
    press(&call, "start_server", Work::Start, Effect::Start).await
}

pub(in crate::hetzner) async fn poweroff(call: Call) -> Answer {
    press(&call, "stop_server", Work::Stop, Effect::Stop).await
}

pub(in crate::hetzner) async fn shutdown(call: Call) -> Answer {
    press(&call, "shutdown_server", Work::Button, Effect::Shutdown).await
}

pub(in crate::hetzner) async fn reboot(call: Call) -> Answer {
    press(&call, "reboot_server", Work::Button, Effect::Reboot).await
}

pub(in crate::hetzner) async fn reset(call: Call) -> Answer {
    press(&call, "reset_server", Work::Reset, Effect::Reset).await
}
