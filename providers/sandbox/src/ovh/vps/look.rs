//! A VPS and what belongs to it, as the vendor shows them.

use super::{GATEWAY4, Offer, Vps, gateway6};
use crate::ovh::call::{Answer, Call, ok};
use crate::ovh::error::ApiError;
use crate::ovh::rented::{self, Service, Task, enter, listed, opaque, service, time};
use crate::settings::ovh::rented::RentedImage;
use crate::world::Held;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The vendor's words for the states of tasks, and for what they do.
const STATES: &[&str] = &[
    "blocked",
    "cancelled",
    "doing",
    "done",
    "error",
    "paused",
    "todo",
    "waitingAck",
];
const TYPES: &[&str] = &[
    "addVeeamBackupJob",
    "changeRootPassword",
    "createSnapshot",
    "deleteSnapshot",
    "deliverVm",
    "getConsoleUrl",
    "internalTask",
    "migrate",
    "openConsoleAccess",
    "provisioningAdditionalIp",
    "reOpenVm",
    "rebootVm",
    "reinstallVm",
    "removeVeeamBackup",
    "rescheduleAutoBackup",
    "restoreFullVeeamBackup",
    "restoreVeeamBackup",
    "restoreVm",
    "revertSnapshot",
    "setMonitoring",
    "setNetboot",
    "startVm",
    "stopVm",
    "upgradeVm",
];

pub(super) async fn all(call: Call) -> Answer {
    rented::no_tags_asked(&call)?;
    let held = call.hold().await?;
    Ok(ok(&json!(rented::names::<Vps>(&held))))
}

pub(super) async fn one(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    let name = call.path("service");
    let offer = enter::<Vps>(&mut held, name).await?;
    let service = service::<Vps>(&held, name)?;
    let on = match held.machine(&service.machine()) {
        Some(machine) => machine.is_on().await,
        None => false,
    };
    let offered = json!({
        "name": format!("vps-{}-{}-{}", offer.vcore, offer.memory_mib / 1024, offer.disk_gib),
        "offer": "VPS",
        "version": "2019v1",
        "vcore": offer.vcore,
        "memory": offer.memory_mib,
        "disk": offer.disk_gib,
        "maximumAdditionnalIp": 16,
        "availableOptions": ["snapshot", "automatedBackup"],
        "datacenter": [],
    });
    Ok(ok(&json!({
        "name": service.name,
        "displayName": service.display_name,
        "iam": rented::metadata(service),
        "state": state(service, on),
        "netbootMode": if service.own.rescue { "rescue" } else { "local" },
        "zone": offer.zone,
        "zoneType": "region",
        "cluster": "",
        "vcore": offer.vcore,
        "memoryLimit": offer.memory_mib,
        "offerType": "ssd",
        "model": offered,
        "keymap": service.own.keymap,
        "slaMonitoring": service.own.sla_monitoring,
        "monitoringIpBlocks": ["192.0.2.0/28"],
    })))
}

fn state(service: &Service<Vps>, on: bool) -> &'static str {
    let busy = service.busy().map(|task| task.function.as_str());
    match busy {
        Some("rebootVm") => "rebooting",
        Some("reinstallVm") => "installing",
        Some("stopVm") => "stopping",
        _ if !on => "stopped",
        _ if service.own.rescued => "rescued",
        _ => "running",
    }
}

pub(super) async fn status(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    enter::<Vps>(&mut held, call.path("service")).await?;
    let service = service::<Vps>(&held, call.path("service"))?;
    let on = match held.machine(&service.machine()) {
        Some(machine) => machine.is_on().await,
        None => false,
    };
    let word = if on { "up" } else { "down" };
    let port = |port: u16| json!({"port": port, "state": if port == 22 { word } else { "down" }});
    Ok(ok(&json!({
        "ping": word,
        "ssh": port(22),
        "dns": port(53),
        "http": port(80),
        "https": port(443),
        "smtp": port(25),
        "tools": null,
    })))
}

pub(super) async fn ips(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    enter::<Vps>(&mut held, call.path("service")).await?;
    let service = service::<Vps>(&held, call.path("service"))?;
    Ok(ok(&json!([service.ipv4.to_string(), service.ipv6()])))
}

pub(super) async fn ip(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    enter::<Vps>(&mut held, call.path("service")).await?;
    let service = service::<Vps>(&held, call.path("service"))?;
    let (four, six) = (service.ipv4.to_string(), service.ipv6());
    let asked = call.path("ip");
    let (version, gateway) = match asked {
        asked if asked == four => ("v4", GATEWAY4.to_string()),
        asked if asked == six => ("v6", gateway6(&six)),
        _ => return Err(ApiError::not_found("This ip does not exist")),
    };
    Ok(ok(&json!({
        "ipAddress": asked,
        "version": version,
        "type": "primary",
        "gateway": gateway,
        "geolocation": "fr",
        "macAddress": null,
        "reverse": service.name,
    })))
}

/// A VPS has one disk, whose number is its own.
pub(super) async fn disks(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    enter::<Vps>(&mut held, call.path("service")).await?;
    Ok(ok(&json!([
        service::<Vps>(&held, call.path("service"))?.number
    ])))
}

pub(super) async fn disk(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    let offer = enter::<Vps>(&mut held, call.path("service")).await?;
    let service = service::<Vps>(&held, call.path("service"))?;
    if call.path("id") != service.number.to_string() {
        return Err(ApiError::not_found("This disk does not exist"));
    }
    Ok(ok(&json!({
        "id": service.number,
        "serviceName": service.name,
        "size": offer.disk_gib,
        "state": "connected",
        "type": "primary",
        "bandwidthLimit": 0,
        "monitoring": false,
        "lowFreeSpaceThreshold": null,
    })))
}

pub(super) async fn datacenter(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    let offer = enter::<Vps>(&mut held, call.path("service")).await?;
    Ok(ok(
        &json!({"name": offer.zone, "longName": offer.zone, "country": "fr"}),
    ))
}

pub(super) async fn contract(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    enter::<Vps>(&mut held, call.path("service")).await?;
    let service = service::<Vps>(&held, call.path("service"))?;
    Ok(ok(&rented::contract(service, held.now)))
}

/// An image's id: another one in every zone.
fn image_id(offer: &Offer, name: &str) -> String {
    opaque(&["vps-image", &offer.zone, name])
}

/// The image of this id, where it can be had.
pub(super) fn image_of<'a>(held: &'a Held<'_>, offer: &Offer, id: &str) -> Option<&'a RentedImage> {
    let mut images = held.settings.ovh.rented_images.iter();
    images.find(|image| image_id(offer, &image.name) == id)
}

pub(super) async fn images(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    let offer = enter::<Vps>(&mut held, call.path("service")).await?;
    let images = held.settings.ovh.rented_images.iter();
    let ids: Vec<String> = images.map(|image| image_id(&offer, &image.name)).collect();
    Ok(ok(&json!(ids)))
}

pub(super) async fn image(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    let offer = enter::<Vps>(&mut held, call.path("service")).await?;
    let id = call.path("id");
    let image = image_of(&held, &offer, id)
        .ok_or_else(|| ApiError::not_found("This image does not exist"))?;
    Ok(ok(&json!({"id": id, "name": image.name})))
}

pub(super) async fn current_image(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    let offer = enter::<Vps>(&mut held, call.path("service")).await?;
    let image = &service::<Vps>(&held, call.path("service"))?.image;
    Ok(ok(&json!({"id": image_id(&offer, image), "name": image})))
}

fn task_state(task: &Task, now: Timestamp) -> &'static str {
    match (&task.error, task.running()) {
        (Some(error), _) => ["blocked", "cancelled", "paused"]
            .iter()
            .copied()
            .find(|word| *word == error.code)
            .unwrap_or("error"),
        (None, false) => "done",
        (None, true) if task.started == now => "todo",
        (None, true) => "doing",
    }
}

/// `vps.Task`
pub(super) fn shown(task: &Task, now: Timestamp) -> Value {
    json!({
        "id": task.id,
        "date": time(task.started),
        "type": task.function,
        "state": task_state(task, now),
        "progress": task.progress(now),
    })
}

pub(super) async fn tasks(call: Call) -> Answer {
    let query = call.query(&["state", "type"])?;
    let state = rented::word("state", query.one("state"), STATES)?;
    let kind = rented::word("type", query.one("type"), TYPES)?;
    let mut held = call.hold().await?;
    enter::<Vps>(&mut held, call.path("service")).await?;
    let service = service::<Vps>(&held, call.path("service"))?;
    let found: Vec<u64> = listed(service)
        .filter(|task| state.is_none_or(|wanted| task_state(task, held.now) == wanted))
        .filter(|task| kind.is_none_or(|wanted| task.function == wanted))
        .map(|task| task.id)
        .collect();
    Ok(ok(&json!(found)))
}

pub(super) async fn task(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    enter::<Vps>(&mut held, call.path("service")).await?;
    let service = service::<Vps>(&held, call.path("service"))?;
    let task = rented::task(service, call.path("id"))?;
    Ok(ok(&shown(task, held.now)))
}
