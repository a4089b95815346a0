//! One exchange: the faults that hit it, its answer, what is noted of it.

use crate::error::SandboxError;
use crate::face::{Face, Sent};
use crate::faults::{self, Kind, OnAction};
use crate::journal::{Journal, Noted};
use crate::record::Record;
use crate::slow;
use crate::world::World;
use crate::{control, hetzner, ovh};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::response::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;

/// More than any vendor takes.
const LARGEST: usize = 1 << 20;
/// What a delay can be at most, so that nothing hangs for ever by mistake.
const LONGEST: Duration = Duration::from_secs(3600);

/// How a connection ends instead of carrying an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// It is closed.
    Closed,
    /// It is reset.
    Reset,
}

/// Everything that an exchange needs.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) world: Arc<World>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) record: Option<Record>,
    pub(crate) routes: Router,
}

impl Desk {
    pub(crate) fn new(world: Arc<World>, record: Option<Record>) -> Self {
        let journal = Arc::new(Journal::default());
        let routes = Router::new()
            .nest(hetzner::BASE, hetzner::router(&world))
            .nest(ovh::ROOT, ovh::router(&world))
            .nest(control::BASE, control::router(&world, &journal));
        Self {
            world,
            journal,
            record,
            routes,
        }
    }

    /// Answers a request, or ends the connection instead.
    pub(crate) async fn exchange(&self, request: Request) -> Result<Response, Cut> {
        let path = request.uri().path().to_owned();
        match Face::of(&path) {
            Some((face, below)) => self.vendor(request, face, below).await,
            None => Ok(self.answer(request).await),
        }
    }

    async fn answer(&self, request: Request) -> Response {
        match TowerToHyperService::new(self.routes.clone())
            .call(request)
            .await
        {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// An exchange with a vendor's face, at the path below its base.
    async fn vendor(&self, request: Request, face: Face, below: &str) -> Result<Response, Cut> {
        let (id_header, id) = face.request_id();
        let (mut parts, body) = request.into_parts();
        let mut noted = Noted {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            status: None,
            request_id: id.clone(),
        };
        let query = parts.uri.query().map(str::to_owned);
        let Ok(body) = to_bytes(body, LARGEST).await else {
            return Ok(StatusCode::PAYLOAD_TOO_LARGE.into_response());
        };
        let hits = match self.strike(&noted.method, below).await {
            Ok(hits) => hits,
            Err(error) => return Ok(unkept(face, &error)),
        };
        pause(&hits, |delay| delay.before_ms).await;
        if let Some(cut) = cut(&hits, (&Kind::DropBefore, &Kind::ResetBefore)) {
            self.journal.note(noted);
            return Err(cut);
        }
        parts.extensions.insert(OnAction::of(&hits));
        let sent = Sent::new(&parts.uri, &parts.headers, below, &body);
        parts.extensions.insert(sent);
        let response = match refusal(face, &hits) {
            Some(refusal) => refusal,
            None => {
                self.answer(Request::from_parts(parts, Body::from(body.clone())))
                    .await
            }
        };
        let (head, answer) = response.into_parts();
        let answer = to_bytes(answer, usize::MAX).await.unwrap_or_default();
        let (head, answer) = spoil(face, &hits, head, answer);
        pause(&hits, |delay| delay.after_ms).await;
        if let Some(cut) = cut(&hits, (&Kind::DropAfter, &Kind::ResetAfter)) {
            self.journal.note(noted);
            return Err(cut);
        }
        noted.status = Some(head.status.as_u16());
        if let Some(record) = &self.record {
            record.write(&noted, query.as_deref(), &body, &answer).await;
        }
        self.journal.note(noted);
        let mut response = Response::from_parts(head, slow::body(&hits, answer));
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(id_header, value);
        }
        let date = self.world.date(face).await;
        response.headers_mut().insert(header::DATE, date);
        Ok(response)
    }

    async fn strike(&self, method: &str, below: &str) -> Result<Vec<Kind>, SandboxError> {
        let mut held = self.world.hold().await?;
        if held.faults.is_empty() {
            return Ok(Vec::new());
        }
        let hits = faults::strike(&mut held.faults, method, below);
        held.keep().await?;
        Ok(hits)
    }
}

/// Which of the two ends of a connection is wanted, if one is.
fn cut(hits: &[Kind], (close, reset): (&Kind, &Kind)) -> Option<Cut> {
    if hits.contains(reset) {
        Some(Cut::Reset)
    } else {
        hits.contains(close).then_some(Cut::Closed)
    }
}

async fn pause(hits: &[Kind], of: fn(&faults::Delay) -> u64) {
    let all: u64 = hits
        .iter()
        .filter_map(|kind| match kind {
            Kind::Delay(delay) => Some(of(delay)),
            _ => None,
        })
        .sum();
    if all > 0 {
        tokio::time::sleep(Duration::from_millis(all).min(LONGEST)).await;
    }
}

/// The answer when the world's file cannot be written.
fn unkept(face: Face, error: &SandboxError) -> Response {
    // the cause holds paths of this machine, which are for its log
    tracing::error!(%error, "the sandbox's world could not be kept");
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    let body = face.error(
        status,
        "server_error",
        "the sandbox could not keep its world",
    );
    (status, axum::Json(body)).into_response()
}

/// The answer that stands in for a request that has no effect.
fn refusal(face: Face, hits: &[Kind]) -> Option<Response> {
    hits.iter().find_map(|kind| match kind {
        Kind::Status(status) if !status.effect => {
            let (head, body) = forged(face, status);
            Some(Response::from_parts(head, Body::from(body)))
        }
        _ => None,
    })
}

fn forged(face: Face, given: &faults::Status) -> (Parts, Bytes) {
    let status = StatusCode::from_u16(given.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let (media, body) = match (&given.body, &given.code) {
        (Some(body), _) => ("text/html", body.clone()),
        (None, None) => ("application/json", String::new()),
        (None, Some(code)) => {
            let message = given.message.as_deref().unwrap_or("a fault of the sandbox");
            let error = face.error(status, code, message);
            ("application/json", error.to_string())
        }
    };
    let (mut head, ()) = Response::new(()).into_parts();
    head.status = status;
    head.headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    for (name, value) in &given.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            head.headers.insert(name, value);
        }
    }
    (head, Bytes::from(body))
}

/// What the faults leave of an answer whose request had its effect.
fn spoil(face: Face, hits: &[Kind], mut head: Parts, mut answer: Bytes) -> (Parts, Bytes) {
    for kind in hits {
        match kind {
            Kind::Status(status) if status.effect => (head, answer) = forged(face, status),
            Kind::Truncate => {
                answer.truncate(answer.len() / 2);
                // it belongs to the whole
                head.headers.remove(header::CONTENT_LENGTH);
            }
            Kind::ContentType(media) => {
                if let Ok(value) = HeaderValue::from_str(media) {
                    head.headers.insert(header::CONTENT_TYPE, value);
                }
            }
            _ => {}
        }
    }
    (head, answer)
}
