//! Flavors: each has another id in each region.

use super::super::call::{Answer, Call, ok};
use super::ids;
use super::project::served;
use super::regions;
use crate::settings::ovh::cloud::{Flavor, Shows};
use crate::world::Held;
use serde_json::{Value, json};

/// Its id in a region.
pub(super) fn id(flavor: &Flavor, region: &str) -> String {
    ids::of("flavor", region, &flavor.name)
}

/// The flavor that has the id in the region.
pub(super) fn find<'a>(held: &'a Held<'_>, id_: &str, region: &str) -> Option<&'a Flavor> {
    let mut flavors = held.settings.ovh.cloud.flavors.iter();
    flavors.find(|flavor| sold(flavor, region) && id(flavor, region) == id_)
}

/// The flavor of that name.
pub(super) fn named<'a>(held: &'a Held<'_>, name: &str) -> Option<&'a Flavor> {
    let mut flavors = held.settings.ovh.cloud.flavors.iter();
    flavors.find(|flavor| flavor.name == name)
}

fn sold(flavor: &Flavor, region: &str) -> bool {
    flavor.regions.iter().any(|place| place == region)
}

/// What an instance of it is billed by.
pub(super) fn plan_code(flavor: &str, monthly: bool) -> String {
    let kind = if monthly {
        "monthly.postpaid"
    } else {
        "consumption"
    };
    format!("{flavor}.{kind}")
}

/// How many more instances the project may have in the region.
pub(super) fn quota_left(held: &Held<'_>, region: &str) -> u32 {
    let used = held.ovh.cloud.instances.values();
    let used = used.filter(|instance| instance.region == region).count();
    let used = u32::try_from(used).unwrap_or(u32::MAX);
    held.settings.ovh.cloud.quota_instances.saturating_sub(used)
}

/// A flavor as the vendor shows it.
pub(super) fn json(held: &Held<'_>, flavor: &Flavor, region: &str) -> Value {
    let cloud = &held.settings.ovh.cloud;
    let gone = cloud.sold_out(&flavor.name, region) == Some(Shows::Listed);
    let monthly = flavor.os_type == "linux";
    json!({
        "id": id(flavor, region),
        "name": flavor.name,
        "region": region,
        "type": flavor.family,
        "osType": flavor.os_type,
        "vcpus": flavor.vcpus,
        "ram": flavor.ram,
        "disk": flavor.disk,
        "inboundBandwidth": 250,
        "outboundBandwidth": 250,
        "available": !gone,
        "quota": quota_left(held, region),
        "planCodes": {
            "hourly": plan_code(&flavor.name, false),
            "monthly": monthly.then(|| plan_code(&flavor.name, true)),
            "license": null,
        },
        "capabilities": [
            {"name": "resize", "enabled": true},
            {"name": "snapshot", "enabled": true},
            {"name": "volume", "enabled": true},
            {"name": "failoverip", "enabled": false},
        ],
    })
}

pub(super) async fn all(call: Call) -> Answer {
    let query = call.query(&["region"])?;
    let held = call.hold().await?;
    served(&call, &held)?;
    let cloud = &held.settings.ovh.cloud;
    let mut found = Vec::new();
    for region in regions::wanted(cloud, query.one("region"))? {
        let here = cloud.flavors.iter().filter(|flavor| sold(flavor, region));
        found.extend(here.map(|flavor| json(&held, flavor, region)));
    }
    Ok(ok(&json!(found)))
}
