//! SSH keys.

use super::call::{Answer, Call};
use super::error::ApiError;
use super::list::Filter;
use super::project::SshKey;
use super::view::time;
use super::{list, names, view};
use crate::public_key::fingerprint;
use serde_json::{Value, json};

fn json(key: &SshKey) -> Value {
    json!({
        "id": key.id,
        "name": key.name,
        "fingerprint": key.fingerprint,
        "public_key": key.public_key,
        "labels": key.labels,
        "created": time(key.created),
    })
}

pub(super) async fn all(call: Call) -> Answer {
    let filter = Filter::of(&call.query)?;
    let fingerprint = call.query.one("fingerprint");
    let held = call.hold().await?;
    let found = held
        .hetzner
        .ssh_keys
        .values()
        .filter(|key| filter.fits(&key.name, &key.labels))
        .filter(|key| held.on_action.lists(key.created, held.now))
        .filter(|key| fingerprint.is_none_or(|wanted| wanted == key.fingerprint))
        .map(json)
        .collect();
    list::answer(&call.query, "/ssh_keys", "ssh_keys", &["id", "name"], found)
}

pub(super) async fn one(call: Call) -> Answer {
    let id = call.id("SSH key")?;
    let held = call.hold().await?;
    let key = held.hetzner.ssh_keys.get(&id);
    Ok(view::shown(
        "ssh_key",
        &json(key.ok_or_else(|| ApiError::not_found("SSH key", id))?),
    ))
}

pub(super) async fn create(call: Call) -> Answer {
    let mut input = call.input(&["name", "public_key", "labels"])?;
    let name = input.text("name");
    let name = input.name("name", name, names::free);
    let name = input.required("name", name);
    let public_key = input.text("public_key");
    let is_given = public_key.is_some();
    let public_key = input.required("public_key", public_key);
    let labels = input.labels("labels").unwrap_or_default();
    let fingerprint = fingerprint(&public_key);
    if fingerprint.is_none() && is_given {
        input.wrong("public_key", "is not a valid OpenSSH public key");
    }
    input.done()?;
    let mut held = call.hold().await?;
    let fingerprint = fingerprint.unwrap_or_default();
    if held
        .hetzner
        .ssh_keys
        .values()
        .any(|key| key.fingerprint == fingerprint)
    {
        return Err(ApiError::not_unique(
            "public_key",
            "SSH key with the same fingerprint already exists",
        ));
    }
    check_unique(&held, &name, None)?;
    let key = SshKey {
        id: held.hetzner.next_id(),
        name,
        fingerprint,
        public_key: public_key.trim().to_owned(),
        labels,
        created: held.now,
    };
    let shown = json(&key);
    held.hetzner.ssh_keys.insert(key.id, key);
    held.keep().await?;
    Ok(view::made(json!({ "ssh_key": shown })))
}

fn check_unique(
    held: &crate::world::Held<'_>,
    name: &str,
    own: Option<u64>,
) -> Result<(), ApiError> {
    let others = held.hetzner.ssh_keys.values();
    names::unique(
        name,
        "SSH key",
        own,
        others.map(|key| (key.id, key.name.as_str())),
    )
}

pub(super) async fn update(call: Call) -> Answer {
    let id = call.id("SSH key")?;
    let mut input = call.input(&["name", "labels"])?;
    let name = input.text("name");
    let name = input.name("name", name, names::free);
    let labels = input.labels("labels");
    input.done()?;
    let mut held = call.hold().await?;
    if let Some(name) = &name {
        check_unique(&held, name, Some(id))?;
    }
    let key = held.hetzner.ssh_keys.get_mut(&id);
    let key = key.ok_or_else(|| ApiError::not_found("SSH key", id))?;
    if let Some(name) = name {
        key.name = name;
    }
    if let Some(labels) = labels {
        key.labels = labels;
    }
    let shown = json(key);
    held.keep().await?;
    Ok(view::shown("ssh_key", &shown))
}

pub(super) async fn delete(call: Call) -> Answer {
    let id = call.id("SSH key")?;
    let mut held = call.hold().await?;
    if held.hetzner.ssh_keys.remove(&id).is_none() {
        return Err(ApiError::not_found("SSH key", id));
    }
    held.keep().await?;
    Ok(view::nothing())
}
