//! Marks as labels.
//!
//! Keys and values have at most 63 characters of letters, digits, `.`, `_` and `-`, so times
//! are epoch seconds and the fingerprint is base32.

use crate::wire::Labels;
use jiff::Timestamp;
use provision_api::{Fingerprint, Marks};
use std::str::FromStr;

pub(crate) const OWNER: &str = "provision-owner";
pub(crate) const HOST: &str = "provision-host";
/// Ids of the primary IPs that the vendor made with the server, joined by a dot: what else
/// hangs on the server when it goes is somebody's own.
pub(crate) const BORN_WITH: &str = "provision-ips";
/// On a volume of ours: the id of the server that it is deleted with.
pub(crate) const GOES_WITH: &str = "provision-goes-with";
const RUN: &str = "provision-run";
const ROLE: &str = "provision-role";
const PHASE: &str = "provision-phase";
const EXPIRES: &str = "provision-expires";
const HOST_KEY: &str = "provision-hostkey";
/// The keys that marks are written in.
const OURS: [&str; 7] = [OWNER, RUN, HOST, ROLE, PHASE, EXPIRES, HOST_KEY];

/// The labels that say this.
pub(crate) fn write(marks: &Marks) -> Labels {
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
    labels
}

/// The labels on a thing once these marks replace the ones on it: foreign ones stay.
pub(crate) fn replace(labels: &Labels, marks: &Marks) -> Labels {
    let mut all = labels.clone();
    all.retain(|key, _| !OURS.contains(&key.as_str()));
    all.extend(write(marks));
    all
}

/// What the labels say. `None` if they are no marks, an error if they are spoilt ones.
pub(crate) fn read(labels: &Labels) -> Result<Option<Marks>, String> {
    if !labels.contains_key(OWNER) {
        return Ok(None);
    }
    let expires = optional(labels, EXPIRES, |text| {
        let seconds = text.parse().map_err(|_| "no number".to_owned())?;
        Timestamp::from_second(seconds).map_err(|error| error.to_string())
    })?;
    Ok(Some(Marks {
        owner: required(labels, OWNER)?,
        run: required(labels, RUN)?,
        host: required(labels, HOST)?,
        role: required(labels, ROLE)?,
        phase: required(labels, PHASE)?,
        expires,
        host_key: optional(labels, HOST_KEY, |text| {
            Fingerprint::from_label(text).map_err(|error| error.to_string())
        })?,
    }))
}

fn required<T>(labels: &Labels, key: &str) -> Result<T, String>
where
    T: FromStr,
    T::Err: ToString,
{
    optional(labels, key, |text| {
        text.parse().map_err(|error: T::Err| error.to_string())
    })?
    .ok_or_else(|| format!("label {key} is missing"))
}

fn optional<T>(
    labels: &Labels,
    key: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    labels
        .get(key)
        .map(|text| parse(text).map_err(|why| format!("label {key}={text}: {why}")))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use provision_api::{Phase, Role};

    fn name() -> impl Strategy<Value = String> {
        "[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?"
    }

    prop_compose! {
        fn marks()(
            owner in name(), run in name(), host in name(),
            test in any::<bool>(), phase in 0..4_usize,
            expires in proptest::option::of(0..253_402_207_200_i64),
            key in proptest::option::of(any::<[u8; 8]>()),
        ) -> Marks {
            Marks {
                owner: owner.parse().unwrap(),
                run: run.parse().unwrap(),
                host: host.parse().unwrap(),
                role: if test { Role::Test } else { Role::Server },
                phase: [Phase::Created, Phase::Installing, Phase::Installed, Phase::Proven][phase],
                expires: expires.map(|second| Timestamp::from_second(second).unwrap()),
                host_key: key.map(|bytes| Fingerprint::of_wire(&bytes)),
            }
        }
    }

    /// The vendor's rule for a value (and for the name part of a key).
    fn is_valid(text: &str) -> bool {
        let ends = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
        text.len() <= 63
            && ends(text.chars().next())
            && ends(text.chars().last())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    }

    proptest! {
        #[test]
        fn marks_come_back_from_valid_labels(marks in marks()) {
            let labels = write(&marks);
            for (key, value) in &labels {
                prop_assert!(is_valid(key) && is_valid(value), "{key}={value}");
            }
            prop_assert_eq!(read(&labels), Ok(Some(marks)));
        }

        #[test]
        fn foreign_labels_stay_and_old_marks_go(
            old in marks(),
            new in marks(),
            foreign in proptest::collection::btree_map("[a-z./]{1,9}", "[a-z0-9]{0,9}", 0..4),
        ) {
            let mut before = replace(&foreign, &old);
            before.insert(BORN_WITH.to_owned(), "1.2".to_owned());
            let after = replace(&before, &new);
            prop_assert_eq!(read(&after), Ok(Some(new)));
            for (key, value) in &foreign {
                prop_assert_eq!(after.get(key), Some(value));
            }
            prop_assert_eq!(after.get(BORN_WITH).map(String::as_str), Some("1.2"));
        }
    }

    #[test]
    fn spoilt_marks_are_told_from_none() {
        assert_eq!(read(&Labels::new()), Ok(None));
        let foreign = Labels::from([("env".to_owned(), "prod".to_owned())]);
        assert_eq!(read(&foreign), Ok(None));
        for (key, value) in [
            (OWNER, "Not A Name"),
            (ROLE, "emperor"),
            (PHASE, "finished"),
            (EXPIRES, "tomorrow"),
            (EXPIRES, "99999999999999999"),
            (HOST_KEY, "abc"),
        ] {
            let mut labels = write(&example());
            labels.insert(key.to_owned(), value.to_owned());
            let error = read(&labels).unwrap_err();
            assert!(error.contains(key), "{error}");
        }
        let mut labels = write(&example());
        labels.remove(RUN);
        assert_eq!(read(&labels).unwrap_err(), "label provision-run is missing");
    }

    fn example() -> Marks {
        Marks {
            owner: "ann".parse().unwrap(),
            run: "r1".parse().unwrap(),
            host: "web-1".parse().unwrap(),
            role: Role::Server,
            phase: Phase::Created,
            expires: None,
            host_key: None,
        }
    }
}
