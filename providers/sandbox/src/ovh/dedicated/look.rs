//! A dedicated server and what belongs to it, as the vendor shows them.

use super::boots::{self, Netboot};
use super::{Dedicated, Offer};
use crate::ovh::call::{Answer, Call, ok};
use crate::ovh::error::ApiError;
use crate::ovh::rented::{self, Service, Task, enter, listed, service, time};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The vendor's words for the states of tasks.
const STATES: &[&str] = &[
    "cancelled",
    "customerError",
    "doing",
    "done",
    "init",
    "ovhError",
    "todo",
];

pub(super) async fn all(call: Call) -> Answer {
    rented::no_tags_asked(&call)?;
    let held = call.hold().await?;
    Ok(ok(&json!(rented::names::<Dedicated>(&held))))
}

pub(super) async fn one(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    let name = call.path("service");
    let offer = enter::<Dedicated>(&mut held, name).await?;
    let service = service::<Dedicated>(&held, name)?;
    let on = rented::is_on(&held, service).await;
    Ok(ok(&shown(&offer, service, on, template(&held, service))))
}

/// The name of the image that is on its disk, in the vendor's words.
fn template<'a>(held: &'a crate::world::Held<'_>, service: &'a Service<Dedicated>) -> &'a str {
    let images = &held.settings.ovh.rented_images;
    let found = images.iter().find(|image| image.name == service.image);
    found.map_or("none_64.ovh", |image| &image.template)
}

/// `dedicated.server.DedicatedWithIAM`
fn shown(offer: &Offer, service: &Service<Dedicated>, on: bool, os: &str) -> Value {
    let own = &service.own;
    json!({
        "name": service.name,
        "serverId": service.number,
        "iam": rented::metadata(service),
        "ip": service.ipv4.to_string(),
        "reverse": service.name,
        "os": os,
        "state": "ok",
        "powerState": if on { "poweron" } else { "poweroff" },
        "region": format!("{}-west-{}", offer.region.word(), offer.datacenter),
        "availabilityZone": format!("{}-west-{}-a", offer.region.word(), offer.datacenter),
        "datacenter": offer.datacenter,
        "rack": "G303C24",
        "commercialRange": "advance",
        "linkSpeed": 1000,
        "supportLevel": "pro",
        "professionalUse": false,
        "newUpgradeSystem": true,
        "monitoring": own.monitoring,
        "noIntervention": own.no_intervention,
        "bootId": own.boot_id,
        "bootScript": null,
        "efiBootloaderPath": own.loader,
        "rescueMail": own.rescue_mail,
        "rescueSshKey": own.rescue_key,
        "rootDevice": own.root_device,
    })
}

pub(super) async fn boots(call: Call) -> Answer {
    let query = call.query(&["bootType"])?;
    let kind = rented::word("bootType", query.one("bootType"), boots::TYPES)?;
    let mut held = call.hold().await?;
    let offer = enter::<Dedicated>(&mut held, call.path("service")).await?;
    let found: Vec<u64> = boots::all(offer.region)
        .filter(|netboot| kind.is_none_or(|wanted| netboot.kind == wanted))
        .map(|netboot| netboot.id)
        .collect();
    Ok(ok(&json!(found)))
}

pub(super) async fn boot(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    let offer = enter::<Dedicated>(&mut held, call.path("service")).await?;
    let id = call.path("id").parse().ok();
    let Netboot {
        id,
        kind,
        kernel,
        description,
    } = id
        .and_then(|id| boots::find(offer.region, id))
        .ok_or_else(|| ApiError::not_found("This netboot does not exist"))?;
    Ok(ok(&json!({
        "bootId": id,
        "bootType": kind,
        "kernel": kernel,
        "description": description,
    })))
}

pub(super) async fn ips(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    enter::<Dedicated>(&mut held, call.path("service")).await?;
    let service = service::<Dedicated>(&held, call.path("service"))?;
    Ok(ok(&json!([
        format!("{}/32", service.ipv4),
        format!("{}/64", service.network6),
    ])))
}

pub(super) async fn contract(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    enter::<Dedicated>(&mut held, call.path("service")).await?;
    let service = service::<Dedicated>(&held, call.path("service"))?;
    Ok(ok(&rented::contract(service, held.now)))
}

pub(super) async fn templates(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    enter::<Dedicated>(&mut held, call.path("service")).await?;
    let images = held.settings.ovh.rented_images.iter();
    let names: Vec<&str> = images.map(|image| image.template.as_str()).collect();
    Ok(ok(&json!({"ovh": names, "personal": []})))
}

fn task_state(task: &Task, now: Timestamp) -> &'static str {
    match (&task.error, task.running()) {
        (Some(error), _) => ["cancelled", "customerError"]
            .iter()
            .copied()
            .find(|word| *word == error.code)
            .unwrap_or("ovhError"),
        (None, false) => "done",
        (None, true) if task.started == now => "init",
        (None, true) => "doing",
    }
}

/// `dedicated.server.Task`
pub(super) fn task_shown(task: &Task, now: Timestamp) -> Value {
    let comment = match &task.error {
        Some(error) => error.message.clone(),
        None => format!("{} requested", task.function),
    };
    json!({
        "taskId": task.id,
        "function": task.function,
        "status": task_state(task, now),
        "comment": comment,
        "startDate": time(task.started),
        "lastUpdate": time(task.finished.unwrap_or(now)),
        "doneDate": task.finished.map(time),
        "needSchedule": false,
        "note": null,
        "plannedInterventionId": null,
        "tags": null,
        "ticketReference": null,
    })
}

pub(super) async fn tasks(call: Call) -> Answer {
    let query = call.query(&["function", "status"])?;
    let status = rented::word("status", query.one("status"), STATES)?;
    let function = query.one("function");
    let mut held = call.hold().await?;
    enter::<Dedicated>(&mut held, call.path("service")).await?;
    let service = service::<Dedicated>(&held, call.path("service"))?;
    let found: Vec<u64> = listed(service)
        .filter(|task| status.is_none_or(|wanted| task_state(task, held.now) == wanted))
        .filter(|task| function.is_none_or(|wanted| task.function == wanted))
        .map(|task| task.id)
        .collect();
    Ok(ok(&json!(found)))
}

pub(super) async fn task(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    enter::<Dedicated>(&mut held, call.path("service")).await?;
    let service = service::<Dedicated>(&held, call.path("service"))?;
    let task = rented::task(service, call.path("id"))?;
    Ok(ok(&task_shown(task, held.now)))
}
