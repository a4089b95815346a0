//! What a world is made with: what is sold, for how much, and how it misbehaves.

pub mod catalog;
mod defaults;
mod merge;
pub mod money;
pub mod ovh;

use crate::faults::Rule;
use crate::latency::Latency;
use crate::machine::Faults;
use catalog::{Location, ServerType, SystemImage};
use money::Money;
use ovh::Ovh;
use serde::{Deserialize, Serialize};

pub(crate) use merge::merged;

/// The settings of a world, all of them optional in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// A second token of Hetzner's face that may only read.
    pub token_readonly: Option<String>,
    /// What servers can be ordered as; merged by `name`, their `locations` by `location`.
    pub server_types: Vec<ServerType>,
    /// Where servers can be ordered; merged by `name`.
    pub locations: Vec<Location>,
    /// The vendor's images; merged by `name` and `architecture`.
    pub images: Vec<SystemImage>,
    /// Prices of what is not a server.
    pub prices: Prices,
    /// What cannot be ordered at the moment, beside what the types say themselves.
    pub sold_out: Vec<SoldOut>,
    /// How many servers the account may have.
    pub quota_servers: u32,
    /// An attached volume takes the first disk name, as happens on some real machines.
    pub volume_first: bool,
    /// How many seconds the vendors' clock is ahead of this host's; behind, when negative. All
    /// their times go by it.
    pub clock_skew_seconds: i64,
    /// Whether answers tell the time (`Date`).
    pub tells_time: bool,
    /// How many requests the vendor takes.
    pub rate_limit: RateLimit,
    /// How long things take.
    pub latency: Latency,
    /// Faults of the vendors' HTTP, armed when the world is made and whenever this list changes.
    pub faults: Vec<Rule>,
    /// Faults of machines that are still to be made, by the host name they get.
    pub machine_faults: Vec<MachineFaults>,
    /// OVH's face.
    pub ovh: Ovh,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token_readonly: None,
            server_types: defaults::server_types(),
            locations: defaults::locations(),
            images: defaults::images(),
            prices: Prices::default(),
            sold_out: Vec::new(),
            quota_servers: 25,
            volume_first: false,
            clock_skew_seconds: 0,
            tells_time: true,
            rate_limit: RateLimit::default(),
            latency: Latency::OFF,
            faults: Vec::new(),
            machine_faults: Vec::new(),
            ovh: Ovh::default(),
        }
    }
}

/// Prices of what is not a server, the same at every location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prices {
    /// ISO 4217.
    pub currency: String,
    /// Tax on top of every net amount, in percent.
    pub vat_percent: u32,
    /// Net price of an IPv4 address for an hour.
    pub ipv4_hourly: Money,
    /// Net price of an IPv4 address for a month.
    pub ipv4_monthly: Money,
    /// Net price of a GB of volume for a month.
    pub volume_gb_monthly: Money,
    /// Net price of a GB of image for a month.
    pub image_gb_monthly: Money,
}

impl Default for Prices {
    fn default() -> Self {
        let amount = |text: &str| text.parse().unwrap_or(Money::NOTHING);
        Self {
            currency: "EUR".to_owned(),
            vat_percent: 19,
            ipv4_hourly: amount("0.0008"),
            ipv4_monthly: amount("0.5"),
            volume_gb_monthly: amount("0.044"),
            image_gb_monthly: amount("0.011"),
        }
    }
}

/// A type that cannot be ordered at a location at the moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoldOut {
    /// The server type's name.
    #[serde(rename = "type")]
    pub server_type: String,
    /// The location's name; all of them when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// A bucket of requests that refills steadily.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimit {
    /// How many requests fit in.
    pub limit: u32,
    /// How many come back each second.
    pub per_second: f64,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self {
            limit: 3600,
            per_second: 1.0,
        }
    }
}

/// Faults for machines that are still to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineFaults {
    /// Their host name; a `*` at the end stands for any ending.
    pub name: String,
    /// How they misbehave from their first moment on.
    pub faults: Faults,
}

impl MachineFaults {
    pub(crate) fn fit(&self, hostname: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(start) => hostname.starts_with(start),
            None => hostname == self.name,
        }
    }
}

impl Settings {
    /// Whether the settings fit together; the message says what does not.
    pub(crate) fn check(&self) -> Result<(), String> {
        let known = |name: &str| self.locations.iter().any(|place| place.name == name);
        for server_type in &self.server_types {
            if let Some(offer) = server_type
                .locations
                .iter()
                .find(|offer| !known(&offer.location))
            {
                return Err(format!(
                    "server type {} is offered at {}, which is no location",
                    server_type.name, offer.location
                ));
            }
        }
        for gone in &self.sold_out {
            self.check_sold_out(gone)?;
        }
        let refills = self.rate_limit.per_second.is_finite() && self.rate_limit.per_second > 0.0;
        if self.rate_limit.limit == 0 || !refills {
            return Err("rate_limit needs a limit and a per_second above 0".to_owned());
        }
        if self.token_readonly.as_ref().is_some_and(String::is_empty) {
            return Err("token_readonly is empty: give it characters, or leave it out".to_owned());
        }
        self.ovh.check()?;
        self.faults.iter().try_for_each(Rule::check)
    }

    /// Whether something sold out is something sold at all.
    pub(crate) fn check_sold_out(&self, gone: &SoldOut) -> Result<(), String> {
        let Some(found) = self
            .server_types
            .iter()
            .find(|t| t.name == gone.server_type)
        else {
            return Err(format!(
                "sold_out names the server type {}, which is not sold",
                gone.server_type
            ));
        };
        match &gone.location {
            Some(place) if found.locations.iter().all(|offer| offer.location != *place) => {
                Err(format!(
                    "sold_out names {} at {place}, where it is not sold",
                    gone.server_type
                ))
            }
            _ => Ok(()),
        }
    }

    /// Whether the type can be ordered at the location at the moment.
    pub(crate) fn available(&self, server_type: &ServerType, location: &str) -> bool {
        server_type
            .locations
            .iter()
            .any(|offer| offer.location == location && offer.available)
            && !self.sold_out.iter().any(|gone| {
                gone.server_type == server_type.name
                    && gone
                        .location
                        .as_deref()
                        .is_none_or(|place| place == location)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_fit_together_and_can_be_kept() {
        let settings = Settings::default();
        settings.check().unwrap();
        let kept = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&kept).unwrap(), settings);
    }

    #[test]
    fn what_does_not_fit_is_said() {
        for (file, word) in [
            (r#"{"sold_out":[{"type":"cx99"}]}"#, "cx99"),
            (r#"{"sold_out":[{"type":"cx23","location":"sin"}]}"#, "sin"),
            (r#"{"rate_limit":{"limit":0}}"#, "rate_limit"),
            (r#"{"token_readonly":""}"#, "token_readonly"),
            (
                r#"{"server_types":[{"name":"cx23","locations":[{"location":"moon","hourly":"1","monthly":"1","traffic_tb":1,"traffic_price":"1"}]}]}"#,
                "moon",
            ),
        ] {
            let error =
                merged(&Settings::default(), &serde_json::from_str(file).unwrap()).unwrap_err();
            assert!(error.contains(word), "{file}: {error}");
        }
    }

    #[test]
    fn sold_out_everywhere_or_at_one_place() {
        let file = r#"{"sold_out":[{"type":"cx23","location":"fsn1"},{"type":"cx33"}]}"#;
        let settings = merged(&Settings::default(), &serde_json::from_str(file).unwrap()).unwrap();
        let at = |name: &str, place: &str| {
            let found = settings
                .server_types
                .iter()
                .find(|t| t.name == name)
                .unwrap();
            settings.available(found, place)
        };
        assert!(!at("cx23", "fsn1"));
        assert!(at("cx23", "nbg1"));
        assert!(!at("cx33", "nbg1"));
        assert!(!at("cx43", "sin"), "never sold there");
    }

    #[test]
    fn machine_faults_fit_by_name() {
        let fit = |pattern: &str, name: &str| {
            MachineFaults {
                name: pattern.to_owned(),
                faults: Faults::default(),
            }
            .fit(name)
        };
        assert!(fit("web-1", "web-1") && fit("web*", "web-1") && fit("*", "any"));
        assert!(!fit("web-1", "web-10") && !fit("db*", "web-1"));
    }
}
