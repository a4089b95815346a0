//! Instances in the project's words.

use super::name::{self, KeyMarks};
use super::wire::{Address, Flavor, Instance, Key};
use ipnet::Ipv6Net;
use jiff::Timestamp;
use provision_api::{Arch, Marks, Server, ServerId, ServerStatus};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Statuses of an instance that is in the vendor's rescue system, or on its way there.
const RESCUE: [&str; 3] = ["RESCUE", "RESCUED", "RESCUING"];

/// An instance as a server. `keys` are the project's, to look up the one that is attached.
pub(super) fn server(instance: &Instance, flavors: &[Flavor], keys: &[Key]) -> Server {
    let key = attached(instance, keys);
    let (name, marks, doubt) = match name::read(&instance.name) {
        Ok(told) => {
            let key_marks = key.and_then(name::read_key);
            let doubt = doubt(
                told.as_ref().map(|told| &told.marks),
                key,
                key_marks.as_ref(),
            );
            match told.filter(|_| doubt.is_none()) {
                Some(told) => (told.name, Some(told.marks), None),
                None => (instance.name.clone(), None, doubt),
            }
        }
        Err(why) => (instance.name.clone(), None, Some(why)),
    };
    if let Some(doubt) = &doubt {
        tracing::warn!(
            instance = instance.id,
            name = instance.name,
            doubt,
            "doubtful marks"
        );
    }
    let (v4, v6) = (public::<Ipv4Addr>(instance), public::<Ipv6Addr>(instance));
    Server {
        id: ServerId::new(instance.id.clone()),
        name,
        status: status(&instance.status),
        ipv4: v4.map(|(ip, _)| ip),
        // one address, whatever the network around it is
        ipv6: v6.map(|(ip, _)| Ipv6Net::from(ip)),
        gateway6: v6.and_then(|(_, address)| address.gateway_ip.as_ref()?.parse().ok()),
        server_type: flavor_name(instance, flavors),
        location: instance.region.clone(),
        // the vendor tells of no other, and sells none
        arch: Arch::X86_64,
        // a server whose age is unknown counts as old, so that nothing treats it as fresh
        created: instance.created.parse().unwrap_or(Timestamp::UNIX_EPOCH),
        rescue_armed: in_rescue(&instance.status),
        protected: false,
        marks,
        doubt,
        labels: std::collections::BTreeMap::new(),
    }
}

/// The name of the key that is attached.
fn attached<'a>(instance: &'a Instance, keys: &'a [Key]) -> Option<&'a str> {
    if let Some(key) = &instance.ssh_key {
        return Some(&key.name);
    }
    let id = instance.ssh_key_id.as_ref()?;
    let key = keys.iter().find(|key| key.id == *id)?;
    Some(&key.name)
}

/// Whether an instance has that key attached.
pub(super) fn uses(instance: &Instance, key: &Key) -> bool {
    let own = instance.ssh_key.as_ref().map(|own| &own.id);
    own.or(instance.ssh_key_id.as_ref()) == Some(&key.id)
}

/// Why the two halves of the marks, which the names of instance and key tell, make no whole.
fn doubt(name: Option<&Marks>, key: Option<&str>, told: Option<&KeyMarks>) -> Option<String> {
    match (name, told) {
        (None, None) => None,
        (Some(marks), Some(told)) if told.agree(marks) => None,
        (Some(marks), Some(told)) => Some(format!(
            "its name says that it was made by run {} of {} for {}, and the key attached to it \
             by run {} of {} for {}",
            marks.run, marks.owner, marks.host, told.run, told.owner, told.host
        )),
        (Some(marks), None) => {
            let key = key.map_or_else(
                || "no key that is there is attached to it".to_owned(),
                |key| format!("the key attached to it, {key:?}, does not"),
            );
            Some(format!(
                "its name says that it was made by run {} of {}, but {key}",
                marks.run, marks.owner
            ))
        }
        (None, Some(told)) => Some(format!(
            "the key attached to it says that it was made by run {} of {}, but its name does not",
            told.run, told.owner
        )),
    }
}

/// The first public address of that family.
fn public<T: std::str::FromStr + Copy>(instance: &Instance) -> Option<(T, &Address)> {
    let public = instance.ip_addresses.iter();
    let mut public = public.filter(|address| address.kind != "private");
    public.find_map(|address| Some((address.ip.parse().ok()?, address)))
}

/// The type's name; its id if it is not sold any more.
fn flavor_name(instance: &Instance, flavors: &[Flavor]) -> String {
    if let Some(flavor) = &instance.flavor {
        return flavor.name.clone();
    }
    let id = instance.flavor_id.clone().unwrap_or_default();
    let known = flavors.iter().find(|flavor| flavor.id == id);
    known.map_or(id, |flavor| flavor.name.clone())
}

/// Whether an instance with that status boots the rescue system next.
pub(super) fn in_rescue(status: &str) -> bool {
    RESCUE.contains(&status)
}

/// Whether an instance with that status is switched off.
pub(super) fn is_off(status: &str) -> bool {
    ["SHUTOFF", "STOPPED"].contains(&status)
}

/// Whether an instance with that status is neither gone nor going.
pub(super) fn is_alive(status: &str) -> bool {
    !["DELETING", "DELETED", "SOFT_DELETED"].contains(&status)
}

/// The status in the project's words.
fn status(word: &str) -> ServerStatus {
    match word {
        "ACTIVE" | "RESCUE" | "RESCUED" | "PASSWORD" => ServerStatus::Running,
        "BUILD" | "BUILDING" | "REBOOT" | "HARD_REBOOT" | "RESCUING" | "UNRESCUING"
        | "RESUMING" | "UNSHELVING" => ServerStatus::Starting,
        "SHUTOFF" | "STOPPED" => ServerStatus::Off,
        "DELETING" | "DELETED" | "SOFT_DELETED" => ServerStatus::Deleting,
        "REBUILD" => ServerStatus::Rebuilding,
        "ERROR" => ServerStatus::Failed,
        other => ServerStatus::Other(other.to_lowercase()),
    }
}
