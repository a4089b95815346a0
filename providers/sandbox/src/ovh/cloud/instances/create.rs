//! `POST …/instance`: an order is checked whole before anything is made.

use super::super::super::call::{Answer, Call, ok};
use super::super::super::error::ApiError;
use super::super::super::input::{Input, required};
use super::super::project::served;
use super::super::{flavors, ids, images, regions};
use super::kept::{Instance, Kind, task};
use super::{check_name, view};
use crate::faults::ActionError;
use crate::settings::ovh::cloud::{Flavor, Image, Shows};
use crate::world::Held;

const FIELDS: &[&str] = &[
    "autobackup",
    "availabilityZone",
    "flavorId",
    "groupId",
    "imageId",
    "monthlyBilling",
    "name",
    "networks",
    "region",
    "sshKeyId",
    "userData",
    "volumeId",
];
/// What the vendor's platform takes of user data, encoded: 65535 bytes of base64.
const USER_DATA: usize = 65_535 / 4 * 3;

/// An order as it was given.
struct Order {
    name: String,
    region: String,
    flavor: String,
    image: String,
    key: Option<String>,
    user_data: Option<String>,
    monthly: bool,
}

pub(in crate::ovh::cloud) async fn create(call: Call) -> Answer {
    let order = read(call.input(FIELDS)?)?;
    let mut held = call.hold().await?;
    served(&call, &held)?;
    let instance = choose(&mut held, order)?;
    let id = instance.id.clone();
    held.ovh.cloud.instances.insert(id.clone(), instance);
    let shown = view::shown(&held, &id).await?;
    held.keep().await?;
    Ok(ok(&shown))
}

fn read(mut input: Input) -> Result<Order, ApiError> {
    for (field, what) in [
        ("autobackup", "automatic backups"),
        ("availabilityZone", "availability zones"),
        ("groupId", "groups of instances"),
        ("volumeId", "volumes"),
    ] {
        if input.value(field).is_some() {
            return Err(ApiError::unsupported(what));
        }
    }
    let networks = input.value("networks");
    if networks.is_some_and(|networks| networks.as_array().is_none_or(|list| !list.is_empty())) {
        return Err(ApiError::unsupported("private networks"));
    }
    let order = Order {
        name: required("name", input.text("name")?)?,
        region: required("region", input.text("region")?)?,
        flavor: required("flavorId", input.text("flavorId")?)?,
        image: required("imageId", input.text("imageId")?)?,
        key: input.text("sshKeyId")?,
        user_data: input.text("userData")?,
        monthly: input.flag("monthlyBilling")?.unwrap_or_default(),
    };
    check_name("name", &order.name)?;
    let user_data = order.user_data.as_ref();
    if user_data.is_some_and(|data| data.len() > USER_DATA) {
        return Err(ApiError::bad_field("userData", "is longer than 48 KiB"));
    }
    Ok(order)
}

/// The instance that the order comes to, and how its making goes.
fn choose(held: &mut Held<'_>, order: Order) -> Result<Instance, ApiError> {
    let region = order.region;
    regions::wanted(&held.settings.ovh.cloud, Some(&region))?;
    let unknown = |field: &str, id: &str| {
        ApiError::bad_field(field, format!("{id} does not exist in region {region}"))
    };
    let flavor = flavors::find(held, &order.flavor, &region)
        .ok_or_else(|| unknown("flavorId", &order.flavor))?;
    let image = images::find(held, &order.image, &region)
        .ok_or_else(|| unknown("imageId", &order.image))?;
    fits(flavor, image)?;
    let authorized_keys = match &order.key {
        None => Vec::new(),
        Some(id) => {
            let key = held.ovh.cloud.ssh_keys.get(id);
            let key = key.filter(|key| key.region.as_ref().is_none_or(|own| *own == region));
            let key = key.ok_or_else(|| unknown("sshKeyId", id))?;
            vec![key.public_key.clone()]
        }
    };
    let (flavor, image) = (flavor.name.clone(), image.name.clone());
    let sold_out = room(held, &flavor, &region)?;
    let ipv4 = held
        .free_address()
        .ok_or_else(|| ApiError::forbidden("Quota exceeded for addresses of the sandbox: 254"))?;
    let number = held.ovh.next_number();
    let hidden = held.on_action.stale;
    let mut build = task(held, Kind::Build);
    if sold_out {
        build.error = Some(ActionError {
            message: "No valid host was found".to_owned(),
            ..ActionError::default()
        });
    }
    Ok(Instance {
        id: ids::fresh(),
        hostname: hostname(&order.name),
        name: order.name,
        created: held.now,
        flavor,
        image,
        key: order.key,
        authorized_keys,
        user_data: order.user_data,
        ipv4,
        ipv6: format!("{}1", held.network.ipv6(number)),
        monthly: order.monthly.then_some(held.now),
        rescue: None,
        failed: false,
        task: Some(build),
        reboot_until: None,
        hidden,
        region,
    })
}

/// Whether the region has no room though it takes the order; one that says so refuses it.
fn room(held: &Held<'_>, flavor: &str, region: &str) -> Result<bool, ApiError> {
    let quota = held.settings.ovh.cloud.quota_instances;
    if flavors::quota_left(held, region) == 0 {
        return Err(ApiError::forbidden(format!(
            "Quota exceeded for instances in region {region}: requested 1, but already used \
             {quota} of {quota} instances"
        )));
    }
    match held.settings.ovh.cloud.sold_out(flavor, region) {
        None => Ok(false),
        Some(Shows::Accepted) => Ok(true),
        Some(Shows::Listed) => Err(ApiError::bad(format!(
            "Flavor {flavor} is not available in region {region}"
        ))),
    }
}

pub(super) fn fits(flavor: &Flavor, image: &Image) -> Result<(), ApiError> {
    if image.os_type != "linux" {
        return Err(ApiError::unsupported("images that are no Linux"));
    }
    if image.os_type != flavor.os_type {
        return Err(ApiError::bad_field(
            "imageId",
            "Image is not compatible with the flavor's operating system",
        ));
    }
    if image.min_disk > flavor.disk {
        return Err(ApiError::bad_field(
            "imageId",
            "Flavor's disk is too small for the image",
        ));
    }
    Ok(())
}

/// What the platform makes of a name for the system inside: a label of DNS.
fn hostname(name: &str) -> String {
    let label: String = name
        .chars()
        .map(|c| if matches!(c, ' ' | '_' | '.') { '-' } else { c })
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .map(|c| c.to_ascii_lowercase())
        .take(63)
        .collect();
    let label = label.trim_matches('-');
    if label.is_empty() {
        "server".to_owned()
    } else {
        label.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::hostname;

    #[test]
    fn a_name_becomes_a_label() {
        for (name, label) in [
            ("web-1", "web-1"),
            ("Web_1.example org", "web-1-example-org"),
            ("-äö-", "server"),
            (&"a".repeat(80), &"a".repeat(63)),
        ] {
            assert_eq!(hostname(name), label);
        }
    }
}
