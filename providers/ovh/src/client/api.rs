//! One set of routes: JSON in, JSON or nothing out.

use super::proof::Proof;
use crate::dialect::NOT_GRANTED;
use jiff::Timestamp;
use provision_api::http::{Answer, Guarded, Http, Repeat, Request};
use provision_api::{Error, ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// The routes below one prefix.
#[derive(Debug)]
pub(crate) struct Api {
    provider: &'static str,
    http: Http,
    proof: Arc<Proof>,
    prefix: &'static str,
}

impl Api {
    pub(super) fn new(
        provider: &'static str,
        http: Http,
        proof: Arc<Proof>,
        prefix: &'static str,
    ) -> Self {
        Self {
            provider,
            http,
            proof,
            prefix,
        }
    }

    pub(super) fn requests(&self) -> u64 {
        self.http.requests()
    }

    pub(super) fn now(&self) -> Option<Timestamp> {
        self.http.clock().now()
    }

    /// Reads something.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, operation: &str) -> Result<T> {
        self.call(Request::get(path, operation)).await
    }

    /// Replaces something. What the vendor answers is not read.
    pub(crate) async fn put(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
        operation: &str,
    ) -> Result<()> {
        let request = self.with_body(Request::put(path, operation), body)?;
        self.send(request).await.map(drop)
    }

    /// Removes something. What the vendor answers is not read.
    pub(crate) async fn delete(&self, path: &str, operation: &str) -> Result<()> {
        self.send(Request::delete(path, operation)).await.map(drop)
    }

    /// Any request, and its answer parsed; an empty one counts as `null`.
    pub(crate) async fn call<T: DeserializeOwned>(&self, request: Request) -> Result<T> {
        let request = self.prefixed(request);
        let round = self.proof.round();
        match self.http.call(&request).await {
            Err(error) if self.proof.mends(&error, round).await => self.http.call(&request).await,
            other => other,
        }
        .map_err(|error| mended(&request, error))
    }

    /// Any request, and its answer as it is.
    pub(crate) async fn send(&self, request: Request) -> Result<Answer> {
        let request = self.prefixed(request);
        let round = self.proof.round();
        match self.http.send(&request).await {
            Err(error) if self.proof.mends(&error, round).await => self.http.send(&request).await,
            other => other,
        }
        .map_err(|error| mended(&request, error))
    }

    /// A request that is harmful to repeat: when nobody knows whether it took effect, `look`
    /// looks for its effect first.
    pub(crate) async fn guarded<T, G, F, Fut>(
        &self,
        request: Request,
        look: F,
    ) -> Result<Guarded<T, G>>
    where
        T: DeserializeOwned,
        F: Fn() -> Fut + Sync,
        Fut: Future<Output = Result<Option<G>>> + Send,
    {
        let request = self.prefixed(request);
        let round = self.proof.round();
        let is_destructive = request.repeat == Repeat::Destructive;
        let may_repeat = |error: &Error| !(is_destructive && error.in_doubt);
        match self.http.call_guarded(&request, &look).await {
            Err(error) if may_repeat(&error) && self.proof.mends(&error, round).await => {
                let again = self.http.call_guarded(&request, &look).await;
                again.map_err(|mut again| {
                    again.in_doubt |= error.in_doubt;
                    again
                })
            }
            other => other,
        }
        .map_err(|error| mended(&request, error))
    }

    /// The request with a body.
    pub(crate) fn with_body(&self, request: Request, body: &impl Serialize) -> Result<Request> {
        let operation = request.operation.clone();
        request.json(body).map_err(|error| {
            let why = error.to_string();
            Error::new(ErrorKind::Invalid, self.provider, operation, why)
        })
    }

    fn prefixed(&self, mut request: Request) -> Request {
        request.path.insert_str(0, self.prefix);
        request
    }
}

/// Names the call that was not granted, as the vendor's page for rules wants it written.
fn mended(request: &Request, mut error: Error) -> Error {
    if error.code.as_deref() == Some(NOT_GRANTED) {
        let call = format!("; let them do {} {}", request.method, request.path);
        error.message.push_str(&call);
    }
    error
}
