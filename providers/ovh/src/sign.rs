//! The vendor's signature, and its clock.
//!
//! `"$1$" + hex(sha1(secret+consumer+METHOD+URL+BODY+time))`, joined by `+`, over the URL and the
//! bytes that are sent. The time is the vendor's: ours plus the difference that was read once.

use crate::client::{Kept, Open};
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use provision_api::http::{HeaderValue, Outgoing, Request};
use provision_api::{ErrorKind, Result};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha1::{Digest, Sha1};
use std::sync::Arc;

/// Signs requests.
#[derive(Debug)]
pub(crate) struct Signer {
    application_key: String,
    application_secret: SecretString,
    consumer_key: SecretString,
    open: Arc<Open>,
    /// Seconds that the vendor's clock is ahead of ours.
    ahead: Kept<i64>,
}

impl Signer {
    pub(crate) fn new(
        application_key: String,
        application_secret: SecretString,
        consumer_key: SecretString,
        open: Arc<Open>,
    ) -> Self {
        Self {
            application_key,
            application_secret,
            consumer_key,
            open,
            ahead: Kept::default(),
        }
    }

    pub(crate) fn round(&self) -> u64 {
        self.ahead.round()
    }

    pub(crate) async fn refuse(&self, round: u64) -> bool {
        self.ahead.refuse(round).await
    }

    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        vec![self.application_secret.clone(), self.consumer_key.clone()]
    }

    pub(crate) async fn authenticate(&self, outgoing: &mut Outgoing<'_>) -> Result<()> {
        let read = || async {
            let request = Request::get("/auth/time", "read the vendor's clock");
            let Told(theirs) = self.open.get(&request).await?;
            self.open.told_time(theirs);
            Ok(ahead(theirs, Timestamp::now().as_second()))
        };
        let ahead = self.ahead.get(|_| true, read).await?;
        let time = vendors(Timestamp::now().as_second(), ahead);
        let signature = signature(
            &self.application_secret,
            &self.consumer_key,
            outgoing.method.as_str(),
            outgoing.url.as_str(),
            outgoing.body,
            time,
        );
        let refuse = |_| {
            let why = "a key has characters that no HTTP header may have; copy it again";
            self.open.error(ErrorKind::Denied, outgoing.operation, why)
        };
        for (name, value) in [
            ("x-ovh-application", self.application_key.as_str()),
            ("x-ovh-consumer", self.consumer_key.expose_secret()),
            ("x-ovh-timestamp", &time.to_string()),
            ("x-ovh-signature", &signature),
        ] {
            let mut value = HeaderValue::from_str(value).map_err(refuse)?;
            value.set_sensitive(true);
            outgoing.headers.insert(name, value);
        }
        Ok(())
    }
}

/// The vendor's time, in seconds since 1970. Half of an answer is a number as well, so one that
/// lies before this millennium is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "i64")]
struct Told(i64);

impl TryFrom<i64> for Told {
    type Error = String;

    fn try_from(seconds: i64) -> std::result::Result<Self, String> {
        if seconds < 1_000_000_000 {
            return Err(format!("{seconds} is not the time"));
        }
        Ok(Self(seconds))
    }
}

/// How far the vendor's clock is ahead of ours; negative if it is behind.
fn ahead(theirs: i64, ours: i64) -> i64 {
    theirs.saturating_sub(ours)
}

/// The vendor's time when ours is that.
fn vendors(ours: i64, ahead: i64) -> i64 {
    ours.saturating_add(ahead)
}

/// The signature of one request.
fn signature(
    secret: &SecretString,
    consumer: &SecretString,
    method: &str,
    url: &str,
    body: &[u8],
    time: i64,
) -> String {
    let time = time.to_string();
    let parts = [
        secret.expose_secret().as_bytes(),
        consumer.expose_secret().as_bytes(),
        method.as_bytes(),
        url.as_bytes(),
        body,
        time.as_bytes(),
    ];
    let hash = Sha1::digest(parts.join(&b'+'));
    format!("$1${}", HEXLOWER.encode(&hash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Deserialize)]
    struct Known {
        application_secret: SecretString,
        consumer_key: SecretString,
        method: String,
        url: String,
        body: String,
        timestamp: i64,
        signature: String,
    }

    #[test]
    fn half_a_time_is_none() {
        for (answer, time) in [
            ("1795461420", Some(1_795_461_420)),
            ("17954", None),
            ("-1795461420", None),
            ("1795461420.5", None),
            ("null", None),
        ] {
            let told = serde_json::from_str(answer).ok();
            assert_eq!(told, time.map(Told), "{answer}");
        }
    }

    #[test]
    fn the_signature_is_that_of_the_vendors_own_client() {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../fixtures/ovh/signatures.json"
        );
        let all: Vec<Known> =
            serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        assert!(all.len() >= 5, "{}", all.len());
        for known in all {
            let found = signature(
                &known.application_secret,
                &known.consumer_key,
                &known.method,
                &known.url,
                known.body.as_bytes(),
                known.timestamp,
            );
            assert_eq!(found, known.signature, "{} {}", known.method, known.url);
        }
    }

    proptest! {
        /// Whichever clock is ahead, and however much later it is signed.
        #[test]
        fn the_time_is_the_vendors(
            theirs in 0..4_000_000_000_i64,
            skew in -1_000_000_000..1_000_000_000_i64,
            later in 0..1_000_000_i64,
        ) {
            let ours = theirs + skew;
            let ahead = ahead(theirs, ours);
            prop_assert_eq!(vendors(ours + later, ahead), theirs + later);
        }

        #[test]
        fn whatever_is_signed_changes_the_signature(
            body in proptest::collection::vec(any::<u8>(), 1..64),
            time in 0..4_000_000_000_i64,
        ) {
            let sign = |method, body, time| {
                signature(&"as".into(), &"ck".into(), method, "https://x/1.0/a?b=c", body, time)
            };
            let base = sign("POST", &body, time);
            prop_assert_eq!(base.len(), 43);
            prop_assert_ne!(&base, &sign("PUT", &body, time));
            prop_assert_ne!(&base, &sign("POST", &body[1..], time));
            prop_assert_ne!(&base, &sign("POST", &body, time + 1));
        }
    }
}
