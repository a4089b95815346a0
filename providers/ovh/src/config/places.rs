//! Where the API is, and what else follows from that.

use super::{Config, ConfigError, Source};
use provision_api::http::Endpoint;
use provision_api::{Error, ErrorKind, Result};
use url::Url;

/// The API of Europe, Asia and the Pacific (`ovh-eu`).
pub const ENDPOINT_EU: &str = "https://eu.api.ovh.com/1.0";
/// The API of Canada (`ovh-ca`).
pub const ENDPOINT_CA: &str = "https://ca.api.ovh.com/1.0";
/// The API of the United States (`ovh-us`).
pub const ENDPOINT_US: &str = "https://api.us.ovhcloud.com/1.0";

/// One of the vendor's own places.
struct Known {
    name: &'static str,
    endpoint: &'static str,
    /// Below it, tokens are had at `/token`.
    tokens: &'static str,
    /// Whose prices are good there.
    subsidiary: &'static str,
}

const KNOWN: [Known; 3] = [
    Known {
        name: "ovh-eu",
        endpoint: ENDPOINT_EU,
        tokens: "https://www.ovh.com/auth/oauth2",
        subsidiary: "FR",
    },
    Known {
        name: "ovh-ca",
        endpoint: ENDPOINT_CA,
        tokens: "https://ca.ovh.com/auth/oauth2",
        subsidiary: "CA",
    },
    Known {
        name: "ovh-us",
        endpoint: ENDPOINT_US,
        tokens: "https://us.ovhcloud.com/auth/oauth2",
        subsidiary: "US",
    },
];

/// The URLs that everything is below of, checked.
#[derive(Debug)]
pub(crate) struct Places {
    /// The first version of the routes.
    pub(crate) v1: Endpoint,
    /// What `/v2` is below of.
    pub(crate) base: Endpoint,
    /// What `/token` is below of.
    pub(crate) token: Endpoint,
}

/// Whether an endpoint's name is a URL, which may be anybody's.
pub(super) fn is_url(name: &str) -> bool {
    name.contains('/')
}

/// What an endpoint's name stands for; one with a slash is a URL.
pub(super) fn endpoint(name: &str, source: &Source) -> Result<Url, ConfigError> {
    let refuse = |why: String| {
        let from = source.clone();
        Err(ConfigError::Endpoint { from, why })
    };
    let url = match KNOWN.iter().find(|known| known.name == name) {
        Some(known) => known.endpoint,
        None if is_url(name) => name,
        None => return refuse(format!("{name:?}, which is not known")),
    };
    match Url::parse(url) {
        Ok(url) => Ok(url),
        Err(error) => refuse(format!("no URL ({error})")),
    }
}

impl Config {
    pub(crate) fn places(&self, provider: &'static str) -> Result<Places> {
        let check = |url: &Url| {
            Endpoint::new(url, &self.plain).map_err(|error| {
                let message = format!("{error} (from {})", self.endpoint_source);
                Error::new(ErrorKind::Invalid, provider, "use the endpoint", message)
            })
        };
        let v1 = check(&self.endpoint)?;
        let base = base(&self.endpoint);
        let token = match self.known() {
            Some(known) => Url::parse(known.tokens).unwrap_or_else(|_| base.clone()),
            None => below(&base, "auth/oauth2"),
        };
        Ok(Places {
            v1,
            base: check(&base)?,
            token: check(&token)?,
        })
    }

    /// Whose prices are good there (`FR`).
    pub(crate) fn subsidiary(&self) -> &'static str {
        self.known().map_or("FR", |known| known.subsidiary)
    }

    fn known(&self) -> Option<&'static Known> {
        let host = |url: &str| Some(Url::parse(url).ok()?.host_str()?.to_owned());
        let ours = self.endpoint.host_str()?;
        KNOWN
            .iter()
            .find(|known| host(known.endpoint).as_deref() == Some(ours))
    }
}

/// The URL without the version of the routes.
fn base(endpoint: &Url) -> Url {
    let path = endpoint.path().trim_end_matches('/');
    let base = ["/1.0", "/v1"]
        .into_iter()
        .find_map(|version| path.strip_suffix(version));
    let mut url = endpoint.clone();
    url.set_path(base.unwrap_or(path));
    url
}

fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Credentials;

    fn places(endpoint: &str) -> [String; 3] {
        let credentials = Credentials::OAuth2 {
            client_id: "id".to_owned(),
            client_secret: "secret".into(),
        };
        let config = Config::new(endpoint.parse().unwrap(), credentials);
        let places = config.places("ovh").unwrap();
        [places.v1, places.base, places.token].map(|place| place.to_string())
    }

    #[test]
    fn the_other_places_follow_from_the_endpoint() {
        for (endpoint, base, token) in [
            (
                ENDPOINT_EU,
                "https://eu.api.ovh.com/",
                "https://www.ovh.com/auth/oauth2",
            ),
            (
                "https://ca.api.ovh.com/v1",
                "https://ca.api.ovh.com/",
                "https://ca.ovh.com/auth/oauth2",
            ),
            (
                ENDPOINT_US,
                "https://api.us.ovhcloud.com/",
                "https://us.ovhcloud.com/auth/oauth2",
            ),
            (
                "http://127.0.0.1:8080/ovh/1.0",
                "http://127.0.0.1:8080/ovh",
                "http://127.0.0.1:8080/ovh/auth/oauth2",
            ),
            (
                "https://api.example/1.0/",
                "https://api.example/",
                "https://api.example/auth/oauth2",
            ),
        ] {
            assert_eq!(places(endpoint), [endpoint, base, token]);
        }
    }

    #[test]
    fn names_and_urls_are_endpoints() {
        let source = Source::Environment("OVH_ENDPOINT".to_owned());
        assert_eq!(endpoint("ovh-ca", &source).unwrap().as_str(), ENDPOINT_CA);
        let own = "http://127.0.0.1:1/ovh/1.0";
        assert_eq!(endpoint(own, &source).unwrap().as_str(), own);
        for (bad, expected) in [("ovh-mars", "ovh-mars"), ("no/scheme", "no URL")] {
            let error = endpoint(bad, &source).unwrap_err().to_string();
            assert!(
                error.contains(expected) && error.contains("variable OVH_ENDPOINT"),
                "{error}"
            );
        }
    }
}
