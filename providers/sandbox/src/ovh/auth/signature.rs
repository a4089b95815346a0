//! `$1$` signatures: the application's secret over everything that was sent.

use super::super::error::ApiError;
use super::clock;
use crate::face::Sent;
use crate::world::Held;
use axum::http::{HeaderMap, Method};
use data_encoding::HEXLOWER;
use sha1::{Digest, Sha1};

/// How far a client's clock may be off, in seconds.
const TOLERANCE: u64 = 30;

/// The consumer key of a request that is signed as it should be.
pub(super) fn check(
    held: &Held<'_>,
    method: &Method,
    headers: &HeaderMap,
    sent: &Sent,
) -> Result<String, ApiError> {
    let of = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let own = &held.ovh.credentials;
    let anonymous = || ApiError::forbidden("You must login first").coded("NOT_CREDENTIAL");
    let application = of("x-ovh-application").ok_or_else(anonymous)?;
    if application != own.application_key {
        return Err(ApiError::forbidden("Invalid application key").coded("INVALID_KEY"));
    }
    let consumer = of("x-ovh-consumer").ok_or_else(anonymous)?;
    let known = held.settings.ovh.consumer_keys.iter();
    if consumer != own.consumer_key && !known.clone().any(|k| k.key.as_deref() == Some(consumer)) {
        return Err(super::rules::not_valid());
    }
    let timestamp = of("x-ovh-timestamp")
        .and_then(|text| text.parse::<i64>().ok())
        .ok_or_else(|| ApiError::bad("Invalid timestamp"))?;
    if timestamp.abs_diff(clock(held).as_second()) > TOLERANCE {
        return Err(ApiError::bad("Query out of time").coded("QUERY_TIME_OUT"));
    }
    let wanted = sign(&own.application_secret, consumer, method, sent, timestamp);
    if of("x-ovh-signature") != Some(wanted.as_str()) {
        return Err(ApiError::bad("Invalid signature").coded("INVALID_SIGNATURE"));
    }
    Ok(consumer.to_owned())
}

fn sign(secret: &str, consumer: &str, method: &Method, sent: &Sent, timestamp: i64) -> String {
    let mut digest = Sha1::new();
    for part in [secret, consumer, method.as_str(), &sent.url] {
        digest.update(part);
        digest.update("+");
    }
    digest.update(&sent.body);
    digest.update(format!("+{timestamp}"));
    format!("$1${}", HEXLOWER.encode(&digest.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;

    #[test]
    fn signs_as_another_implementation_does() {
        // printf '%s' 'EXEgWIz07P0HYwtQDs7cNIqCiQaWSuHF+MtSwSrPpNjqfVSmJhLbPyr2i45lSwPU1+GET+
        // https://eu.api.ovh.com/1.0/domains/++1366560945' | sha1sum (in one line)
        let sent = Sent {
            url: "https://eu.api.ovh.com/1.0/domains/".to_owned(),
            below: String::new(),
            body: Bytes::new(),
        };
        let signature = sign(
            "EXEgWIz07P0HYwtQDs7cNIqCiQaWSuHF",
            "MtSwSrPpNjqfVSmJhLbPyr2i45lSwPU1",
            &Method::GET,
            &sent,
            1_366_560_945,
        );
        assert_eq!(signature, "$1$d3705e8afb27a0d2970a322b96550abfc67bb798");
    }
}
