//! Which types at which places, in which order, and which of them are too dear.

use crate::cli::UpFlags;
use crate::failure::{Exit, Failure, Outcome};
use crate::host::Host;
use crate::plan::Wishes;
use provision_api::{Arch, Catalog, Offer};
use rust_decimal::Decimal;
use std::fmt;

/// One type at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The vendor's name of the type.
    pub server_type: String,
    /// The vendor's name of the place.
    pub location: String,
    /// By the hour, in the catalog's currency, the address included; none where the vendor does
    /// not tell.
    pub hourly: Option<Decimal>,
    /// Whether the vendor says that it can be had now.
    pub available: bool,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.server_type, self.location)
    }
}

/// What may be bought, best first: each wished type at each wished place, those that the vendor
/// calls available before those it does not. Where no place is wished, any will do, the cheapest
/// first.
pub fn choices(
    host: &Host,
    wishes: &Wishes,
    flags: &UpFlags,
    catalog: &Catalog,
) -> Outcome<Vec<Choice>> {
    let one = |given: &Option<String>| given.clone().map(|one| vec![one]);
    let types = one(&flags.server_type).unwrap_or_else(|| wishes.types.clone());
    let locations = one(&flags.location).unwrap_or_else(|| wishes.locations.clone());
    if types.is_empty() {
        return Err(config(
            host,
            "no server type is named",
            format!(
                "{} = […] under [{}] in host.toml, or --type",
                wishes.key(),
                wishes.section
            ),
        ));
    }
    let mut all = Vec::new();
    for wanted in &types {
        all.extend(offers(host, catalog, wanted, &locations)?);
    }
    if all.is_empty() {
        return Err(not_sold_there(host, catalog, &types, &locations));
    }
    affordable(
        host,
        all,
        flags.max_price.or(host.spec.max_price),
        &catalog.currency,
    )
}

fn offers(
    host: &Host,
    catalog: &Catalog,
    wanted: &str,
    locations: &[String],
) -> Outcome<Vec<Choice>> {
    let Some(found) = catalog.server_type(wanted) else {
        return Err(config(
            host,
            format!("the vendor has no server type {wanted}"),
            format!(
                "it has {}",
                names(catalog.types.iter().map(|t| t.name.as_str()))
            ),
        ));
    };
    fits(host, wanted, &found.arch)?;
    let choice = |offer: &Offer| Choice {
        server_type: wanted.to_owned(),
        location: offer.location.clone(),
        hourly: offer.hourly,
        available: offer.available && !offer.deprecated,
    };
    if locations.is_empty() {
        let mut anywhere: Vec<Choice> = found.offers.iter().map(choice).collect();
        // what has no price comes last: it may be the dearest
        anywhere.sort_by_key(|c| (c.hourly.is_none(), c.hourly));
        return Ok(anywhere);
    }
    let mut choices = Vec::new();
    for location in locations {
        let known = |l: &str| catalog.types.iter().any(|t| t.offer(l).is_some());
        match found.offer(location) {
            Some(offer) => choices.push(choice(offer)),
            None if known(location) => {}
            None => {
                let all = catalog.types.iter().flat_map(|t| &t.offers);
                return Err(config(
                    host,
                    format!("the vendor has no location {location}"),
                    format!("it has {}", names(all.map(|o| o.location.as_str()))),
                ));
            }
        }
    }
    Ok(choices)
}

/// Both are known to the vendor, and do not go together.
fn not_sold_there(
    host: &Host,
    catalog: &Catalog,
    types: &[String],
    locations: &[String],
) -> Failure {
    let sold: Vec<String> = types
        .iter()
        .filter_map(|wanted| catalog.server_type(wanted))
        .map(|t| {
            let places = names(t.offers.iter().map(|o| o.location.as_str()));
            let places = if places.is_empty() {
                "nowhere"
            } else {
                &places
            };
            format!("{} is sold in {places}", t.name)
        })
        .collect();
    let places = if locations.is_empty() {
        "any location".to_owned()
    } else {
        locations.join(", ")
    };
    config(
        host,
        format!("{} cannot be had in {places}", types.join(", ")),
        sold.join("; "),
    )
}

fn fits(host: &Host, wanted: &str, arch: &Arch) -> Outcome {
    if *arch == host.spec.arch {
        return Ok(());
    }
    Err(config(
        host,
        format!("{wanted} is {arch}, and the host is {}", host.spec.arch),
        "name a type of the host's architecture, or set arch in host.toml",
    ))
}

fn affordable(
    host: &Host,
    all: Vec<Choice>,
    most: Option<Decimal>,
    currency: &str,
) -> Outcome<Vec<Choice>> {
    let cheapest = all.iter().filter_map(|c| c.hourly).min();
    let within = |c: &Choice| most.is_none_or(|most| c.hourly.is_some_and(|price| price <= most));
    let mut left: Vec<Choice> = all.into_iter().filter(within).collect();
    if let (true, Some(most)) = (left.is_empty(), most) {
        let costs = cheapest.map_or_else(
            || "the vendor tells no price of what fits".to_owned(),
            |price| {
                format!(
                    "the cheapest that fits costs {} {currency}/h",
                    price.normalize()
                )
            },
        );
        return Err(Failure::new(
            Exit::Refused,
            format!("{}: too dear", host.name),
            format!(
                "{costs}, and at most {} {currency}/h are allowed",
                most.normalize()
            ),
        )
        .mend("raise --max-price (max_price in host.toml), or name a cheaper type"));
    }
    left.sort_by_key(|c| !c.available);
    Ok(left)
}

fn names<'a>(all: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = all.collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

fn config(host: &Host, why: impl fmt::Display, mend: impl Into<String>) -> Failure {
    Failure::new(
        Exit::Config,
        format!("{}: cannot be ordered", host.name),
        why,
    )
    .mend(mend)
}
