//! Images: each has another id in each region.

use super::super::call::{Answer, Call, ok};
use super::project::served;
use super::{ids, regions};
use crate::settings::ovh::cloud::Image;
use crate::world::Held;
use serde_json::{Value, json};

/// Its id in a region.
pub(super) fn id(image: &Image, region: &str) -> String {
    ids::of("image", region, &image.name)
}

/// The image that has the id in the region.
pub(super) fn find<'a>(held: &'a Held<'_>, id_: &str, region: &str) -> Option<&'a Image> {
    let mut images = held.settings.ovh.cloud.images.iter();
    images.find(|image| id(image, region) == id_)
}

/// The image of that name.
pub(super) fn named<'a>(held: &'a Held<'_>, name: &str) -> Option<&'a Image> {
    let mut images = held.settings.ovh.cloud.images.iter();
    images.find(|image| image.name == name)
}

/// An image as the vendor shows it.
pub(super) fn json(image: &Image, region: &str) -> Value {
    json!({
        "id": id(image, region),
        "name": image.name,
        "region": region,
        "visibility": "public",
        "type": image.os_type,
        "minDisk": image.min_disk,
        "minRam": 0,
        "size": 2.5,
        "creationDate": "2026-01-15T09:00:00Z",
        "status": "active",
        "user": image.user,
        "flavorType": null,
        "tags": [],
        "planCode": null,
    })
}

pub(super) async fn all(call: Call) -> Answer {
    let query = call.query(&["region", "osType", "flavorType"])?;
    let held = call.hold().await?;
    served(&call, &held)?;
    let cloud = &held.settings.ovh.cloud;
    let kind = query.one("osType");
    let mut found = Vec::new();
    for region in regions::wanted(cloud, query.one("region"))? {
        let here = cloud.images.iter();
        let here = here.filter(|image| kind.is_none_or(|kind| kind == image.os_type));
        found.extend(here.map(|image| json(image, region)));
    }
    Ok(ok(&json!(found)))
}
