//! Dedicated servers: rented for a term, never made or removed here.

mod act;
mod boots;
mod look;
mod specs;

use super::Routes;
use super::account::Account;
use super::rented::{self, Book, Effect, Product, Service, Terms};
use crate::machine::{Board, Boot, Firmware, Network, Platform, RescueSystem, Spec};
use crate::settings::Settings;
use crate::settings::ovh::rented::{Dedicated as Offer, Region};
use crate::world::Held;
use crate::world::document::secret;
use axum::Router;
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// What is kept of them. No `Debug`: passwords are in it.
pub(crate) type Rented = Book<Dedicated>;

/// What a dedicated server has beside what all rented servers have.
#[derive(Serialize, Deserialize)]
pub(crate) struct Dedicated {
    region: Region,
    boot_id: u64,
    /// The login key of the rescue system.
    rescue_key: Option<String>,
    rescue_mail: Option<String>,
    /// The EFI program that boots from the disk.
    loader: Option<String>,
    root_device: Option<String>,
    monitoring: bool,
    no_intervention: bool,
    /// Root's password in rescue, where no key is set: mailed, and never answered.
    password: String,
}

/// The gateway of every server's IPv4 address, as the vendor's newer ones have it.
const GATEWAY4: Ipv4Addr = Ipv4Addr::new(100, 64, 0, 1);

/// The EFI program of the images that can be put on a server.
const STOCK_LOADER: &str = r"\efi\debian\grubx64.efi";

impl Product for Dedicated {
    type Offer = Offer;

    const KIND: &'static str = "dedicatedServer";

    fn offers(settings: &Settings) -> &[Offer] {
        &settings.ovh.dedicated
    }

    fn terms(offer: &Offer) -> Terms<'_> {
        Terms {
            name: &offer.name,
            status: offer.status,
            image: &offer.image,
        }
    }

    fn book(account: &Account) -> &Rented {
        &account.dedicated
    }

    fn book_mut(account: &mut Account) -> &mut Rented {
        &mut account.dedicated
    }

    fn fresh(offer: &Offer) -> Self {
        Self {
            region: offer.region,
            boot_id: boots::harddisk(offer.region),
            rescue_key: None,
            rescue_mail: None,
            loader: (offer.firmware == Firmware::Uefi).then(|| STOCK_LOADER.to_owned()),
            root_device: None,
            monitoring: true,
            no_intervention: false,
            password: secret(12),
        }
    }

    fn spec(offer: &Offer, common: Spec) -> Spec {
        let (first, more) = match offer.disks_gib.split_first() {
            Some((first, more)) => (*first, more.to_vec()),
            None => (0, Vec::new()),
        };
        Spec {
            firmware: offer.firmware,
            memory_mib: offer.memory_mib,
            disk_gib: first,
            platform: Platform {
                board: Board::Metal,
                network: Network {
                    gateway4: GATEWAY4,
                    prefix6: 64,
                    gateway6: gateway6(&common.ipv6),
                    auto6: offer.auto6,
                },
                more_disks_gib: more,
                disks: offer.disks,
            },
            ..common
        }
    }

    fn boots(offer: &Offer, service: &Service<Self>) -> Boot {
        let own = &service.own;
        match boots::find(offer.region, own.boot_id) {
            Some(netboot) if netboot.kind == "rescue" => Boot::Rescue {
                authorized_keys: own.rescue_key.iter().cloned().collect(),
                password: own.rescue_key.is_none().then(|| own.password.clone()),
                system: RescueSystem {
                    hostname: if netboot.linux() {
                        format!("rescue-customer-{}", offer.region.word())
                    } else {
                        netboot.kernel.to_owned()
                    },
                    disk_gib: None,
                    linux: netboot.linux(),
                },
            },
            _ => match &own.loader {
                Some(loader) if !loader.is_empty() => Boot::Chain {
                    loader: loader.clone(),
                },
                _ => Boot::Disk,
            },
        }
    }

    fn change(service: &mut Service<Self>, effect: &Effect) {
        if let Effect::Write(writing) = effect {
            service.own.boot_id = boots::harddisk(service.own.region);
            service.own.loader.clone_from(&writing.loader);
        }
    }

    fn booted(offer: &Offer, service: &mut Service<Self>, now: Timestamp) {
        let rescue = boots::find(offer.region, service.own.boot_id)
            .is_some_and(|netboot| netboot.kind == "rescue");
        if rescue {
            let password = service.own.rescue_key.is_none();
            let password = password.then(|| service.own.password.clone());
            rented::post(service, now, "Your server is in rescue mode", password);
        }
    }
}

/// The IPv6 gateway: outside the /64 that is routed to the server, as the vendor has it.
fn gateway6(address: &str) -> String {
    let network = address.rfind("::").map_or(address, |at| &address[..at]);
    let wider = network.rfind(':').map_or(network, |at| &network[..at]);
    format!("{wider}:ffff:ff:ff:ff:ff")
}

/// Below `/1.0`.
pub(super) fn routes() -> Routes {
    let at = |below: &str| format!("/dedicated/server/{{service}}{below}");
    Router::new()
        .route("/dedicated/server", get(look::all))
        .route(&at(""), get(look::one).put(act::change))
        .route(&at("/boot"), get(look::boots))
        .route(&at("/boot/{id}"), get(look::boot))
        .route(&at("/ips"), get(look::ips))
        .route(&at("/serviceInfos"), get(look::contract))
        .route(&at("/task"), get(look::tasks))
        .route(&at("/task/{id}"), get(look::task))
        .route(&at("/specifications/hardware"), get(specs::hardware))
        .route(&at("/specifications/network"), get(specs::network))
        .route(&at("/install/compatibleTemplates"), get(look::templates))
        .route(&at("/reboot"), post(act::reboot))
        .route(&at("/reinstall"), post(act::reinstall))
}

/// Lets everything happen that is due; whether anything did.
pub(super) async fn settle(held: &mut Held<'_>) -> bool {
    rented::settle::<Dedicated>(held).await
}
