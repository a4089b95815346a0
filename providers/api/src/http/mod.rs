//! The one HTTP core under all adapters.
//!
//! A request goes down this chain and its answer comes back up: authenticate → rate limit →
//! retry → redact → parse. The adapter gives a [`Dialect`] (how its vendor speaks of errors and
//! limits) and an [`Authenticate`]; everything else is the same for every vendor:
//!
//! * every request has a timeout, and the whole operation, waits included, a deadline;
//! * only what is harmless to repeat is repeated, or what the caller guards by looking first;
//! * secrets are in no error and in no log;
//! * TLS is always verified, and plain HTTP is for loopback.

mod answer;
mod auth;
mod client;
mod clock;
mod dialect;
mod endpoint;
mod limits;
mod rate;
mod redact;
mod request;
mod retry;
mod transport;
mod witness;

pub use answer::Answer;
pub use auth::{Anonymous, Authenticate, Bearer, Outgoing};
pub use client::{Guarded, Http, Settings};
pub use clock::Clock;
pub use dialect::{Again, Dialect, Fault, Rate};
pub use endpoint::{Endpoint, EndpointError, PlainHttp};
pub use limits::Limits;
pub use redact::{Redactor, Veil};
pub use request::{Repeat, Request};
pub use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
pub use reqwest::{Method, StatusCode};
pub use witness::{Exchange, Witness};
