//! Primary IPs moved between servers that are off.

use super::super::call::{Answer, Call};
use super::super::error::ApiError;
use super::super::project::{Effect, Family, Resource, machine_id};
use super::super::{servers, settle, view};
use super::{find, find_mut, read_assignee, read_dns_ptr, unlocked};
use crate::faults::ActionError;
use crate::latency::Work;
use crate::world::Held;

/// That the server can get an address of the family; answers where it stands.
pub(super) fn receiver(held: &Held<'_>, server: u64, family: Family) -> Result<String, ApiError> {
    let found = held
        .hetzner
        .servers
        .get(&server)
        .ok_or_else(|| ApiError::invalid_field("assignee_id", "server not found"))?;
    let (code, message) = match family {
        Family::Ipv4 => ("server_has_ipv4", "the server already has an IPv4 address"),
        Family::Ipv6 => ("server_has_ipv6", "the server already has an IPv6 address"),
    };
    if held.hetzner.address_of(server, family).is_some() {
        return Err(ApiError::unprocessable(code, message));
    }
    servers::unlocked(held, server)?;
    Ok(found.location.clone())
}

async fn stopped(held: &Held<'_>, server: u64) -> Result<(), ApiError> {
    match held.machine(&machine_id(server)) {
        Some(machine) if machine.is_on().await => Err(ApiError::unprocessable(
            "server_not_stopped",
            "the server is running, but needs to be powered off",
        )),
        _ => Ok(()),
    }
}

pub(in crate::hetzner) async fn assign(call: Call) -> Answer {
    let id = call.id("primary IP")?;
    let mut input = call.input(&["assignee_type", "assignee_id"])?;
    let server = read_assignee(&mut input);
    let server = input.required("assignee_id", server);
    input.done()?;
    let mut held = call.hold().await?;
    unlocked(&held, id)?;
    let address = find(&held, id)?;
    if address.server.is_some_and(|other| other != server) {
        return Err(ApiError::unprocessable(
            "primary_ip_already_assigned",
            "the primary IP is already assigned to a different server",
        ));
    }
    let place = receiver(&held, server, address.family)?;
    if place != address.location {
        return Err(ApiError::invalid_field(
            "assignee_id",
            "the server is in another location",
        ));
    }
    stopped(&held, server).await?;
    let action = held.begin(
        "assign_primary_ip",
        Work::Address,
        &[Resource::PrimaryIp(id), Resource::Server(server)],
        Effect::AssignAddress {
            address: id,
            server,
        },
    );
    held.keep().await?;
    Ok(view::begun(&action))
}

/// What an assignment does when it is due.
pub(in crate::hetzner) fn assigned(
    held: &mut Held<'_>,
    address: u64,
    server: u64,
) -> Result<(), ActionError> {
    let machine = held
        .hetzner
        .servers
        .get(&server)
        .map(|server| server.machine_ipv4);
    let Some(found) = held.hetzner.addresses.get_mut(&address) else {
        return Err(settle::failed("the primary IP is gone"));
    };
    if found.family == Family::Ipv4 && found.ip.parse().ok() != machine {
        return Err(settle::failed(
            "a machine of the sandbox keeps the IPv4 address that it was made with",
        ));
    }
    found.server = Some(server);
    Ok(())
}

pub(in crate::hetzner) async fn unassign(call: Call) -> Answer {
    let id = call.id("primary IP")?;
    call.input(&[])?.done()?;
    let mut held = call.hold().await?;
    unlocked(&held, id)?;
    let Some(server) = find(&held, id)?.server else {
        return Err(ApiError::unprocessable(
            "primary_ip_not_assigned",
            "the primary IP is not assigned",
        ));
    };
    servers::unlocked(&held, server)?;
    stopped(&held, server).await?;
    let action = held.begin(
        "unassign_primary_ip",
        Work::Address,
        &[Resource::PrimaryIp(id), Resource::Server(server)],
        Effect::UnassignAddress(id),
    );
    held.keep().await?;
    Ok(view::begun(&action))
}

pub(in crate::hetzner) async fn change_protection(call: Call) -> Answer {
    let id = call.id("primary IP")?;
    let mut input = call.input(&["delete"])?;
    let delete = input.flag("delete");
    input.done()?;
    let mut held = call.hold().await?;
    unlocked(&held, id)?;
    if let Some(delete) = delete
        && held.on_action.works()
    {
        find_mut(&mut held, id)?.protected = delete;
    }
    let action = held.begin(
        "change_protection",
        Work::Other,
        &[Resource::PrimaryIp(id)],
        Effect::None,
    );
    held.keep().await?;
    Ok(view::begun(&action))
}

pub(in crate::hetzner) async fn change_dns_ptr(call: Call) -> Answer {
    let id = call.id("primary IP")?;
    let (ip, name) = read_dns_ptr(call.input(&["ip", "dns_ptr"])?)?;
    let mut held = call.hold().await?;
    unlocked(&held, id)?;
    let works = held.on_action.works();
    let address = find_mut(&mut held, id)?;
    if !address.covers(&ip) {
        return Err(ApiError::invalid_field("ip", "is not in the primary IP"));
    }
    if works {
        address.set_name(&ip, name);
    }
    let action = held.begin(
        "change_dns_ptr",
        Work::Other,
        &[Resource::PrimaryIp(id)],
        Effect::None,
    );
    held.keep().await?;
    Ok(view::begun(&action))
}
