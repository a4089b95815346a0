//! Power: on, off, the button, the plug.

use super::super::super::call::{Answer, Call, nothing};
use super::super::super::input::required;
use super::super::project::served;
use super::{Kind, begin, in_state};

async fn act(call: &Call, verb: &str, states: &[&str], kind: Kind) -> Answer {
    let mut held = call.hold().await?;
    served(call, &held)?;
    let id = call.path("instance");
    in_state(&held, id, verb, states).await?;
    begin(&mut held, id, kind);
    held.keep().await?;
    Ok(nothing())
}

/// In rescue there is no reboot: the platform refuses it.
pub(in crate::ovh::cloud) async fn reboot(call: Call) -> Answer {
    let mut input = call.input(&["type"])?;
    let kind = input.word("type", &["hard", "soft"])?;
    if required("type", kind)? == "soft" {
        act(&call, "reboot", &["ACTIVE"], Kind::SoftReboot).await
    } else {
        let states = ["ACTIVE", "SHUTOFF", "ERROR"];
        act(&call, "reboot", &states, Kind::HardReboot).await
    }
}

pub(in crate::ovh::cloud) async fn start(call: Call) -> Answer {
    call.input(&[])?;
    act(&call, "start", &["SHUTOFF"], Kind::Start).await
}

pub(in crate::ovh::cloud) async fn stop(call: Call) -> Answer {
    call.input(&[])?;
    act(&call, "stop", &["ACTIVE", "ERROR"], Kind::Stop).await
}
