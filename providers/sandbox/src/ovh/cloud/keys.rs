//! SSH keys: a name is there once, a key as often as it has names.

use super::super::call::{Answer, Call, nothing, ok};
use super::super::error::ApiError;
use super::super::input::required;
use super::project::{SshKey, served};
use super::regions;
use crate::public_key::fingerprint;
use crate::settings::ovh::cloud::Cloud;
use crate::world::Held;
use serde_json::{Value, json};

/// A key as lists show it.
fn json(cloud: &Cloud, key: &SshKey) -> Value {
    let all = cloud.regions.iter().map(|region| region.name.as_str());
    let regions: Vec<&str> = match &key.region {
        Some(region) => vec![region],
        None => all.collect(),
    };
    json!({
        "id": key.id,
        "name": key.name,
        "publicKey": key.public_key,
        "regions": regions,
    })
}

/// A key by itself.
pub(super) fn detail(cloud: &Cloud, key: &SshKey) -> Value {
    let mut shown = json(cloud, key);
    shown["fingerPrint"] = json!(key.fingerprint);
    shown
}

fn find<'a>(held: &'a Held<'_>, id: &str) -> Result<&'a SshKey, ApiError> {
    let keys = &held.ovh.cloud.ssh_keys;
    keys.get(id)
        .ok_or_else(|| ApiError::not_found(format!("SSH key {id} not found")))
}

pub(super) async fn all(call: Call) -> Answer {
    let query = call.query(&["region"])?;
    let held = call.hold().await?;
    served(&call, &held)?;
    let (cloud, region) = (&held.settings.ovh.cloud, query.one("region"));
    regions::wanted(cloud, region)?;
    let keys = held.ovh.cloud.ssh_keys.values();
    let found: Vec<Value> = keys
        .filter(|key| region.is_none() || key.region.is_none() || key.region.as_deref() == region)
        .filter(|key| held.on_action.lists(key.created, held.now))
        .map(|key| json(cloud, key))
        .collect();
    Ok(ok(&json!(found)))
}

pub(super) async fn one(call: Call) -> Answer {
    call.query(&[])?;
    let held = call.hold().await?;
    served(&call, &held)?;
    let key = find(&held, call.path("key"))?;
    Ok(ok(&detail(&held.settings.ovh.cloud, key)))
}

pub(super) async fn create(call: Call) -> Answer {
    let mut input = call.input(&["name", "publicKey", "region"])?;
    let name = required("name", input.text("name")?)?;
    let public_key = required("publicKey", input.text("publicKey")?)?;
    let region = input.text("region")?;
    let mut held = call.hold().await?;
    served(&call, &held)?;
    regions::wanted(&held.settings.ovh.cloud, region.as_deref())?;
    if name.trim().is_empty() || name.chars().count() > 255 {
        return Err(ApiError::bad_field("name", "has 1 to 255 characters"));
    }
    let Some(fingerprint) = fingerprint(&public_key) else {
        return Err(ApiError::bad_field(
            "publicKey",
            "Given data is not a valid SSH public key",
        ));
    };
    if held.ovh.cloud.ssh_keys.values().any(|key| key.name == name) {
        return Err(ApiError::conflict(format!(
            "Key pair {name} already exists"
        )));
    }
    let key = SshKey {
        id: format!("{:032x}", fastrand::u128(..)),
        name,
        public_key: public_key.trim().to_owned(),
        fingerprint,
        region,
        created: held.now,
    };
    let shown = detail(&held.settings.ovh.cloud, &key);
    held.ovh.cloud.ssh_keys.insert(key.id.clone(), key);
    held.keep().await?;
    Ok(ok(&shown))
}

/// Instances that were made with it keep it inside, and its id.
pub(super) async fn delete(call: Call) -> Answer {
    let mut held = call.hold().await?;
    served(&call, &held)?;
    let id = find(&held, call.path("key"))?.id.clone();
    held.ovh.cloud.ssh_keys.remove(&id);
    held.keep().await?;
    Ok(nothing())
}
