//! VPS: rented for a term, never made or removed here.

mod act;
mod images;
mod look;
mod tasks;

use super::Routes;
use super::account::Account;
use super::rented::{self, Book, Effect, Product, Service, Terms};
use crate::machine::{Boot, Network, Platform, RescueSystem, Spec};
use crate::settings::Settings;
use crate::settings::ovh::rented::Vps as Offer;
use crate::world::Held;
use crate::world::document::secret;
use axum::Router;
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// What is kept of them. No `Debug`: passwords are in it.
pub(crate) type Rented = Book<Vps>;

/// What a VPS has beside what all rented servers have.
#[derive(Serialize, Deserialize)]
pub(crate) struct Vps {
    /// `netbootMode` is `rescue`.
    rescue: bool,
    /// Its last boot that the vendor knows of was into rescue.
    rescued: bool,
    /// Root's password in rescue: mailed, and never answered.
    password: String,
    keymap: Option<String>,
    sla_monitoring: bool,
}

/// The disk of the rescue system, in GiB.
const RESCUE_DISK: u64 = 3;

/// The gateway of every VPS's IPv4 address, which is alone in its network.
const GATEWAY4: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);

impl Product for Vps {
    type Offer = Offer;

    const KIND: &'static str = "vps";

    fn offers(settings: &Settings) -> &[Offer] {
        &settings.ovh.vps
    }

    fn terms(offer: &Offer) -> Terms<'_> {
        Terms {
            name: &offer.name,
            status: offer.status,
            image: &offer.image,
        }
    }

    fn book(account: &Account) -> &Rented {
        &account.vps
    }

    fn book_mut(account: &mut Account) -> &mut Rented {
        &mut account.vps
    }

    fn fresh(_: &Offer) -> Self {
        Self {
            rescue: false,
            rescued: false,
            password: secret(12),
            keymap: None,
            sla_monitoring: true,
        }
    }

    fn spec(offer: &Offer, common: Spec) -> Spec {
        Spec {
            firmware: offer.firmware,
            memory_mib: offer.memory_mib,
            disk_gib: offer.disk_gib,
            platform: Platform {
                network: Network {
                    gateway4: GATEWAY4,
                    prefix6: 128,
                    gateway6: gateway6(&common.ipv6),
                    auto6: false,
                },
                disks: offer.disks,
                ..common.platform
            },
            ..common
        }
    }

    fn boots(_: &Offer, service: &Service<Self>) -> Boot {
        if !service.own.rescue {
            return Boot::Disk;
        }
        Boot::Rescue {
            authorized_keys: Vec::new(),
            password: Some(service.own.password.clone()),
            system: RescueSystem {
                disk_gib: Some(RESCUE_DISK),
                ..RescueSystem::default()
            },
        }
    }

    fn change(service: &mut Service<Self>, effect: &Effect) {
        match effect {
            Effect::Netboot { rescue, .. } => {
                service.own.rescue = *rescue;
                service.own.password = secret(12);
            }
            Effect::Write(_) => service.own.rescue = false,
            _ => {}
        }
    }

    fn booted(_: &Offer, service: &mut Service<Self>, now: Timestamp) {
        service.own.rescued = service.own.rescue;
        if service.own.rescue {
            let password = Some(service.own.password.clone());
            rented::post(service, now, "Your VPS is in rescue mode", password);
        }
    }
}

/// The gateway of an IPv6 address that is alone in its network: outside that, inside its /64.
fn gateway6(address: &str) -> String {
    let network = address.rfind("::").map_or(address, |at| &address[..at]);
    format!("{network}::1")
}

/// Below `/1.0`.
pub(super) fn routes() -> Routes {
    let at = |below: &str| format!("/vps/{{service}}{below}");
    Router::new()
        .route("/vps", get(look::all))
        .route(&at(""), get(look::one).put(act::change))
        .route(&at("/status"), get(look::status))
        .route(&at("/ips"), get(look::ips))
        .route(&at("/ips/{ip}"), get(look::ip))
        .route(&at("/disks"), get(look::disks))
        .route(&at("/disks/{id}"), get(look::disk))
        .route(&at("/datacenter"), get(look::datacenter))
        .route(&at("/serviceInfos"), get(look::contract))
        .route(&at("/images/available"), get(images::all))
        .route(&at("/images/available/{id}"), get(images::one))
        .route(&at("/images/current"), get(images::current))
        .route(&at("/tasks"), get(tasks::all))
        .route(&at("/tasks/{id}"), get(tasks::one))
        .route(&at("/reboot"), post(act::reboot))
        .route(&at("/start"), post(act::start))
        .route(&at("/stop"), post(act::stop))
        .route(&at("/rebuild"), post(act::rebuild))
        .route(&at("/getConsoleUrl"), post(act::console))
}

/// Lets everything happen that is due; whether anything did.
pub(super) async fn settle(held: &mut Held<'_>) -> bool {
    rented::settle::<Vps>(held).await
}
