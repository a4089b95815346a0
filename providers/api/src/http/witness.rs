//! A view of each exchange, for tests that hold it against the vendor's schema.

use std::fmt::Debug;

/// One request and its answer, unredacted.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    /// The method (`POST`).
    pub method: &'a str,
    /// The path below the endpoint (`/servers/42`).
    pub path: &'a str,
    /// The query, not encoded.
    pub query: &'a [(String, String)],
    /// The request's body, if it had one.
    pub request: Option<&'a [u8]>,
    /// The answer's status.
    pub status: u16,
    /// The answer's body.
    pub response: &'a [u8],
}

/// Sees every exchange that was completed. It sees secrets: it is for tests, not for logs.
pub trait Witness: Debug + Send + Sync {
    /// Called once an answer was read, whatever its status.
    fn saw(&self, exchange: &Exchange<'_>);
}
