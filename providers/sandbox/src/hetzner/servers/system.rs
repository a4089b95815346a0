//! The system on a server: rebuilt, its password, its console, its names, its protection.

use super::super::call::{Answer, Call};
use super::super::error::ApiError;
use super::super::project::{Effect, Resource};
use super::super::{addresses, images, settle, view};
use super::create::USER_DATA;
use super::{find, find_mut, unlocked};
use crate::latency::Work;
use crate::world::document::secret;
use serde_json::json;

pub(in crate::hetzner) async fn rebuild(call: Call) -> Answer {
    let id = call.id("server")?;
    let mut input = call.input(&["image", "user_data"])?;
    let image = input.reference("image");
    let image = input.required("image", image);
    let user_data = input.text("user_data");
    if user_data
        .as_ref()
        .is_some_and(|data| data.len() > USER_DATA)
    {
        input.wrong("user_data", "is longer than 32 KiB");
    }
    input.done()?;
    let mut held = call.hold().await?;
    let server = find(&held, id)?;
    if server.protected {
        return Err(ApiError::protected("server", "rebuild"));
    }
    unlocked(&held, id)?;
    let types = held.settings.server_types.iter();
    let architecture = types
        .clone()
        .find(|found| found.name == server.server_type)
        .map(|found| found.architecture)
        .ok_or_else(|| ApiError::invalid_field("image", "the server's type is gone"))?;
    let image = images::choose(&held.settings, &image, architecture)
        .map_err(|message| ApiError::invalid_field("image", message))?
        .id;
    let root_password = server.authorized_keys.is_empty().then(|| secret(20));
    if held.on_action.works() {
        let server = find_mut(&mut held, id)?;
        server.image = image;
        if user_data.is_some() {
            server.user_data = user_data;
        }
    }
    let action = held.begin(
        "rebuild_server",
        Work::Rebuild,
        &[Resource::Server(id), Resource::Image(image)],
        Effect::Rebuild(id),
    );
    held.keep().await?;
    Ok(view::made(
        json!({"root_password": root_password, "action": action}),
    ))
}

/// The vendor asks an agent inside, which no emulated system runs: the action says so.
pub(in crate::hetzner) async fn reset_password(call: Call) -> Answer {
    let id = call.id("server")?;
    call.input(&[])?.done()?;
    let mut held = call.hold().await?;
    unlocked(&held, id)?;
    let effect = Effect::Fail(settle::failed("the QEMU guest agent does not answer"));
    let action = held.begin(
        "reset_password",
        Work::Other,
        &[Resource::Server(id)],
        effect,
    );
    held.keep().await?;
    Ok(view::made(
        json!({"root_password": secret(20), "action": action}),
    ))
}

pub(in crate::hetzner) async fn request_console(call: Call) -> Answer {
    let id = call.id("server")?;
    call.input(&[])?.done()?;
    let mut held = call.hold().await?;
    unlocked(&held, id)?;
    let action = held.begin(
        "request_console",
        Work::Other,
        &[Resource::Server(id)],
        Effect::None,
    );
    held.keep().await?;
    Ok(view::made(json!({
        "wss_url": format!("wss://console.sandbox.invalid/?server_id={id}&token={}", secret(32)),
        "password": secret(32),
        "action": action,
    })))
}

pub(in crate::hetzner) async fn change_protection(call: Call) -> Answer {
    let id = call.id("server")?;
    let mut input = call.input(&["delete", "rebuild"])?;
    let (delete, rebuild) = (input.flag("delete"), input.flag("rebuild"));
    if delete.is_none() || delete != rebuild {
        input.wrong(
            "delete",
            "delete and rebuild must be given and have the same value",
        );
    }
    input.done()?;
    let mut held = call.hold().await?;
    unlocked(&held, id)?;
    if held.on_action.works() {
        find_mut(&mut held, id)?.protected = delete.unwrap_or_default();
    }
    let action = held.begin(
        "change_protection",
        Work::Other,
        &[Resource::Server(id)],
        Effect::None,
    );
    held.keep().await?;
    Ok(view::begun(&action))
}

pub(in crate::hetzner) async fn change_dns_ptr(call: Call) -> Answer {
    let id = call.id("server")?;
    let (ip, name) = addresses::read_dns_ptr(call.input(&["ip", "dns_ptr"])?)?;
    let mut held = call.hold().await?;
    unlocked(&held, id)?;
    let works = held.on_action.works();
    let addresses = held.hetzner.addresses.values_mut();
    let address = addresses
        .into_iter()
        .filter(|address| address.server == Some(id))
        .find(|address| address.covers(&ip))
        .ok_or_else(|| ApiError::invalid_field("ip", "is not an address of the server"))?;
    if works {
        address.set_name(&ip, name);
    }
    let action = held.begin(
        "change_dns_ptr",
        Work::Other,
        &[Resource::Server(id)],
        Effect::None,
    );
    held.keep().await?;
    Ok(view::begun(&action))
}

/// The actions that the vendor has and the sandbox has not.
const NOT_EMULATED: &[&str] = &[
    "add_to_placement_group",
    "attach_iso",
    "attach_to_network",
    "change_alias_ips",
    "change_type",
    "create_image",
    "detach_from_network",
    "detach_iso",
    "disable_backup",
    "enable_backup",
    "remove_from_placement_group",
];

/// What the vendor can and the sandbox cannot.
pub(in crate::hetzner) async fn unsupported(call: Call) -> Answer {
    let id = call.id("server")?;
    let action = call.path_text("action_id");
    if !NOT_EMULATED.contains(&action) {
        return Err(ApiError::not_found("server action", action));
    }
    let held = call.hold().await?;
    find(&held, id)?;
    Err(ApiError::unsupported(&format!("the action {action}")))
}
