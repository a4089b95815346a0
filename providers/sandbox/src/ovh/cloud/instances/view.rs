//! An instance as the vendor shows it, in a list and by itself.

use super::super::super::error::ApiError;
use super::super::{flavors, ids, images, keys, time};
use super::{Instance, find};
use crate::world::Held;
use serde_json::{Value, json};

/// What the vendor calls its state: what is being done to it says more than its power.
pub(super) async fn status(held: &Held<'_>, instance: &Instance) -> &'static str {
    if let Some(status) = instance.task.as_ref().and_then(|task| task.kind.status()) {
        return status;
    }
    if instance.reboot_until.is_some() {
        return "REBOOT";
    }
    if instance.failed {
        return "ERROR";
    }
    if instance.rescue.is_some() {
        return "RESCUE";
    }
    match held.machine(&instance.machine()) {
        Some(machine) if machine.is_on().await => "ACTIVE",
        _ => "SHUTOFF",
    }
}

/// The first address that lies outside of every instance's prefix, which is a single address.
pub(in crate::ovh::cloud) fn gateways(held: &Held<'_>) -> (std::net::Ipv4Addr, String) {
    let (a, b) = held.network.block;
    (
        std::net::Ipv4Addr::new(127, a, 0, 1),
        format!("2001:db8:{:x}::1", u16::from(a) << 8 | u16::from(b)),
    )
}

/// None before there is a machine: the vendor gives them while it builds.
fn addresses(held: &Held<'_>, instance: &Instance) -> Value {
    if held.machine(&instance.machine()).is_none() {
        return json!([]);
    }
    let network = ids::of("network", &instance.region, "Ext-Net");
    let (gateway4, gateway6) = gateways(held);
    json!([
        {
            "ip": instance.ipv4,
            "type": "public",
            "version": 4,
            "networkId": network,
            "gatewayIp": gateway4,
        },
        {
            "ip": instance.ipv6,
            "type": "public",
            "version": 6,
            "networkId": network,
            "gatewayIp": gateway6,
        },
    ])
}

/// What list and detail share.
async fn common(held: &Held<'_>, instance: &Instance) -> Value {
    let billing = instance
        .monthly
        .map(|since| json!({"since": time(since), "status": "ok"}));
    json!({
        "id": instance.id,
        "name": instance.name,
        "created": time(instance.created),
        "region": instance.region,
        "status": status(held, instance).await,
        "ipAddresses": addresses(held, instance),
        "monthlyBilling": billing,
        "planCode": flavors::plan_code(&instance.flavor, instance.monthly.is_some()),
        "operationIds": [],
        "availabilityZone": null,
        "currentMonthOutgoingTraffic": null,
    })
}

/// As lists show it.
pub(super) async fn listed(held: &Held<'_>, id: &str) -> Result<Value, ApiError> {
    let instance = find(held, id)?;
    let mut shown = common(held, instance).await;
    shown["flavorId"] = json!(ids::of("flavor", &instance.region, &instance.flavor));
    shown["imageId"] = json!(ids::of("image", &instance.region, &instance.image));
    shown["sshKeyId"] = json!(instance.key);
    Ok(shown)
}

/// By itself.
pub(super) async fn shown(held: &Held<'_>, id: &str) -> Result<Value, ApiError> {
    let instance = find(held, id)?;
    let mut shown = common(held, instance).await;
    let (region, cloud) = (&instance.region, &held.settings.ovh.cloud);
    let flavor = flavors::named(held, &instance.flavor);
    let image = images::named(held, &instance.image);
    let key = instance.key.as_ref();
    let key = key.and_then(|id| held.ovh.cloud.ssh_keys.get(id));
    let rescue = instance.rescue.as_ref().filter(|rescue| rescue.answered);
    shown["flavor"] = json!(flavor.map(|flavor| flavors::json(held, flavor, region)));
    shown["image"] = json!(image.map(|image| images::json(image, region)));
    shown["sshKey"] = json!(key.map(|key| keys::detail(cloud, key)));
    shown["rescuePassword"] = json!(rescue.map(|rescue| &rescue.password));
    Ok(shown)
}
