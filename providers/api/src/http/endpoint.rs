//! Where an API is, and whether it may be spoken to there.

use std::fmt;
use std::net::IpAddr;
use url::{Host, Url};

/// Whether an API may be spoken to without TLS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PlainHttp {
    /// On this machine only.
    #[default]
    LoopbackOnly,
    /// To the host of this name too, as the URL has it: the token can be read on the way. Only
    /// where somebody asked for it.
    To(String),
}

/// The base URL of an API, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

/// Why a base URL is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("endpoint {url}: {why}")]
pub struct EndpointError {
    /// The URL, without user and password.
    pub url: String,
    /// What is wrong with it, and the mend.
    pub why: &'static str,
}

impl PlainHttp {
    fn names(&self, endpoint: &Endpoint) -> bool {
        matches!(self, Self::To(host) if endpoint.0.host_str() == Some(host))
    }
}

impl Endpoint {
    /// Checks a base URL. `https` is always right, `http` as `plain` says.
    pub fn new(url: &Url, plain: &PlainHttp) -> Result<Self, EndpointError> {
        let refuse = |why| {
            let mut shown = url.clone();
            // neither can fail on a URL that has a host, and one without has no password
            let _ = shown.set_username("");
            let _ = shown.set_password(None);
            shown.set_query(None);
            Err(EndpointError {
                url: shown.to_string(),
                why,
            })
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("a user or password in the URL would end up in logs; remove it");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("a base URL has no query and no fragment; remove them");
        }
        let endpoint = Self(url.clone());
        match url.scheme() {
            _ if !url.has_host() => refuse("it names no host"),
            "https" => Ok(endpoint),
            "http" if plain.names(&endpoint) || endpoint.is_loopback() => Ok(endpoint),
            "http" => refuse(
                "without TLS the token could be read on the way; use https (plain http is for \
                 loopback, or where PROVISION_PLAIN_HTTP names the host)",
            ),
            _ => refuse("only https (and http on loopback) can be spoken"),
        }
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip).to_canonical().is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
    }

    /// Whether it is spoken to with TLS.
    pub fn is_tls(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The host as it is written in the URL.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The URL of a path below the base, which may itself have a path (`/v1`).
    pub(crate) fn join(&self, path: &str, query: &[(String, String)]) -> Url {
        let mut url = self.0.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{}", path.trim_start_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, plain: &PlainHttp) -> Result<Endpoint, EndpointError> {
        Endpoint::new(&Url::parse(url).unwrap(), plain)
    }

    #[test]
    fn plain_http_is_for_loopback() {
        for good in [
            "https://api.hetzner.cloud/v1",
            "http://127.0.0.1:8080/v1",
            "http://127.5.6.7/v1",
            "http://[::1]:80/",
            "http://localhost:1/",
        ] {
            assert!(check(good, &PlainHttp::LoopbackOnly).is_ok(), "{good}");
        }
        for bad in [
            "http://api.hetzner.cloud/v1",
            "http://10.0.0.1/",
            "http://127.0.0.1.example.org/",
            "http://localhost.example.org/",
            "http://[2001:db8::1]/",
            "ftp://127.0.0.1/",
            "https://user:pass@api.hetzner.cloud/v1",
            "https://api.hetzner.cloud/v1?x=1",
            "unix:/run/api",
        ] {
            assert!(check(bad, &PlainHttp::LoopbackOnly).is_err(), "{bad}");
        }
        let asked = PlainHttp::To("10.0.0.1".to_owned());
        assert!(check("http://10.0.0.1:8080/v1", &asked).is_ok());
        for other in ["http://10.0.0.11/", "http://10.0.0.1.example/"] {
            assert!(check(other, &asked).is_err(), "{other}");
        }
    }

    #[test]
    fn a_refusal_shows_no_password() {
        let error =
            check("https://me:hunter2@x.org/?token=abc", &PlainHttp::default()).unwrap_err();
        let text = error.to_string();
        assert!(!text.contains("hunter2") && !text.contains("abc"), "{text}");
    }

    #[test]
    fn paths_go_below_the_base() {
        let query = [("label_selector".to_owned(), "a==b,c".to_owned())];
        for base in ["https://x.org/v1", "https://x.org/v1/"] {
            let url = check(base, &PlainHttp::default())
                .unwrap()
                .join("/servers", &query);
            assert_eq!(
                url.as_str(),
                "https://x.org/v1/servers?label_selector=a%3D%3Db%2Cc"
            );
        }
    }
}
