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
        // printf '%s' 'SECRET+KEY+PUT+URL+BODY+1700000000' | sha1sum, with what stands below
        let sent = Sent {
            url: "http://127.0.0.1:1/ovh/1.0/vps/v?a=b%20c".to_owned(),
            below: String::new(),
            body: Bytes::from_static(br#"{"netbootMode":"rescue"}"#),
        };
        let signature = sign(
            "an-application-secret-of-a-test",
            "a-consumer-key-of-a-test-as-well",
            &Method::PUT,
            &sent,
            1_700_000_000,
        );
        assert_eq!(signature, "$1$2b425b41d8ec7d9397e14ab4eefca3703895a77a");
    }
}
