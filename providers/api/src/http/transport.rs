//! One try: build, prove, wait for the rate limit, send, read, tell the witness, classify.

use super::client::Http;
use super::{Again, Answer, Exchange, Fault, Outgoing, Request};
use crate::{Error, ErrorKind};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// What rustls says of a certificate that does not prove whom we talk to.
const STRANGER: &str = "invalid peer certificate";

impl Http {
    /// Sends the request once and reads the answer, all before `until`.
    pub(super) async fn once(&self, request: &Request, until: Instant) -> Result<Answer, Fault> {
        let outgoing = self.prepare(request).await?;
        self.pass_gate(request, until).await?;
        let left = until.saturating_duration_since(Instant::now());
        let limit = left.min(self.limits.request);
        self.requests.fetch_add(1, Ordering::Relaxed);
        let begun = Instant::now();
        let exchanged = match timeout(limit, self.exchange(request, outgoing)).await {
            Ok(exchanged) => exchanged,
            Err(_) => Err(self.silence(request, limit)),
        };
        let answer = exchanged.inspect_err(|fault| {
            tracing::debug!(method = %request.method, path = request.path, error = %fault.error, "no answer");
        })?;
        self.record(request, &answer, begun.elapsed());
        if answer.status.is_success() {
            return Ok(answer);
        }
        if answer.status.is_redirection() && answer.headers.contains_key(LOCATION) {
            return Err(self.led_away(request, &answer));
        }
        let mut fault = self.dialect.classify(&request.operation, &answer);
        let veil = self
            .redactor
            .veil(&[request.body.as_deref().unwrap_or_default(), &answer.body]);
        fault.error.message = veil.text(&fault.error.message);
        fault.error.code = fault.error.code.map(|code| veil.text(&code));
        fault.after = fault.after.or_else(|| answer.retry_after());
        Err(fault)
    }

    /// URL, headers and body as they will be sent.
    async fn prepare(&self, request: &Request) -> Result<reqwest::Request, Fault> {
        if !request.is_plain() {
            let message =
                "an id in it is empty or leads elsewhere, so another thing would be meant";
            let error = self.error(ErrorKind::Invalid, request, message.to_owned());
            return Err(Fault::new(error, Again::No));
        }
        let url = self.endpoint.join(&request.path, &request.query);
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if request.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let mut outgoing = Outgoing {
            operation: &request.operation,
            method: &request.method,
            url: &url,
            body: request.body.as_deref().unwrap_or_default(),
            headers: &mut headers,
        };
        self.authenticate
            .authenticate(&mut outgoing)
            .await
            .map_err(|error| Fault::new(error, Again::No))?;
        let mut sent = reqwest::Request::new(request.method.clone(), url);
        *sent.headers_mut() = headers;
        *sent.body_mut() = request.body.clone().map(Into::into);
        Ok(sent)
    }

    /// Waits for a place under the rate limit, unless it would come too late.
    async fn pass_gate(&self, request: &Request, until: Instant) -> Result<(), Fault> {
        let pass = self.gate.queue();
        let left = until.saturating_duration_since(Instant::now());
        if pass.wait > left {
            let message = format!(
                "the vendor grants the next request in {} s, and only {} s are left; wait, or \
                 run fewer things at once",
                pass.wait.as_secs(),
                left.as_secs()
            );
            let error = self.error(ErrorKind::RateLimited, request, message);
            return Err(Fault::new(error, Again::No));
        }
        if !pass.wait.is_zero() {
            tracing::info!(
                seconds = pass.wait.as_secs_f32(),
                "waiting for the rate limit"
            );
            tokio::time::sleep(pass.wait).await;
        }
        pass.sent();
        Ok(())
    }

    async fn exchange(
        &self,
        request: &Request,
        outgoing: reqwest::Request,
    ) -> Result<Answer, Fault> {
        let lost = |error: reqwest::Error| self.lost(request, error);
        let mut response = self.client.execute(outgoing).await.map_err(lost)?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        // a gateway that answers for the vendor has a clock of its own
        if status.is_success() {
            self.clock.learn(&headers);
        }
        if let Some(rate) = self.dialect.rate(&headers) {
            self.gate.learn(rate);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            body.extend_from_slice(&chunk);
            if body.len() > self.limits.answer_bytes {
                let message = format!(
                    "the answer is larger than {} bytes",
                    self.limits.answer_bytes
                );
                let error = self.error(ErrorKind::Garbled, request, message);
                return Err(Fault::new(error, Again::No));
            }
        }
        Ok(Answer {
            status,
            headers,
            body,
        })
    }

    /// A connection that was never made, or that broke.
    fn lost(&self, request: &Request, error: reqwest::Error) -> Fault {
        let never_sent = error.is_connect() || error.is_builder();
        let error = error.without_url();
        let cause = innermost(&error);
        let is_stranger = never_sent && cause.contains(STRANGER);
        let kind = if is_stranger {
            ErrorKind::Untrusted
        } else if error.is_timeout() {
            ErrorKind::TimedOut
        } else {
            ErrorKind::Unavailable
        };
        let host = self.endpoint.host();
        let what = if never_sent {
            format!("cannot connect to {host}")
        } else {
            format!("the connection to {host} was lost before the answer came")
        };
        let message = self.redactor.veil(&[]).text(&format!("{what}: {cause}"));
        let error = self.error(kind, request, message);
        if is_stranger {
            Fault::new(error, Again::No)
        } else if never_sent {
            Fault::new(error, Again::Yes)
        } else {
            Fault::unanswered(error, Again::IfHarmless)
        }
    }

    /// An API has no reason to send its clients elsewhere, and the proof that they carry is for it
    /// alone.
    fn led_away(&self, request: &Request, answer: &Answer) -> Fault {
        let place = answer.headers.get(LOCATION).and_then(|to| {
            let to = url::Url::parse(to.to_str().ok()?).ok()?;
            Some(format!("{}://{}", to.scheme(), to.host_str()?))
        });
        let message = format!(
            "{} leads to {} ({}), which is not followed: set the endpoint to where the API is",
            self.endpoint.host(),
            place.as_deref().unwrap_or("another place"),
            answer.status.as_u16()
        );
        let error = self.error(ErrorKind::Untrusted, request, message);
        Fault::new(error, Again::No)
    }

    fn silence(&self, request: &Request, limit: Duration) -> Fault {
        let message = format!(
            "{} did not answer in {} s",
            self.endpoint.host(),
            seconds(limit)
        );
        Fault::unanswered(
            self.error(ErrorKind::TimedOut, request, message),
            Again::IfHarmless,
        )
    }

    fn record(&self, request: &Request, answer: &Answer, took: Duration) {
        if let Some(witness) = &self.witness {
            witness.saw(&Exchange {
                method: request.method.as_str(),
                path: &request.path,
                query: &request.query,
                request: request.body.as_deref(),
                status: answer.status.as_u16(),
                response: &answer.body,
            });
        }
        tracing::debug!(
            method = %request.method,
            path = request.path,
            status = answer.status.as_u16(),
            milliseconds = took.as_millis(),
            "answered"
        );
        if tracing::enabled!(tracing::Level::TRACE) {
            let sent = request.body.as_deref().unwrap_or_default();
            let veil = self.redactor.veil(&[sent, &answer.body]);
            tracing::trace!(
                sent = veil.body(sent),
                received = veil.body(&answer.body),
                "bodies"
            );
        }
    }

    pub(super) fn error(&self, kind: ErrorKind, request: &Request, message: String) -> Error {
        Error::new(
            kind,
            self.dialect.provider(),
            request.operation.clone(),
            message,
        )
    }
}

/// Whole seconds where they are whole enough.
fn seconds(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{:.1}", time.as_secs_f32())
    } else {
        time.as_secs().to_string()
    }
}

/// The cause at the bottom of the chain, which says what happened (`connection refused`).
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
