//! What a world's OVH face is made with; each product has a file of its own.

pub mod cloud;
mod cloud_defaults;
pub mod rented;

use cloud::Cloud;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The settings of OVH's face.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ovh {
    /// How many seconds the vendor's clock is ahead of this host's; behind, when negative.
    pub clock_skew_seconds: i64,
    /// How long an `OAuth2` token is good for, from when it was given.
    pub token_lifetime_seconds: u32,
    /// Consumer keys beside the world's own, or instead of what that one may.
    pub consumer_keys: Vec<ConsumerKey>,
    /// How a rescue system's password gets to its owner.
    pub rescue_password: RescuePassword,
    /// The Public Cloud project.
    pub cloud: Cloud,
    /// The VPSs that the account rents; merged by `name`.
    pub vps: Vec<rented::Vps>,
    /// The dedicated servers that it rents; merged by `name`.
    pub dedicated: Vec<rented::Dedicated>,
    /// The images that can be put on either; merged by `name`.
    pub rented_images: Vec<rented::RentedImage>,
}

impl Default for Ovh {
    fn default() -> Self {
        Self {
            clock_skew_seconds: 0,
            token_lifetime_seconds: 3599,
            consumer_keys: Vec::new(),
            rescue_password: RescuePassword::Answered,
            cloud: Cloud::default(),
            vps: rented::vps(),
            dedicated: rented::dedicated(),
            rented_images: rented::images(),
        }
    }
}

/// How a Public Cloud rescue system's password gets to its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RescuePassword {
    /// `rescueMode` answers it, and the instance shows it while it is in rescue.
    Answered,
    /// Only the console shows it.
    Console,
}

/// A consumer key and what it may.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsumerKey {
    /// The key; none for the world's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How far its owner got with it.
    #[serde(default)]
    pub status: CredentialStatus,
    /// What it may; everything when not given.
    #[serde(default = "everything")]
    pub rules: Vec<AccessRule>,
}

// it is half of a login
impl fmt::Debug for ConsumerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsumerKey")
            .field("key", &self.key.as_ref().map(|_| "***"))
            .field("status", &self.status)
            .field("rules", &self.rules)
            .finish()
    }
}

/// A consumer key's state, in the vendor's words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CredentialStatus {
    /// Good.
    #[default]
    Validated,
    /// It was.
    Expired,
    /// Its owner said no.
    Refused,
    /// Its owner said nothing yet.
    PendingValidation,
}

/// A kind of call that a consumer key may make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessRule {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: String,
    /// The path below `/1.0` (or from `/v2` on); `*` stands for any characters, slashes too.
    pub path: String,
}

/// The rules of a key that may do everything.
pub(crate) fn everything() -> Vec<AccessRule> {
    ["GET", "POST", "PUT", "DELETE"]
        .map(|method| AccessRule {
            method: method.to_owned(),
            path: "/*".to_owned(),
        })
        .to_vec()
}

impl Ovh {
    /// Whether the settings fit together; the message says what does not.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self
            .consumer_keys
            .iter()
            .any(|known| known.key.as_ref().is_some_and(String::is_empty))
        {
            return Err(
                "ovh.consumer_keys has an empty key: give it characters, or leave it out for the \
                 world's own"
                    .to_owned(),
            );
        }
        for rule in self.consumer_keys.iter().flat_map(|known| &known.rules) {
            if !rule.path.starts_with('/') {
                return Err(format!(
                    "a consumer key's rule has the path {:?}, which does not begin with a slash",
                    rule.path
                ));
            }
        }
        if self.token_lifetime_seconds == 0 {
            return Err("ovh.token_lifetime_seconds is 0: no token could be used".to_owned());
        }
        rented::check(&self.vps, &self.dedicated, &self.rented_images)?;
        self.cloud.check()
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::{Settings, merged};
    use serde_json::{Value, json};

    fn lay_over(ovh: &Value) -> Result<Settings, String> {
        merged(&Settings::default(), &json!({ "ovh": ovh }))
    }

    #[test]
    fn what_does_not_fit_is_said() {
        for (file, word) in [
            (json!({"consumer_keys": [{"key": ""}]}), "empty key"),
            (
                json!({"consumer_keys": [{"rules": [{"method": "GET", "path": "cloud"}]}]}),
                "slash",
            ),
            (json!({"token_lifetime_seconds": 0}), "token"),
            (json!({"rescue_password": "mailed"}), "mailed"),
            (json!({"cloud": {"sold_out": [{"flavor": "z9-9"}]}}), "z9-9"),
            (
                json!({"cloud": {"sold_out": [{"flavor": "d2-2", "region": "MOON1"}]}}),
                "MOON1",
            ),
            (
                json!({"cloud": {"flavors": [{"name": "d2-2", "regions": ["MOON1"]}]}}),
                "MOON1",
            ),
            (json!({"cluod": {}}), "cluod"),
            (json!({"vps": [{"name": "a/b"}]}), "a/b"),
            (json!({"vps": [{"name": ""}]}), "no host name"),
            (
                json!({"dedicated": [{"name": "ns1.eu", "image": "Minix"}]}),
                "Minix",
            ),
            (
                json!({"dedicated": [{"name": "ns1.eu", "disks_gib": []}]}),
                "without a disk",
            ),
        ] {
            let error = lay_over(&file).unwrap_err();
            assert!(error.contains(word), "{file}: {error}");
        }
    }

    #[test]
    fn one_flavor_can_be_changed_and_keys_are_not_shown() {
        let settings = lay_over(&json!({
            "cloud": {"flavors": [{"name": "d2-2", "disk": 30}]},
            "consumer_keys": [{"key": "geheim"}],
        }))
        .unwrap();
        let plain = Settings::default().ovh.cloud.flavors;
        let flavors = &settings.ovh.cloud.flavors;
        assert_eq!(flavors.len(), plain.len());
        let found = flavors.iter().find(|flavor| flavor.name == "d2-2").unwrap();
        assert_eq!((found.disk, found.vcpus), (30, 1));
        assert!(!format!("{settings:?}").contains("geheim"));
        assert_eq!(settings.ovh.consumer_keys[0].rules.len(), 4);
    }
}
