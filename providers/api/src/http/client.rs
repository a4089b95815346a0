//! The client that adapters hold.

use super::rate::Gate;
use super::retry::Look;
use super::{Answer, Authenticate, Clock, Dialect, Endpoint, Limits, Redactor, Request, Witness};
use crate::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a client is made of.
#[derive(Debug)]
pub struct Settings {
    /// Where the API is.
    pub endpoint: Endpoint,
    /// How it speaks.
    pub dialect: Arc<dyn Dialect>,
    /// On whose behalf requests come.
    pub authenticate: Arc<dyn Authenticate>,
    /// How long and how often.
    pub limits: Limits,
    /// Who sees every exchange, in tests.
    pub witness: Option<Arc<dyn Witness>>,
}

/// A client for one vendor's API.
#[derive(Debug)]
pub struct Http {
    pub(super) client: reqwest::Client,
    pub(super) endpoint: Endpoint,
    pub(super) dialect: Arc<dyn Dialect>,
    pub(super) authenticate: Arc<dyn Authenticate>,
    pub(super) limits: Limits,
    pub(super) witness: Option<Arc<dyn Witness>>,
    pub(super) redactor: Redactor,
    pub(super) gate: Gate,
    pub(super) requests: AtomicU64,
    pub(super) clock: Clock,
}

/// How a guarded request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guarded<T, G> {
    /// With an answer.
    Answered(T),
    /// The answer was lost, but a look showed that the request took effect.
    Found(G),
}

impl Http {
    /// A client; no request is sent yet.
    pub fn new(settings: Settings) -> Result<Self> {
        let Settings {
            endpoint,
            dialect,
            authenticate,
            limits,
            witness,
        } = settings;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("provision/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(limits.connect)
            // a redirect would carry a changed request to an address that nobody checked
            .redirect(reqwest::redirect::Policy::none())
            .https_only(endpoint.is_tls());
        if endpoint.is_loopback() {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| {
            let message = format!("cannot set up TLS: {}", error.without_url());
            Error::new(
                ErrorKind::Unavailable,
                dialect.provider(),
                "connect",
                message,
            )
        })?;
        Ok(Self {
            redactor: Redactor::new(authenticate.secrets(), dialect.sensitive_fields()),
            client,
            endpoint,
            dialect,
            authenticate,
            limits,
            witness,
            gate: Gate::default(),
            requests: AtomicU64::new(0),
            clock: Clock::default(),
        })
    }

    /// Requests sent so far, each try counted.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// The vendor's clock, as its answers told it.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Where the API is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Sends it, and answers with the success, read but not parsed.
    pub async fn send(&self, request: &Request) -> Result<Answer> {
        let parse = |answer: &Answer| Ok(answer.clone());
        Ok(answered(
            self.run::<_, Infallible>(request, &parse, None).await?,
        ))
    }

    /// Sends it, and parses the answer.
    pub async fn call<T: DeserializeOwned>(&self, request: &Request) -> Result<T> {
        let parse = |answer: &Answer| self.parsed(answer);
        Ok(answered(
            self.run::<_, Infallible>(request, &parse, None).await?,
        ))
    }

    /// Sends what is harmful to repeat. When nobody knows whether it took effect (no answer, a
    /// broken one, an error of the server), `look` looks for its effect: what it finds is the
    /// answer; only if it finds nothing the request is tried again.
    pub async fn call_guarded<T, G, F, Fut>(
        &self,
        request: &Request,
        look: F,
    ) -> Result<Guarded<T, G>>
    where
        T: DeserializeOwned,
        F: Fn() -> Fut + Sync,
        Fut: Future<Output = Result<Option<G>>> + Send,
    {
        let parse = |answer: &Answer| self.parsed(answer);
        let boxed =
            || -> std::pin::Pin<Box<dyn Future<Output = _> + Send + '_>> { Box::pin(look()) };
        let look: Look<'_, G> = &boxed;
        self.run(request, &parse, Some(look)).await
    }

    fn parsed<T: DeserializeOwned>(&self, answer: &Answer) -> serde_json::Result<T> {
        let is_empty = || answer.body.iter().all(u8::is_ascii_whitespace);
        if self.dialect.empty_is_null() && is_empty() {
            return serde_json::from_slice(b"null");
        }
        answer.json()
    }
}

fn answered<T>(guarded: Guarded<T, Infallible>) -> T {
    match guarded {
        Guarded::Answered(value) => value,
        Guarded::Found(never) => match never {},
    }
}
