//! What can be done to a VPS.

use super::images::image_of;
use super::tasks::shown;
use super::{Offer, Vps};
use crate::latency::Work;
use crate::ovh::call::{Answer, Call, nothing, ok};
use crate::ovh::error::ApiError;
use crate::ovh::input::required;
use crate::ovh::rented::{Effect, Writing, begin, enter, login_key, service, service_mut};
use crate::world::Held;
use serde_json::json;

/// The longest name for people.
const DISPLAY_NAME: usize = 50;

/// What `PUT` may send back unchanged: the whole object as it was read.
const FIELDS: &[&str] = &[
    "cluster",
    "displayName",
    "iam",
    "keymap",
    "memoryLimit",
    "model",
    "monitoringIpBlocks",
    "name",
    "netbootMode",
    "offerType",
    "slaMonitoring",
    "state",
    "vcore",
    "zone",
    "zoneType",
];

/// `PUT /vps/{service}`
pub(super) async fn change(call: Call) -> Answer {
    let mut input = call.input(FIELDS)?;
    let display_name = input.text("displayName")?;
    let netboot = input.word("netbootMode", &["local", "rescue"])?;
    let keymap = input.word("keymap", &["fr", "us"])?;
    let monitoring = input.flag("slaMonitoring")?;
    if display_name
        .as_ref()
        .is_some_and(|name| name.chars().count() > DISPLAY_NAME)
    {
        return Err(ApiError::bad_field(
            "displayName",
            "is longer than 50 characters",
        ));
    }
    let name = call.path("service");
    let mut held = call.hold().await?;
    let offer = enter::<Vps>(&mut held, name).await?;
    if let Some(mode) = netboot {
        set_netboot(&mut held, &offer, mode == "rescue")?;
    }
    let service = service_mut::<Vps>(&mut held, name)?;
    if let Some(display_name) = display_name {
        service.display_name = display_name;
    }
    if let Some(keymap) = keymap {
        service.own.keymap = Some(keymap.to_owned());
    }
    if let Some(monitoring) = monitoring {
        service.own.sla_monitoring = monitoring;
    }
    held.keep().await?;
    Ok(nothing())
}

/// The vendor's word for a change of what it boots.
const NETBOOT: &str = "setNetboot";

/// What is so already needs no task.
fn set_netboot(held: &mut Held<'_>, offer: &Offer, rescue: bool) -> Result<(), ApiError> {
    let found = service::<Vps>(held, &offer.name)?;
    let changing = found.busy().is_some_and(|task| task.function == NETBOOT);
    if found.own.rescue == rescue && !changing {
        return Ok(());
    }
    let effect = Effect::Netboot {
        rescue,
        reboot: offer.netboot_reboots,
    };
    begin::<Vps>(held, &offer.name, NETBOOT, Work::Rescue, effect)?;
    Ok(())
}

/// Begins a task that needs nothing to be said.
async fn simple(call: Call, kind: &str, work: Work, effect: Effect) -> Answer {
    call.input(&[])?;
    let name = call.path("service");
    let mut held = call.hold().await?;
    enter::<Vps>(&mut held, name).await?;
    let task = begin::<Vps>(&mut held, name, kind, work, effect)?;
    held.keep().await?;
    Ok(ok(&shown(&task, held.now)))
}

/// `POST /vps/{service}/reboot`
pub(super) async fn reboot(call: Call) -> Answer {
    simple(call, "rebootVm", Work::Reset, Effect::Cycle).await
}

/// `POST /vps/{service}/start`
pub(super) async fn start(call: Call) -> Answer {
    simple(call, "startVm", Work::Start, Effect::Start).await
}

/// `POST /vps/{service}/stop`
pub(super) async fn stop(call: Call) -> Answer {
    simple(call, "stopVm", Work::Stop, Effect::Stop).await
}

/// `POST /vps/{service}/rebuild`
pub(super) async fn rebuild(call: Call) -> Answer {
    let mut input = call.input(&[
        "imageId",
        "publicSshKey",
        "doNotSendPassword",
        "sshKey",
        "installRTM",
    ])?;
    let image = required("imageId", input.text("imageId")?)?;
    let key = input.text("publicSshKey")?;
    let silent = input.flag("doNotSendPassword")?.unwrap_or(false);
    if input.text("sshKey")?.is_some() {
        return Err(ApiError::unsupported(
            "keys of /me/sshKey: give publicSshKey",
        ));
    }
    if input.flag("installRTM")?.unwrap_or(false) {
        return Err(ApiError::unsupported("installRTM"));
    }
    let key = key.map(|key| login_key("publicSshKey", &key)).transpose()?;
    if silent && key.is_none() {
        return Err(ApiError::bad_field(
            "doNotSendPassword",
            "needs a key to log in with",
        ));
    }
    let name = call.path("service");
    let mut held = call.hold().await?;
    let offer = enter::<Vps>(&mut held, name).await?;
    let image = image_of(&held, &offer, &image)
        .map(|image| image.name.clone())
        .ok_or_else(|| ApiError::not_found("This image does not exist"))?;
    let writing = Box::new(Writing {
        image,
        key,
        user_data: None,
        loader: None,
    });
    let effect = Effect::Write(writing);
    let task = begin::<Vps>(&mut held, name, "reinstallVm", Work::Rebuild, effect)?;
    held.keep().await?;
    Ok(ok(&shown(&task, held.now)))
}

/// `POST /vps/{service}/getConsoleUrl`: an address that leads nowhere.
pub(super) async fn console(call: Call) -> Answer {
    call.input(&[])?;
    let mut held = call.hold().await?;
    enter::<Vps>(&mut held, call.path("service")).await?;
    let service = service::<Vps>(&held, call.path("service"))?;
    let token = crate::world::document::secret(32);
    let host = service.hostname();
    Ok(ok(&json!(format!(
        "https://console.{host}.invalid/vnc_auto.html?token={token}"
    ))))
}
