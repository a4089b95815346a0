//! Flavors and images by name: the vendor has another id for each in each region.

use super::wire::Flavor;
use super::{PublicCloud, error};
use provision_api::{Error, ErrorKind, Order, Result};
use std::collections::BTreeSet;

/// So many names are told of those that there are.
const TOLD: usize = 30;

impl PublicCloud {
    /// The id of the flavor, which can be had now as far as the vendor tells. A list that says
    /// otherwise is read once more, since it may be as old as this run.
    pub(super) async fn flavor_id(&self, order: &Order) -> Result<String> {
        let round = self.flavors.round();
        match choose(order, &self.flavors().await?) {
            Err(error) if self.flavors.refuse(round).await => {
                tracing::debug!(%error, "looking again");
                choose(order, &self.flavors().await?)
            }
            found => found,
        }
    }

    /// The id of the image of that name.
    pub(super) async fn image_id(
        &self,
        name: &str,
        region: &str,
        operation: &str,
    ) -> Result<String> {
        let images = self.images(region).await?;
        let active = |status: &str| status.is_empty() || status == "active";
        let mut found = images.iter().filter(|image| image.name == name);
        let found = found.find(|image| active(&image.status));
        found.map(|image| image.id.clone()).ok_or_else(|| {
            let names = told(images.iter().map(|image| image.name.as_str()));
            let why = format!("{region} has no image {name:?}; it has {names}");
            error(ErrorKind::NotFound, operation, why)
        })
    }
}

/// The flavor that is ordered, or why it cannot be had.
fn choose(order: &Order, flavors: &[Flavor]) -> Result<String> {
    let (name, region) = (&order.server_type, &order.location);
    let named: Vec<_> = flavors
        .iter()
        .filter(|flavor| flavor.name == *name)
        .collect();
    let here: Vec<_> = named
        .iter()
        .filter(|flavor| flavor.region == *region)
        .collect();
    let to_be_had = here
        .iter()
        .find(|flavor| flavor.available && !spent(flavor));
    match (to_be_had, here.first()) {
        (Some(flavor), _) => Ok(flavor.id.clone()),
        (None, Some(flavor)) if flavor.available => Err(refused(
            order,
            ErrorKind::Quota,
            "the project's quota there is used up; remove something, or raise it in OVHcloud's \
             control panel",
        )),
        (None, Some(_)) => Err(refused(order, ErrorKind::SoldOut, "")),
        (None, None) => {
            let regions = told(flavors.iter().map(|flavor| flavor.region.as_str()));
            let why = if !flavors.iter().any(|flavor| flavor.region == *region) {
                format!("there is no region {region:?}; there are {regions}")
            } else if named.is_empty() {
                format!("there is no flavor {name:?}")
            } else {
                let sold = told(named.iter().map(|flavor| flavor.region.as_str()));
                format!("the flavor {name} is sold in {sold}, and not in {region}")
            };
            Err(refused(order, ErrorKind::NotFound, why))
        }
    }
}

fn refused(order: &Order, kind: ErrorKind, why: impl Into<String>) -> Error {
    let Order {
        name,
        server_type,
        location,
        ..
    } = order;
    let operation = format!("create instance {name} ({server_type} in {location})");
    error(kind, operation, why)
}

/// Whether the quota allows no more of it.
pub(super) fn spent(flavor: &Flavor) -> bool {
    flavor.quota.is_some_and(|quota| quota < 1.0)
}

/// The names that there are, each once.
fn told<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: BTreeSet<_> = names.filter(|name| !name.is_empty()).collect();
    let more = names.len().saturating_sub(TOLD);
    let first: Vec<_> = names.into_iter().take(TOLD).collect();
    let mut text = first.join(", ");
    if text.is_empty() {
        text.push_str("none");
    } else if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}
