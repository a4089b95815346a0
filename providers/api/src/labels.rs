//! Marks as labels: a map of text, as most vendors keep one on their things.
//!
//! The narrowest rule of the vendors' holds for all: at most 63 characters of letters, digits,
//! `.`, `_` and `-` in a key and in a value, so times are epoch seconds and the fingerprint is
//! base32. A lease is `<until>.<run>`.

use crate::{Fingerprint, Lease, Marks, NameError};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::str::FromStr;

/// Labels as a vendor keeps them.
pub type Labels = BTreeMap<String, String>;

/// Whose a thing is; without it the rest is no mark.
pub const OWNER: &str = "provision-owner";
/// The host of the flake that it is for.
pub const HOST: &str = "provision-host";
const RUN: &str = "provision-run";
const ROLE: &str = "provision-role";
const PHASE: &str = "provision-phase";
const EXPIRES: &str = "provision-expires";
const HOST_KEY: &str = "provision-hostkey";
const LEASE: &str = "provision-lease";

/// The keys that marks are written in.
pub const OURS: [&str; 8] = [OWNER, RUN, HOST, ROLE, PHASE, EXPIRES, HOST_KEY, LEASE];

/// Why labels that look like marks are none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Spoilt {
    /// One of the keys that every mark has is not there.
    #[error("label {key} is missing")]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// A value that no mark has.
    #[error("label {key}={text}: {why}")]
    Nonsense {
        /// The key.
        key: &'static str,
        /// The value.
        text: String,
        /// What is wrong with it.
        why: String,
    },
}

/// The labels that say this.
pub fn write(marks: &Marks) -> Labels {
    let mut labels = Labels::new();
    let mut put = |key: &str, value: String| labels.insert(key.to_owned(), value);
    put(OWNER, marks.owner.to_string());
    put(RUN, marks.run.to_string());
    put(HOST, marks.host.to_string());
    put(ROLE, marks.role.to_string());
    put(PHASE, marks.phase.to_string());
    if let Some(expires) = marks.expires {
        // a label cannot begin with a minus; nothing expires before 1970
        put(EXPIRES, expires.as_second().max(0).to_string());
    }
    if let Some(host_key) = marks.host_key {
        put(HOST_KEY, host_key.to_label());
    }
    if let Some(Lease { until, run }) = &marks.lease {
        put(LEASE, format!("{}.{run}", until.as_second().max(0)));
    }
    labels
}

/// The labels on a thing once these marks replace the ones on it: foreign ones stay.
pub fn replace(labels: &Labels, marks: &Marks) -> Labels {
    let mut all = without(labels);
    all.extend(write(marks));
    all
}

/// The labels without our marks: foreign ones stay.
pub fn without(labels: &Labels) -> Labels {
    let mut all = labels.clone();
    all.retain(|key, _| !OURS.contains(&key.as_str()));
    all
}

/// What the labels say. `None` if they name no owner, an error if they are spoilt marks.
pub fn read(labels: &Labels) -> Result<Option<Marks>, Spoilt> {
    if !labels.contains_key(OWNER) {
        return Ok(None);
    }
    let expires = optional(labels, EXPIRES, second)?;
    let host_key = optional(labels, HOST_KEY, |text| {
        Fingerprint::from_label(text).map_err(|error| error.to_string())
    })?;
    let lease = optional(labels, LEASE, |text| {
        let (until, run) = text.split_once('.').ok_or("it names no run")?;
        let run = run.parse().map_err(|error: NameError| error.to_string())?;
        let until = second(until)?;
        Ok(Lease { until, run })
    })?;
    Ok(Some(Marks {
        owner: required(labels, OWNER)?,
        run: required(labels, RUN)?,
        host: required(labels, HOST)?,
        role: required(labels, ROLE)?,
        phase: required(labels, PHASE)?,
        expires,
        host_key,
        lease,
    }))
}

fn second(text: &str) -> Result<Timestamp, String> {
    let seconds = text.parse().map_err(|_| "no number".to_owned())?;
    if seconds < 0 {
        return Err("no mark is of a time before 1970".to_owned());
    }
    Timestamp::from_second(seconds).map_err(|error| error.to_string())
}

fn required<T>(labels: &Labels, key: &'static str) -> Result<T, Spoilt>
where
    T: FromStr,
    T::Err: ToString,
{
    optional(labels, key, |text| {
        text.parse().map_err(|error: T::Err| error.to_string())
    })?
    .ok_or(Spoilt::Missing { key })
}

fn optional<T>(
    labels: &Labels,
    key: &'static str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, Spoilt> {
    let nonsense = |text: &String, why| Spoilt::Nonsense {
        key,
        text: text.clone(),
        why,
    };
    let text = labels.get(key);
    text.map(|text| parse(text).map_err(|why| nonsense(text, why)))
        .transpose()
}
