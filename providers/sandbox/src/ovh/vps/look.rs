//! A VPS and what belongs to it, as the vendor shows them.

use super::{GATEWAY4, Vps, gateway6};
use crate::ovh::call::{Answer, Call, ok};
use crate::ovh::error::ApiError;
use crate::ovh::rented::{self, Service, enter, service};
use serde_json::json;

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
    let on = rented::is_on(&held, service).await;
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
    let on = rented::is_on(&held, service).await;
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
