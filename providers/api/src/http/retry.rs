//! Tries again what may be tried again, bounded by count and by time.

use super::client::Http;
use super::{Again, Answer, Fault, Guarded, Limits, Repeat, Request};
use crate::backoff::Pauses;
use crate::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// Makes something of a good answer.
pub(super) type Parse<'a, T> = &'a (dyn Fn(&Answer) -> serde_json::Result<T> + Sync);
/// Looks whether a request took effect whose answer was lost.
pub(super) type Look<'a, G> =
    &'a (dyn Fn() -> Pin<Box<dyn Future<Output = Result<Option<G>>> + Send + 'a>> + Sync);

/// The tries of one operation.
struct Course {
    tries: u32,
    most: u32,
    until: Instant,
    pauses: Pauses,
}

impl Course {
    fn new(limits: &Limits) -> Self {
        Self {
            tries: 0,
            most: limits.tries.max(1),
            until: Instant::now() + limits.operation,
            pauses: limits.backoff.pauses(),
        }
    }

    /// The pause before the next try; none if there is to be no next one.
    fn pause(&mut self, fault: &Fault) -> Option<Duration> {
        let pause = self
            .pauses
            .next_pause()
            .max(fault.after.unwrap_or_default());
        let left = self.until.saturating_duration_since(Instant::now());
        (self.tries < self.most && pause < left).then_some(pause)
    }

    /// The error, with the number of tries if there were several.
    fn give_up(&self, mut error: Error) -> Error {
        if self.tries > 1 {
            error.message = format!("{} (tried {} times)", error.message, self.tries);
        }
        error
    }
}

impl Http {
    pub(super) async fn run<T, G>(
        &self,
        request: &Request,
        read: Parse<'_, T>,
        look: Option<Look<'_, G>>,
    ) -> Result<Guarded<T, G>> {
        let mut course = Course::new(&self.limits);
        loop {
            let fault = match self.once(request, course.until).await {
                Ok(answer) => match read(&answer) {
                    Ok(value) => return Ok(Guarded::Answered(value)),
                    Err(error) => self.garbled(request, &answer, &error),
                },
                Err(fault) => fault,
            };
            // a full house is waited for as long as there is time
            if fault.error.kind != ErrorKind::RateLimited {
                course.tries += 1;
            }
            let look = look.filter(|_| fault.is_ambiguous());
            let pause = course
                .pause(&fault)
                .filter(|_| may_repeat(request, &fault, look.is_some()));
            if pause.is_none() && look.is_none() {
                return Err(course.give_up(fault.error));
            }
            tracing::debug!(error = %fault.error, again = pause.is_some(), "failed try");
            sleep(pause.unwrap_or_default()).await;
            if let Some(look) = look {
                match timeout(self.limits.operation, look()).await {
                    Ok(Ok(Some(found))) => return Ok(Guarded::Found(found)),
                    Ok(Ok(None)) if pause.is_some() => {}
                    Ok(Ok(None)) => return Err(course.give_up(fault.error)),
                    Ok(Err(_)) | Err(_) => return Err(course.give_up(unsure(fault.error))),
                }
            }
        }
    }

    /// A success that cannot be read: it surely took effect, so it is not repeated.
    fn garbled(&self, request: &Request, answer: &Answer, error: &serde_json::Error) -> Fault {
        let sent = request.body.as_deref().unwrap_or_default();
        let veil = self.redactor.veil(&[sent, &answer.body]);
        let message = format!("{}, not the JSON expected: {error}", answer.describe_body());
        let mut error = self.error(ErrorKind::Garbled, request, veil.text(&message));
        error.request_id = self.dialect.request_id(&answer.headers);
        Fault::new(error, Again::No)
    }
}

fn may_repeat(request: &Request, fault: &Fault, looked: bool) -> bool {
    match fault.again {
        Again::Yes => true,
        Again::IfHarmless => looked || request.repeat == Repeat::Harmless,
        Again::No => false,
    }
}

fn unsure(mut error: Error) -> Error {
    error
        .message
        .push_str("; whether it took effect could not be found out");
    error
}
