//! Which vendor's face a request is for, and what differs between them outside of their routes.

use crate::{hetzner, ovh};
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use serde_json::{Value, json};

/// A vendor's face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    Hetzner,
    Ovh,
}

/// A request as it came in, for those who sign or check what was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    /// The whole address, with the host that the client named and with the query.
    pub(crate) url: String,
    /// The path that rules speak of.
    pub(crate) below: String,
    pub(crate) body: Bytes,
}

impl Sent {
    pub(crate) fn new(uri: &Uri, headers: &HeaderMap, below: &str, body: &Bytes) -> Self {
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default();
        let rest = uri
            .path_and_query()
            .map_or("/", axum::http::uri::PathAndQuery::as_str);
        Self {
            url: format!("http://{host}{rest}"),
            below: below.to_owned(),
            body: body.clone(),
        }
    }
}

impl Face {
    /// The face of a path, and the path below its base: what rules of faults speak of.
    pub(crate) fn of(path: &str) -> Option<(Self, &str)> {
        let within = |base: &str| {
            path.strip_prefix(base)
                .filter(|below| below.is_empty() || below.starts_with('/'))
        };
        if let Some(below) = within(hetzner::BASE) {
            return Some((Self::Hetzner, below));
        }
        // its other roots, /v2 and /auth, are no paths below /1.0
        within(ovh::V1)
            .or_else(|| within(ovh::ROOT))
            .map(|below| (Self::Ovh, below))
    }

    /// A new id for a request, and the header that carries it.
    pub(crate) fn request_id(self) -> (&'static str, String) {
        match self {
            Self::Hetzner => ("x-correlation-id", format!("{:016x}", fastrand::u64(..))),
            Self::Ovh => {
                let (start, end) = (fastrand::u32(..), fastrand::u128(..));
                (
                    "x-ovh-queryid",
                    format!("EU.ext-3.{start:08x}.1.{end:032x}"),
                )
            }
        }
    }

    /// An error in the vendor's form.
    pub(crate) fn error(self, status: StatusCode, code: &str, message: &str) -> Value {
        match self {
            Self::Hetzner => {
                json!({"error": {"code": code, "message": message, "details": null}})
            }
            Self::Ovh => {
                let side = if status.is_server_error() {
                    "Server"
                } else {
                    "Client"
                };
                let word = status
                    .canonical_reason()
                    .unwrap_or("Error")
                    .replace(' ', "");
                json!({
                    "class": format!("{side}::{word}"),
                    "message": message,
                    "errorCode": code,
                    "httpCode": status.to_string(),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_belong_to_a_face() {
        for (path, found) in [
            ("/hetzner/v1/servers", Some((Face::Hetzner, "/servers"))),
            ("/hetzner/v1", Some((Face::Hetzner, ""))),
            ("/hetzner/v10", None),
            (
                "/ovh/1.0/cloud/project",
                Some((Face::Ovh, "/cloud/project")),
            ),
            (
                "/ovh/v2/iam/resource",
                Some((Face::Ovh, "/v2/iam/resource")),
            ),
            (
                "/ovh/auth/oauth2/token",
                Some((Face::Ovh, "/auth/oauth2/token")),
            ),
            ("/ovhx", None),
            ("/_sandbox/faults", None),
        ] {
            assert_eq!(Face::of(path), found, "{path}");
        }
    }

    #[test]
    fn errors_have_the_vendors_form() {
        let error = Face::Ovh.error(StatusCode::SERVICE_UNAVAILABLE, "X", "later");
        assert_eq!(error["class"], "Server::ServiceUnavailable");
        assert_eq!(error["httpCode"], "503 Service Unavailable");
        let error = Face::Hetzner.error(StatusCode::SERVICE_UNAVAILABLE, "x", "later");
        assert_eq!(error["error"]["code"], "x");
    }
}
