//! A server as the vendor shows it.

use super::super::error::ApiError;
use super::super::project::{Family, PrimaryIp, Resource, Server};
use super::super::view::time;
use super::super::{images, locations, types};
use super::find;
use crate::world::Held;
use serde_json::{Value, json};

/// The server as it is now.
pub(in crate::hetzner) async fn shown(held: &Held<'_>, id: u64) -> Result<Value, ApiError> {
    let server = find(held, id)?;
    let settings = &held.settings;
    let server_type = settings
        .server_types
        .iter()
        .find(|t| t.name == server.server_type);
    let offer = server_type.and_then(|t| {
        t.locations
            .iter()
            .find(|offer| offer.location == server.location)
    });
    let image = settings
        .images
        .iter()
        .find(|image| image.id == server.image);
    let volumes: Vec<u64> = held
        .hetzner
        .volumes
        .values()
        .filter(|volume| volume.server == Some(id))
        .map(|volume| volume.id)
        .collect();
    Ok(json!({
        "id": id,
        "name": server.name,
        "status": status(held, server).await,
        "created": time(server.created),
        "public_net": {
            "ipv4": held.hetzner.address_of(id, Family::Ipv4).map(ipv4),
            "ipv6": held.hetzner.address_of(id, Family::Ipv6).map(ipv6),
            "floating_ips": [],
            "firewalls": [],
        },
        "private_net": [],
        "server_type": server_type.map(|found| types::json(settings, found)),
        "location": locations::named(held, &server.location),
        "image": image.map(images::json),
        "iso": null,
        "rescue_enabled": server.rescue.is_some(),
        "locked": held.hetzner.runs_on(Resource::Server(id)).is_some(),
        "backup_window": null,
        "outgoing_traffic": 0,
        "ingoing_traffic": 0,
        "included_traffic": offer.map(types::included_traffic),
        "protection": {"delete": server.protected, "rebuild": server.protected},
        "labels": server.labels,
        "volumes": volumes,
        "load_balancers": [],
        "primary_disk_size": server_type.map(|found| found.disk),
        "placement_group": null,
    }))
}

/// What the vendor calls its state: the action that runs on it says more than its power.
async fn status(held: &Held<'_>, server: &Server) -> &'static str {
    let running = held.hetzner.actions.values();
    let now = running
        .filter(|action| action.running() && action.concerns(Resource::Server(server.id)))
        .find_map(|action| match action.command.as_str() {
            "create_server" => Some("initializing"),
            "start_server" => Some("starting"),
            "stop_server" => Some("stopping"),
            "rebuild_server" => Some("rebuilding"),
            "delete_server" => Some("deleting"),
            _ => None,
        });
    if let Some(now) = now {
        return now;
    }
    match held.machine(&server.machine()) {
        Some(machine) if machine.is_on().await => "running",
        _ => "off",
    }
}

fn ipv4(address: &PrimaryIp) -> Value {
    json!({
        "id": address.id,
        "ip": address.ip,
        "blocked": false,
        "dns_ptr": address.names.get(&address.ip).cloned().unwrap_or_default(),
    })
}

fn ipv6(address: &PrimaryIp) -> Value {
    let names: Vec<Value> = address
        .names
        .iter()
        .map(|(ip, name)| json!({"ip": ip, "dns_ptr": name}))
        .collect();
    json!({
        "id": address.id,
        "ip": format!("{}/64", address.ip),
        "blocked": false,
        "dns_ptr": names,
    })
}
