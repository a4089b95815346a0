//! `POST /servers`: an order is checked whole before anything is made.

use super::super::addresses::{self, Wanted};
use super::super::call::{Answer, Call};
use super::super::error::ApiError;
use super::super::input::{Input, Reference};
use super::super::labels::Labels;
use super::super::project::{Effect, Family, Resource, Server};
use super::super::{images, names, types, view};
use super::{name_unique, shown};
use crate::latency::Work;
use crate::settings::catalog::{Offer, ServerType};
use crate::world::Held;
use crate::world::document::secret;
use axum::http::StatusCode;
use serde_json::json;

const FIELDS: &[&str] = &[
    "name",
    "location",
    "server_type",
    "start_after_create",
    "image",
    "placement_group",
    "ssh_keys",
    "volumes",
    "networks",
    "firewalls",
    "user_data",
    "labels",
    "automount",
    "public_net",
];
/// The most user data that the vendor takes.
pub(in crate::hetzner) const USER_DATA: usize = 32 * 1024;

/// An order as it was given.
struct Order {
    name: String,
    location: Option<Reference>,
    server_type: Reference,
    image: Reference,
    start: bool,
    ssh_keys: Vec<Reference>,
    volumes: Vec<u64>,
    user_data: Option<String>,
    labels: Labels,
    ipv4: Wanted,
    ipv6: Wanted,
}

/// What it came to.
struct Chosen {
    server_type: String,
    location: String,
    image: u64,
    authorized_keys: Vec<String>,
}

pub(in crate::hetzner) async fn create(call: Call) -> Answer {
    let order = read(call.input(FIELDS)?)?;
    let mut held = call.hold().await?;
    let chosen = choose(&held, &order)?;
    name_unique(&held, &order.name, None)?;
    if u64::try_from(held.hetzner.servers.len()).unwrap_or(u64::MAX)
        >= u64::from(held.settings.quota_servers)
    {
        return Err(quota());
    }
    available(&held, &chosen)?;
    addresses::check(&held, Family::Ipv4, &order.ipv4, &chosen.location)?;
    addresses::check(&held, Family::Ipv6, &order.ipv6, &chosen.location)?;
    check_volumes(&held, &order.volumes, &chosen.location)?;
    let root_password = chosen.authorized_keys.is_empty().then(|| secret(20));
    let start = order.start;
    let id = make(&mut held, order, chosen)?;
    let resources = [Resource::Server(id)];
    let hangs = held.on_action.hangs;
    let action = held.begin(
        "create_server",
        Work::Create,
        &resources,
        Effect::Create(id),
    );
    let next: Vec<_> = start
        .then(|| {
            let creation = held.settings.latency.of(Work::Create);
            // it waits for the other
            held.on_action.hangs = hangs;
            held.begin_after(
                creation,
                "start_server",
                Work::Start,
                &resources,
                Effect::Start(id),
            )
        })
        .into_iter()
        .collect();
    let server = shown(&held, id).await?;
    held.keep().await?;
    Ok(view::made(json!({
        "server": server,
        "action": action,
        "next_actions": next,
        "root_password": root_password,
    })))
}

fn read(mut input: Input) -> Result<Order, ApiError> {
    let name = input.text("name");
    let name = input.name("name", name, names::hostname);
    let server_type = input.reference("server_type");
    let image = input.reference("image");
    for (field, what) in [("networks", "networks"), ("firewalls", "firewalls")] {
        if input.is_filled(field) {
            input.wrong(field, format!("the sandbox has no {what}"));
        }
    }
    if input.number("placement_group").is_some() {
        input.wrong("placement_group", "the sandbox has no placement groups");
    }
    // a matter of the system inside, which mounts nothing by itself here
    input.flag("automount");
    let user_data = input.text("user_data");
    if user_data
        .as_ref()
        .is_some_and(|data| data.len() > USER_DATA)
    {
        input.wrong("user_data", "is longer than 32 KiB");
    }
    let (ipv4, ipv6) = input
        .object(
            "public_net",
            &["enable_ipv4", "enable_ipv6", "ipv4", "ipv6"],
            |net| {
                (
                    Wanted::read(net, Family::Ipv4),
                    Wanted::read(net, Family::Ipv6),
                )
            },
        )
        .unwrap_or_default();
    if ipv4 == Wanted::None && ipv6 == Wanted::None {
        input.wrong(
            "public_net",
            "a server without private networks needs a public address",
        );
    }
    let order = Order {
        name: input.required("name", name),
        location: input.reference("location"),
        server_type: input.required("server_type", server_type),
        image: input.required("image", image),
        start: input.flag("start_after_create").unwrap_or(true),
        ssh_keys: input.references("ssh_keys"),
        volumes: input.numbers("volumes"),
        user_data,
        labels: input.labels("labels").unwrap_or_default(),
        ipv4,
        ipv6,
    };
    input.done()?;
    Ok(order)
}

fn choose(held: &Held<'_>, order: &Order) -> Result<Chosen, ApiError> {
    let settings = &held.settings;
    let server_type = settings
        .server_types
        .iter()
        .find(|found| order.server_type.means(found.id, &found.name))
        .ok_or_else(|| ApiError::invalid_field("server_type", "server type not found"))?;
    let offer = place(held, order, server_type)?;
    if !types::sold(offer, held.now) {
        return Err(ApiError::invalid_field(
            "server_type",
            "server type is deprecated and gone",
        ));
    }
    let image = images::choose(settings, &order.image, server_type.architecture)
        .map_err(|message| ApiError::invalid_field("image", message))?;
    let authorized_keys = order
        .ssh_keys
        .iter()
        .map(|wanted| {
            let keys = held.hetzner.ssh_keys.values();
            keys.into_iter()
                .find(|key| wanted.means(key.id, &key.name))
                .map(|key| key.public_key.clone())
                .ok_or_else(|| ApiError::invalid_field("ssh_keys", "SSH key not found"))
        })
        .collect::<Result<_, _>>()?;
    Ok(Chosen {
        server_type: server_type.name.clone(),
        location: offer.location.clone(),
        image: image.id,
        authorized_keys,
    })
}

/// Where it will stand: without a wish, the first place that has some.
fn place<'a>(
    held: &Held<'_>,
    order: &Order,
    server_type: &'a ServerType,
) -> Result<&'a Offer, ApiError> {
    let settings = &held.settings;
    let Some(wanted) = &order.location else {
        let offers = &server_type.locations;
        return offers
            .iter()
            .find(|offer| settings.available(server_type, &offer.location))
            .or(offers.first())
            .ok_or_else(|| ApiError::invalid_field("server_type", "is sold nowhere"));
    };
    let location = settings
        .locations
        .iter()
        .find(|place| wanted.means(place.id, &place.name))
        .ok_or_else(|| ApiError::invalid_field("location", "location not found"))?;
    server_type
        .locations
        .iter()
        .find(|offer| offer.location == location.name)
        .ok_or_else(|| ApiError::invalid_field("location", "unsupported location for server type"))
}

fn available(held: &Held<'_>, chosen: &Chosen) -> Result<(), ApiError> {
    let found = held
        .settings
        .server_types
        .iter()
        .find(|t| t.name == chosen.server_type);
    if found.is_some_and(|found| held.settings.available(found, &chosen.location)) {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::PRECONDITION_FAILED,
        "resource_unavailable",
        format!(
            "server type {} is unavailable in {}",
            chosen.server_type, chosen.location
        ),
    ))
}

fn quota() -> ApiError {
    ApiError {
        details: json!({"limits": [{"name": "server_limit"}]}),
        ..ApiError::new(
            StatusCode::FORBIDDEN,
            "resource_limit_exceeded",
            "server limit exceeded",
        )
    }
}

fn check_volumes(held: &Held<'_>, volumes: &[u64], location: &str) -> Result<(), ApiError> {
    for id in volumes {
        let volume = held.hetzner.volumes.get(id);
        let message = match volume {
            None => "volume not found",
            Some(volume) if volume.server.is_some() => "volume is already attached",
            Some(volume) if volume.location != location => "volume is in another location",
            Some(_) if held.hetzner.runs_on(Resource::Volume(*id)).is_some() => {
                return Err(ApiError::locked("volume"));
            }
            Some(_) => continue,
        };
        return Err(ApiError::invalid_field("volumes", message));
    }
    Ok(())
}

/// Enters the server, its addresses and its volumes; answers its number.
fn make(held: &mut Held<'_>, order: Order, chosen: Chosen) -> Result<u64, ApiError> {
    let id = held.hetzner.next_id();
    let ipv4 = addresses::give(held, Family::Ipv4, &order.ipv4, &chosen.location, id)?;
    let ipv6 = addresses::give(held, Family::Ipv6, &order.ipv6, &chosen.location, id)?;
    for volume in &order.volumes {
        if let Some(volume) = held.hetzner.volumes.get_mut(volume) {
            volume.server = Some(id);
        }
    }
    let machine_ipv4 = match ipv4.and_then(|ip| ip.parse().ok()) {
        Some(address) => address,
        // it has to listen somewhere, though the vendor shows no address
        None => addresses::free_ipv4(held)?,
    };
    let server = Server {
        id,
        name: order.name,
        created: held.now,
        server_type: chosen.server_type,
        location: chosen.location,
        image: chosen.image,
        labels: order.labels,
        protected: false,
        user_data: order.user_data,
        authorized_keys: chosen.authorized_keys,
        rescue: None,
        machine_ipv4,
        machine_ipv6: ipv6
            .map(|network| format!("{network}1"))
            .unwrap_or_default(),
        hidden: held.on_action.stale,
        reboot_until: None,
    };
    held.hetzner.servers.insert(id, server);
    Ok(id)
}
