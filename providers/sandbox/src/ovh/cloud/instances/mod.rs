//! Instances: seen, renamed, removed.

pub(super) mod create;
mod kept;
pub(super) mod power;
pub(super) mod rescue;
pub(super) mod system;
mod view;

use super::super::call::{Answer, Call, nothing, ok};
use super::super::error::ApiError;
use super::super::input::required;
use super::project::served;
use super::regions;
use crate::world::Held;
use kept::begin;
use serde_json::json;

pub(super) use kept::{Instance, Kind, Rescue, machine_id};
pub(super) use view::gateways;

pub(super) fn find<'a>(held: &'a Held<'_>, id: &str) -> Result<&'a Instance, ApiError> {
    let instances = &held.ovh.cloud.instances;
    instances
        .get(id)
        .ok_or_else(|| ApiError::not_found(format!("Instance {id} could not be found")))
}

/// That the instance is in one of these states and nothing is being done to it.
async fn in_state(held: &Held<'_>, id: &str, verb: &str, states: &[&str]) -> Result<(), ApiError> {
    let instance = find(held, id)?;
    let found = view::status(held, instance).await;
    if instance.busy() || !states.contains(&found) {
        return Err(ApiError::conflict(format!(
            "Cannot '{verb}' instance {id} while it is in state {found}{}",
            if instance.busy() {
                " and has a task"
            } else {
                ""
            }
        )));
    }
    Ok(())
}

/// A name that the vendor takes; others may have the same.
fn check_name(field: &str, name: &str) -> Result<(), ApiError> {
    if name.trim().is_empty() || name.trim() != name || name.chars().count() > 255 {
        return Err(ApiError::bad_field(
            field,
            "has 1 to 255 characters, and no blanks around them",
        ));
    }
    Ok(())
}

pub(super) async fn all(call: Call) -> Answer {
    let query = call.query(&["region"])?;
    let mut held = call.hold().await?;
    served(&call, &held)?;
    let region = query.one("region");
    regions::wanted(&held.settings.ovh.cloud, region)?;
    let (now, fault) = (held.now, held.on_action.clone());
    let mut wanted = Vec::new();
    for instance in held.ovh.cloud.instances.values_mut() {
        if region.is_some_and(|region| region != instance.region)
            || !fault.lists(instance.created, now)
        {
            continue;
        }
        // a list that is behind, on demand
        if instance.hidden > 0 {
            instance.hidden -= 1;
        } else {
            wanted.push(instance.id.clone());
        }
    }
    let mut found = Vec::new();
    for id in wanted {
        found.push(view::listed(&held, &id).await?);
    }
    Ok(ok(&json!(found)))
}

pub(super) async fn one(call: Call) -> Answer {
    call.query(&[])?;
    let held = call.hold().await?;
    served(&call, &held)?;
    Ok(ok(&view::shown(&held, call.path("instance")).await?))
}

pub(super) async fn rename(call: Call) -> Answer {
    let mut input = call.input(&["instanceName"])?;
    let name = required("instanceName", input.text("instanceName")?)?;
    check_name("instanceName", &name)?;
    let mut held = call.hold().await?;
    served(&call, &held)?;
    let id = find(&held, call.path("instance"))?.id.clone();
    if let Some(instance) = held.ovh.cloud.instances.get_mut(&id) {
        instance.name = name;
    }
    held.keep().await?;
    Ok(nothing())
}

/// Whatever is being done to it; one that goes already goes on going.
pub(super) async fn delete(call: Call) -> Answer {
    let mut held = call.hold().await?;
    served(&call, &held)?;
    let instance = find(&held, call.path("instance"))?;
    let goes = instance
        .task
        .as_ref()
        .is_some_and(|task| matches!(task.kind, Kind::Delete) && task.due.is_some());
    let id = instance.id.clone();
    if !goes {
        begin(&mut held, &id, Kind::Delete);
    }
    held.keep().await?;
    Ok(nothing())
}

/// What the console of a machine shows that the machine does not know by itself: a password that
/// the API keeps to itself.
pub(crate) fn console_notes(held: &Held<'_>, machine: &str) -> Vec<String> {
    let mut instances = held.ovh.cloud.instances.values();
    let rescue = instances
        .find(|instance| instance.machine() == machine)
        .and_then(|instance| instance.rescue.as_ref());
    rescue
        .filter(|rescue| !rescue.answered)
        .map(|rescue| format!("rescue password: {}", rescue.password))
        .into_iter()
        .collect()
}
