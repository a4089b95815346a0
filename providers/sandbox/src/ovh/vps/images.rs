//! The images that can be put on a VPS.

use super::{Offer, Vps};
use crate::ovh::call::{Answer, Call, ok};
use crate::ovh::error::ApiError;
use crate::ovh::rented::{enter, opaque, service};
use crate::settings::ovh::rented::RentedImage;
use crate::world::Held;
use serde_json::json;

/// An image's id: another one in every zone.
fn image_id(offer: &Offer, name: &str) -> String {
    opaque(&["vps-image", &offer.zone, name])
}

/// The image of this id, where it can be had.
pub(super) fn image_of<'a>(held: &'a Held<'_>, offer: &Offer, id: &str) -> Option<&'a RentedImage> {
    let mut images = held.settings.ovh.rented_images.iter();
    images.find(|image| image_id(offer, &image.name) == id)
}

pub(super) async fn all(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    let offer = enter::<Vps>(&mut held, call.path("service")).await?;
    let images = held.settings.ovh.rented_images.iter();
    let ids: Vec<String> = images.map(|image| image_id(&offer, &image.name)).collect();
    Ok(ok(&json!(ids)))
}

pub(super) async fn one(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    let offer = enter::<Vps>(&mut held, call.path("service")).await?;
    let id = call.path("id");
    let image = image_of(&held, &offer, id)
        .ok_or_else(|| ApiError::not_found("This image does not exist"))?;
    Ok(ok(&json!({"id": id, "name": image.name})))
}

pub(super) async fn current(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    let offer = enter::<Vps>(&mut held, call.path("service")).await?;
    let image = &service::<Vps>(&held, call.path("service"))?.image;
    Ok(ok(&json!({"id": image_id(&offer, image), "name": image})))
}
