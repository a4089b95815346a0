//! What is asked of a vendor, and whether it may be asked twice.

use reqwest::Method;
use serde::Serialize;

/// Whether a request may be sent again when nobody knows whether it took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Twice is the same as once.
    Harmless,
    /// Twice may make two things, or undo the first.
    Harmful,
    /// A first one that comes late would destroy what was done since the second: what got no
    /// answer is looked for, and not sent again.
    Destructive,
}

/// One call to a vendor's API.
#[derive(Debug, Clone)]
pub struct Request {
    /// What is being done, for errors: an infinitive (`create server web-1`).
    pub operation: String,
    /// The method.
    pub method: Method,
    /// The path below the endpoint (`/servers/42`).
    pub path: String,
    /// The query, not yet encoded; a name may occur several times.
    pub query: Vec<(String, String)>,
    /// The JSON body, as it will be sent; a signature covers these bytes.
    pub body: Option<Vec<u8>>,
    /// Whether it may be repeated.
    pub repeat: Repeat,
}

impl Request {
    /// A call of any method; harmless to repeat if HTTP says that the method is.
    pub fn new(method: Method, path: impl Into<String>, operation: impl Into<String>) -> Self {
        let repeat = if method.is_idempotent() {
            Repeat::Harmless
        } else {
            Repeat::Harmful
        };
        Self {
            operation: operation.into(),
            method,
            path: path.into(),
            query: Vec::new(),
            body: None,
            repeat,
        }
    }

    /// The same of what wipes.
    #[must_use]
    pub fn destructive(mut self) -> Self {
        self.repeat = Repeat::Destructive;
        self
    }

    /// Reads something.
    pub fn get(path: impl Into<String>, operation: impl Into<String>) -> Self {
        Self::new(Method::GET, path, operation)
    }

    /// Makes or begins something.
    pub fn post(path: impl Into<String>, operation: impl Into<String>) -> Self {
        Self::new(Method::POST, path, operation)
    }

    /// Replaces something.
    pub fn put(path: impl Into<String>, operation: impl Into<String>) -> Self {
        Self::new(Method::PUT, path, operation)
    }

    /// Removes something.
    pub fn delete(path: impl Into<String>, operation: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path, operation)
    }

    /// With one more pair in the query.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl std::fmt::Display) -> Self {
        self.query.push((name.into(), format!("{value}")));
        self
    }

    /// With a JSON body.
    ///
    /// # Errors
    ///
    /// If the value cannot be written as JSON (a map whose keys are no strings).
    pub fn json(mut self, body: &impl Serialize) -> serde_json::Result<Self> {
        self.body = Some(serde_json::to_vec(body)?);
        Ok(self)
    }

    /// Whether the path is what it will be in a URL: no part of it is empty or one of `.` and `..`
    /// (however they are spelt), which a URL takes as another path.
    pub(crate) fn is_plain(&self) -> bool {
        let mut parts = self.path.strip_prefix('/').unwrap_or(&self.path).split('/');
        parts.all(|part| {
            let part = part.to_ascii_lowercase().replace("%2e", ".");
            !matches!(part.as_str(), "" | "." | "..")
        })
    }

    /// Says that twice is the same as once, although the method does not say so.
    #[must_use]
    pub fn harmless(mut self) -> Self {
        self.repeat = Repeat::Harmless;
        self
    }

    /// Says that twice is not the same as once, although the method says so.
    #[must_use]
    pub fn harmful(mut self) -> Self {
        self.repeat = Repeat::Harmful;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_a_url_takes_as_another_is_seen() {
        for (path, plain) in [
            ("/servers", true),
            ("servers/42", true),
            ("/vps/vps-1a.vps.ovh.net/ips/2001%3Adb8%3A%3A1", true),
            ("/sshkey/..a", true),
            ("/sshkey/", false),
            ("/sshkey//x", false),
            ("/sshkey/..", false),
            ("/sshkey/../instance", false),
            ("/sshkey/.", false),
            ("/sshkey/%2e%2E", false),
            ("/sshkey/.%2e", false),
            ("", false),
        ] {
            assert_eq!(Request::get(path, "look").is_plain(), plain, "{path}");
        }
    }
}
