//! Primary IPs: the addresses that servers have, and that may outlive them.

pub(super) mod assign;
mod given;

use super::call::{Answer, Call};
use super::error::ApiError;
use super::input::{Input, Reference};
use super::list::Filter;
use super::project::{Effect, Family, PrimaryIp, Resource};
use super::view::time;
use super::{list, locations, names, view};
use crate::latency::Work;
use crate::world::Held;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv6Addr};

pub(super) use assign::assigned;
pub(super) use given::{Wanted, check, free_ipv4, fresh, give};

impl PrimaryIp {
    /// Whether the address is this one, or in its network.
    pub(super) fn covers(&self, ip: &str) -> bool {
        let network = |text: &str| text.parse::<Ipv6Addr>().map(|ip| u128::from(ip) >> 64);
        match self.family {
            Family::Ipv4 => self.ip == ip,
            Family::Ipv6 => network(ip).is_ok() && network(ip) == network(&self.ip),
        }
    }

    /// Sets the reverse name of an address; without a name an IPv4 address gets its own one.
    pub(super) fn set_name(&mut self, ip: &str, name: Option<String>) {
        match (name, self.family) {
            (Some(name), _) => {
                self.names.insert(ip.to_owned(), name);
            }
            (None, Family::Ipv4) => {
                self.names.insert(ip.to_owned(), own_name(ip));
            }
            (None, Family::Ipv6) => {
                self.names.remove(ip);
            }
        }
    }
}

/// The reverse name that the vendor gives.
fn own_name(ip: &str) -> String {
    let backwards: Vec<&str> = ip.rsplit('.').collect();
    format!("static.{}.clients.sandbox.invalid", backwards.join("."))
}

fn shown(held: &Held<'_>, address: &PrimaryIp) -> Value {
    let names: Vec<Value> = address
        .names
        .iter()
        .map(|(ip, name)| json!({"ip": ip, "dns_ptr": name}))
        .collect();
    let ip = match address.family {
        Family::Ipv4 => address.ip.clone(),
        Family::Ipv6 => format!("{}/64", address.ip),
    };
    json!({
        "id": address.id,
        "name": address.name,
        "labels": address.labels,
        "created": time(address.created),
        "blocked": false,
        "location": locations::named(held, &address.location),
        "ip": ip,
        "dns_ptr": names,
        "protection": {"delete": address.protected},
        "type": address.family.word(),
        "auto_delete": address.auto_delete,
        "assignee_type": "server",
        "assignee_id": address.server,
    })
}

fn find<'a>(held: &'a Held<'_>, id: u64) -> Result<&'a PrimaryIp, ApiError> {
    held.hetzner
        .addresses
        .get(&id)
        .ok_or_else(|| ApiError::not_found("primary IP", id))
}

fn find_mut<'a>(held: &'a mut Held<'_>, id: u64) -> Result<&'a mut PrimaryIp, ApiError> {
    held.hetzner
        .addresses
        .get_mut(&id)
        .ok_or_else(|| ApiError::not_found("primary IP", id))
}

pub(super) async fn all(call: Call) -> Answer {
    let filter = Filter::of(&call.query)?;
    let ip = call.query.one("ip");
    let held = call.hold().await?;
    let found = held
        .hetzner
        .addresses
        .values()
        .filter(|address| filter.fits(&address.name, &address.labels))
        .map(|address| shown(&held, address))
        .filter(|shown| ip.is_none_or(|ip| shown["ip"].as_str() == Some(ip)))
        .collect();
    list::answer(
        &call.query,
        "/primary_ips",
        "primary_ips",
        &["id", "created"],
        found,
    )
}

pub(super) async fn one(call: Call) -> Answer {
    let id = call.id("primary IP")?;
    let held = call.hold().await?;
    Ok(view::shown("primary_ip", &shown(&held, find(&held, id)?)))
}

pub(super) async fn create(call: Call) -> Answer {
    let fields = [
        "name",
        "labels",
        "type",
        "location",
        "assignee_type",
        "assignee_id",
        "auto_delete",
    ];
    let mut input = call.input(&fields)?;
    let name = input.text("name");
    let name = input.name("name", name, names::free);
    let name = input.required("name", name);
    let labels = input.labels("labels").unwrap_or_default();
    let family = read_family(&mut input);
    let location = input.reference("location");
    let server = read_assignee(&mut input);
    let auto_delete = input.flag("auto_delete").unwrap_or_default();
    if location.is_some() == server.is_some() {
        input.wrong("location", "give either a location or an assignee");
    }
    input.done()?;
    let mut held = call.hold().await?;
    name_unique(&held, &name, None)?;
    let place = match server {
        Some(server) => assign::receiver(&held, server, family)?,
        None => named_place(&held, location.as_ref())?,
    };
    let id = fresh(&mut held, family, &place, name)?;
    let action = server.map(|server| {
        held.begin(
            "assign_primary_ip",
            Work::Address,
            &[Resource::PrimaryIp(id), Resource::Server(server)],
            Effect::AssignAddress {
                address: id,
                server,
            },
        )
    });
    let address = find_mut(&mut held, id)?;
    address.labels = labels;
    address.auto_delete = auto_delete;
    let primary_ip = shown(&held, find(&held, id)?);
    held.keep().await?;
    Ok(view::made(
        json!({"primary_ip": primary_ip, "action": action}),
    ))
}

fn read_family(input: &mut Input) -> Family {
    let family = input.text("type");
    match input.required("type", family).as_str() {
        "ipv6" => Family::Ipv6,
        other => {
            // one that is missing was noted already
            if !other.is_empty() && other != "ipv4" {
                input.wrong("type", "must be ipv4 or ipv6");
            }
            Family::Ipv4
        }
    }
}

/// The server of `assignee_type` and `assignee_id`.
fn read_assignee(input: &mut Input) -> Option<u64> {
    if input
        .text("assignee_type")
        .is_some_and(|kind| kind != "server")
    {
        input.wrong("assignee_type", "must be server");
    }
    input.number("assignee_id")
}

pub(super) fn named_place(held: &Held<'_>, wanted: Option<&Reference>) -> Result<String, ApiError> {
    held.settings
        .locations
        .iter()
        .find(|place| wanted.is_some_and(|wanted| wanted.means(place.id, &place.name)))
        .map(|place| place.name.clone())
        .ok_or_else(|| ApiError::invalid_field("location", "location not found"))
}

fn name_unique(held: &Held<'_>, name: &str, own: Option<u64>) -> Result<(), ApiError> {
    let others = held.hetzner.addresses.values();
    names::unique(
        name,
        "primary IP",
        own,
        others.map(|address| (address.id, address.name.as_str())),
    )
}

pub(super) async fn update(call: Call) -> Answer {
    let id = call.id("primary IP")?;
    let mut input = call.input(&["name", "labels", "auto_delete"])?;
    let name = input.text("name");
    let name = input.name("name", name, names::free);
    let (labels, auto_delete) = (input.labels("labels"), input.flag("auto_delete"));
    input.done()?;
    let mut held = call.hold().await?;
    if held.hetzner.runs_on(Resource::PrimaryIp(id)).is_some() {
        return Err(ApiError::new(
            axum::http::StatusCode::CONFLICT,
            "conflict",
            "the primary IP is being changed, please retry",
        ));
    }
    if let Some(name) = &name {
        name_unique(&held, name, Some(id))?;
    }
    let address = find_mut(&mut held, id)?;
    if let Some(name) = name {
        address.name = name;
    }
    if let Some(labels) = labels {
        address.labels = labels;
    }
    if let Some(auto_delete) = auto_delete {
        address.auto_delete = auto_delete;
    }
    held.keep().await?;
    Ok(view::shown("primary_ip", &shown(&held, find(&held, id)?)))
}

pub(super) async fn delete(call: Call) -> Answer {
    let id = call.id("primary IP")?;
    let mut held = call.hold().await?;
    let address = find(&held, id)?;
    if address.protected {
        return Err(ApiError::protected("primary IP", "deletion"));
    }
    if address.server.is_some() {
        return Err(ApiError::unprocessable(
            "must_be_unassigned",
            "primary IP must be unassigned before it is deleted",
        ));
    }
    unlocked(&held, id)?;
    held.hetzner.addresses.remove(&id);
    held.keep().await?;
    Ok(view::nothing())
}

fn unlocked(held: &Held<'_>, id: u64) -> Result<(), ApiError> {
    find(held, id)?;
    match held.hetzner.runs_on(Resource::PrimaryIp(id)) {
        Some(_) => Err(ApiError::locked("primary IP")),
        None => Ok(()),
    }
}

/// The body of both `change_dns_ptr` actions.
pub(super) fn read_dns_ptr(mut input: Input) -> Result<(String, Option<String>), ApiError> {
    let ip = input.text("ip");
    let ip = input.required("ip", ip);
    if !ip.is_empty() && ip.parse::<IpAddr>().is_err() {
        input.wrong("ip", "must be an IP address");
    }
    let name = input.text("dns_ptr");
    let name = input.name("dns_ptr", name, names::hostname);
    input.done()?;
    Ok((ip, name))
}
