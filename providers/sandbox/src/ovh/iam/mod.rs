//! IAM: the labels of rented servers, by their URN.

use super::Routes;
use super::call::{Answer, Call, nothing, ok};
use super::dedicated::Dedicated;
use super::error::ApiError;
use super::input::required;
use super::rented::{self, Labels, Product, Refused};
use super::vps::Vps;
use crate::world::Held;
use axum::Router;
use axum::routing::{delete, get, post};
use serde_json::{Value, json};

/// The owner of everything here.
const OWNER: &str = "ab12345-ovh";

/// Below `/v2`.
pub(super) fn routes() -> Routes {
    Router::new()
        .route("/iam/resource/{urn}", get(one).put(replace))
        .route("/iam/resource/{urn}/tag", post(add))
        .route("/iam/resource/{urn}/tag/{key}", delete(remove))
}

/// A service of either product.
#[derive(Clone, Copy)]
enum Kind {
    Vps,
    Dedicated,
}

/// Whose URN it is; an account sees its own services only.
fn parse(held: &Held<'_>, urn: &str) -> Result<(Kind, String), ApiError> {
    fn named<P: Product>(held: &Held<'_>, urn: &str) -> Option<String> {
        let mut names = rented::names::<P>(held).into_iter();
        names.find(|name| rented::urn::<P>(name) == urn)
    }
    let vps = named::<Vps>(held, urn).map(|name| (Kind::Vps, name));
    vps.or_else(|| named::<Dedicated>(held, urn).map(|name| (Kind::Dedicated, name)))
        .ok_or_else(|| ApiError::not_found("This resource does not exist"))
}

/// Finds the service, which is served, and makes it if nobody has asked for it before.
async fn enter(held: &mut Held<'_>, urn: &str) -> Result<(Kind, String), ApiError> {
    let (kind, name) = parse(held, urn)?;
    match kind {
        Kind::Vps => drop(rented::enter::<Vps>(held, &name).await?),
        Kind::Dedicated => drop(rented::enter::<Dedicated>(held, &name).await?),
    }
    Ok((kind, name))
}

/// The resource as IAM shows it.
fn shown(held: &Held<'_>, kind: Kind, name: &str) -> Result<Value, ApiError> {
    fn of<P: Product>(held: &Held<'_>, name: &str, kind: &str) -> Result<Value, ApiError> {
        let service = rented::service::<P>(held, name)?;
        Ok(json!({
            "id": service.id,
            "urn": rented::urn::<P>(name),
            "name": name,
            "displayName": service.display_name,
            "type": kind,
            "owner": OWNER,
            "tags": service.labels,
        }))
    }
    match kind {
        Kind::Vps => of::<Vps>(held, name, Vps::KIND),
        Kind::Dedicated => of::<Dedicated>(held, name, Dedicated::KIND),
    }
}

fn labels<'a>(held: &'a mut Held<'_>, kind: Kind, name: &str) -> Result<&'a mut Labels, ApiError> {
    Ok(match kind {
        Kind::Vps => &mut rented::service_mut::<Vps>(held, name)?.labels,
        Kind::Dedicated => &mut rented::service_mut::<Dedicated>(held, name)?.labels,
    })
}

/// Puts these labels in place of the old ones, if the vendor takes them.
fn put(old: &mut Labels, new: Labels) -> Result<(), ApiError> {
    rented::check_labels(old, &new).map_err(|Refused(why)| ApiError::bad(why))?;
    *old = new;
    Ok(())
}

async fn one(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    let (kind, name) = enter(&mut held, call.path("urn")).await?;
    Ok(ok(&shown(&held, kind, &name)?))
}

/// `PUT …/{urn}`: the whole map at once.
async fn replace(call: Call) -> Answer {
    let mut input = call.input(&["tags"])?;
    let tags = required("tags", input.value("tags"))?;
    let tags: Labels = serde_json::from_value(tags)
        .map_err(|_| ApiError::bad_field("tags", "is no map of texts"))?;
    let mut held = call.hold().await?;
    let (kind, name) = enter(&mut held, call.path("urn")).await?;
    put(labels(&mut held, kind, &name)?, tags)?;
    held.keep().await?;
    Ok(ok(&shown(&held, kind, &name)?))
}

/// `POST …/{urn}/tag`: one more; one that is there stays as it is.
async fn add(call: Call) -> Answer {
    let mut input = call.input(&["key", "value"])?;
    let key = required("key", input.text("key")?)?;
    let value = required("value", input.text("value")?)?;
    let mut held = call.hold().await?;
    let (kind, name) = enter(&mut held, call.path("urn")).await?;
    let old = labels(&mut held, kind, &name)?;
    if old.contains_key(&key) {
        return Err(ApiError::conflict(format!(
            "the tag {key} is there already"
        )));
    }
    let mut new = old.clone();
    new.insert(key, value);
    put(old, new)?;
    held.keep().await?;
    Ok(nothing())
}

/// `DELETE …/{urn}/tag/{key}`
async fn remove(call: Call) -> Answer {
    let mut held = call.hold().await?;
    let (kind, name) = enter(&mut held, call.path("urn")).await?;
    let old = labels(&mut held, kind, &name)?;
    let mut new = old.clone();
    if new.remove(call.path("key")).is_none() {
        return Err(ApiError::not_found("This tag does not exist"));
    }
    put(old, new)?;
    held.keep().await?;
    Ok(nothing())
}
