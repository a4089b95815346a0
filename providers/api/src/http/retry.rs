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
    /// A try of what is harmful to repeat may have taken effect.
    doubt: bool,
    /// A try of what wipes may take effect when nobody expects it any more.
    late: bool,
}

impl Course {
    fn new(limits: &Limits) -> Self {
        Self {
            tries: 0,
            most: limits.tries.max(1),
            until: Instant::now() + limits.operation,
            pauses: limits.backoff.pauses(),
            doubt: false,
            late: false,
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

    /// The error, with the number of tries if there were several, and the doubt that they leave.
    fn give_up(&self, mut error: Error) -> Error {
        error.in_doubt |= self.doubt;
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
            course.doubt |= request.repeat != Repeat::Harmless && fault.is_ambiguous();
            course.late |= request.repeat == Repeat::Destructive && fault.may_come_late();
            // a plain refusal may be of the second try because of the first
            let look = look.filter(|_| course.doubt || fault.is_ambiguous());
            let pause = course
                .pause(&fault)
                .filter(|_| !course.late && may_repeat(request, &fault, look.is_some()));
            tracing::debug!(error = %fault.error, again = pause.is_some(), "failed try");
            match (look, pause) {
                (None, None) => return Err(course.give_up(fault.error)),
                (None, Some(pause)) => sleep(pause).await,
                (Some(look), Some(pause)) => {
                    sleep(pause).await;
                    match self.look_once(look).await {
                        Ok(Some(found)) => return Ok(Guarded::Found(found)),
                        Ok(None) => {}
                        Err(()) => return Err(course.give_up(unsure(fault.error))),
                    }
                }
                (Some(look), None) => {
                    return match self.look_for(look, &fault, &mut course).await {
                        Ok(Some(found)) => Ok(Guarded::Found(found)),
                        Ok(None) => Err(course.give_up(fault.error)),
                        Err(()) => Err(course.give_up(unsure(fault.error))),
                    };
                }
            }
        }
    }

    /// A look for an effect; one that fails tells nothing.
    async fn look_once<G>(&self, look: Look<'_, G>) -> Result<Option<G>, ()> {
        match timeout(self.limits.operation, look()).await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => {
                tracing::debug!(%error, "whether it took effect could not be found out");
                Err(())
            }
            Err(_) => Err(()),
        }
    }

    /// The last looks for an effect. What surely took effect, and what may still come and is not
    /// sent again, is looked for as often as something is tried: a list may be older than it is.
    async fn look_for<G>(
        &self,
        look: Look<'_, G>,
        fault: &Fault,
        course: &mut Course,
    ) -> Result<Option<G>, ()> {
        loop {
            let found = self.look_once(look).await?;
            let may_show_up = fault.error.kind == ErrorKind::Garbled || course.late;
            if found.is_some() || !may_show_up {
                return Ok(found);
            }
            let Some(pause) = course.pause(fault) else {
                return Ok(None);
            };
            course.tries += 1;
            sleep(pause).await;
        }
    }

    /// A success that cannot be read. It surely took effect, so what is harmful is not repeated;
    /// what is harmless is if it was cut short or is no JSON at all, and an answer of another
    /// shape would be the same the next time.
    fn garbled(&self, request: &Request, answer: &Answer, error: &serde_json::Error) -> Fault {
        // the parser's own words may quote the answer
        let (line, column) = (error.line(), error.column());
        let message = format!(
            "{}, not the JSON expected: line {line}, column {column}",
            answer.describe_body()
        );
        let mut garbled = self.error(ErrorKind::Garbled, request, message);
        garbled.request_id = self.dialect.request_id(&answer.headers);
        let is_harmless = request.repeat == Repeat::Harmless;
        // half of a number is a number as well
        let is_number = answer.body.iter().all(u8::is_ascii_digit);
        let again = if is_harmless && (error.is_syntax() || error.is_eof() || is_number) {
            Again::IfHarmless
        } else {
            Again::No
        };
        Fault::new(garbled, again)
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
