//! The addresses that a server is made with.

use super::super::error::ApiError;
use super::super::input::Input;
use super::super::project::{Family, PrimaryIp};
use crate::world::Held;
use axum::http::StatusCode;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// What an order says of one family.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::hetzner) enum Wanted {
    /// A new one, which goes with the server.
    #[default]
    Fresh,
    /// One that is there.
    Given(u64),
    /// None.
    None,
}

impl Wanted {
    pub(in crate::hetzner) fn read(net: &mut Input, family: Family) -> Self {
        let (enable, id) = match family {
            Family::Ipv4 => ("enable_ipv4", "ipv4"),
            Family::Ipv6 => ("enable_ipv6", "ipv6"),
        };
        match (net.flag(enable).unwrap_or(true), net.number(id)) {
            (false, None) => Self::None,
            (false, Some(_)) => {
                net.wrong(id, format!("cannot be given when {enable} is false"));
                Self::None
            }
            (true, None) => Self::Fresh,
            (true, Some(id)) => Self::Given(id),
        }
    }
}

/// That the wish can be met at the location.
pub(in crate::hetzner) fn check(
    held: &Held<'_>,
    family: Family,
    wanted: &Wanted,
    location: &str,
) -> Result<(), ApiError> {
    let Wanted::Given(id) = wanted else {
        return Ok(());
    };
    let address = held
        .hetzner
        .addresses
        .get(id)
        .ok_or_else(|| ApiError::invalid_field("public_net", "primary IP not found"))?;
    if address.family != family {
        return Err(ApiError::new(
            StatusCode::PRECONDITION_FAILED,
            "primary_ip_version_mismatch",
            "the primary IP has the wrong IP version",
        ));
    }
    let busy = address.family == Family::Ipv4
        && address.ip.parse().is_ok_and(|ip| held.address_in_use(ip));
    if address.server.is_some() || busy {
        return Err(ApiError::unprocessable(
            "primary_ip_assigned",
            "the primary IP is assigned to another server",
        ));
    }
    if address.location != location {
        return Err(ApiError::unprocessable(
            "primary_ip_datacenter_mismatch",
            "the primary IP is in another location",
        ));
    }
    Ok(())
}

/// Gives the server what was wanted; answers the address, or the start of the network.
pub(in crate::hetzner) fn give(
    held: &mut Held<'_>,
    family: Family,
    wanted: &Wanted,
    location: &str,
    server: u64,
) -> Result<Option<String>, ApiError> {
    let id = match wanted {
        Wanted::None => return Ok(None),
        Wanted::Given(id) => *id,
        Wanted::Fresh => {
            let id = fresh(held, family, location, String::new())?;
            if let Some(address) = held.hetzner.addresses.get_mut(&id) {
                address.auto_delete = true;
                address.name = format!("primary_ip-{id}");
            }
            id
        }
    };
    Ok(held.hetzner.addresses.get_mut(&id).map(|address| {
        address.server = Some(server);
        address.ip.clone()
    }))
}

/// A new address that nothing has; answers its number.
pub(in crate::hetzner) fn fresh(
    held: &mut Held<'_>,
    family: Family,
    location: &str,
    name: String,
) -> Result<u64, ApiError> {
    let id = held.hetzner.next_id();
    let (ip, names) = match family {
        Family::Ipv4 => {
            let ip = free_ipv4(held)?.to_string();
            let name = super::own_name(&ip);
            (ip.clone(), BTreeMap::from([(ip, name)]))
        }
        Family::Ipv6 => (held.network.ipv6(id), BTreeMap::new()),
    };
    let address = PrimaryIp {
        id,
        name,
        created: held.now,
        family,
        ip,
        location: location.to_owned(),
        labels: BTreeMap::new(),
        protected: false,
        auto_delete: false,
        server: None,
        names,
    };
    held.hetzner.addresses.insert(id, address);
    Ok(id)
}

/// A loopback address that no address and no machine has.
pub(in crate::hetzner) fn free_ipv4(held: &mut Held<'_>) -> Result<Ipv4Addr, ApiError> {
    held.free_address().ok_or_else(|| {
        ApiError::new(
            StatusCode::FORBIDDEN,
            "resource_limit_exceeded",
            "the sandbox's 254 IPv4 addresses are all taken",
        )
    })
}
