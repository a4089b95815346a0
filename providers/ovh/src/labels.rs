//! Marks as tags: a map of text, as VPS and dedicated servers have it.
//!
//! Keys have at most 128 and values at most 256 characters of letters, digits and `_.:/=+@-`;
//! what is written keeps to the narrower rule of other vendors' labels, so that one spelling
//! does for all: epoch seconds, and the fingerprint in base32.

use jiff::Timestamp;
use provision_api::{Fingerprint, Marks};
use std::collections::BTreeMap;
use std::str::FromStr;

/// Tags as the vendor keeps them.
pub(crate) type Labels = BTreeMap<String, String>;

const OWNER: &str = "provision-owner";
const HOST: &str = "provision-host";
const RUN: &str = "provision-run";
const ROLE: &str = "provision-role";
const PHASE: &str = "provision-phase";
const EXPIRES: &str = "provision-expires";
const HOST_KEY: &str = "provision-hostkey";
/// The keys that marks are written in.
const OURS: [&str; 7] = [OWNER, RUN, HOST, ROLE, PHASE, EXPIRES, HOST_KEY];

/// The tags that say this.
pub(crate) fn write(marks: &Marks) -> Labels {
    let mut labels = Labels::from([
        (OWNER.to_owned(), marks.owner.to_string()),
        (RUN.to_owned(), marks.run.to_string()),
        (HOST.to_owned(), marks.host.to_string()),
        (ROLE.to_owned(), marks.role.to_string()),
        (PHASE.to_owned(), marks.phase.to_string()),
    ]);
    if let Some(expires) = marks.expires {
        // nothing expires before 1970
        let seconds = expires.as_second().max(0);
        labels.insert(EXPIRES.to_owned(), seconds.to_string());
    }
    if let Some(host_key) = marks.host_key {
        labels.insert(HOST_KEY.to_owned(), host_key.to_label());
    }
    labels
}

/// The tags once these marks replace the ones there: foreign ones stay.
pub(crate) fn replace(labels: &Labels, marks: &Marks) -> Labels {
    let mut all = without(labels);
    all.extend(write(marks));
    all
}

/// The tags without our marks: foreign ones stay.
pub(crate) fn without(labels: &Labels) -> Labels {
    let mut all = labels.clone();
    all.retain(|key, _| !OURS.contains(&key.as_str()));
    all
}

/// What the tags say. `None` if they are no marks; an error, for [`provision_api::Server::doubt`],
/// if they are spoilt ones.
pub(crate) fn read(labels: &Labels) -> Result<Option<Marks>, String> {
    if !labels.contains_key(OWNER) {
        return match OURS.iter().find(|key| labels.contains_key(**key)) {
            Some(key) => Err(format!("it has the tag {key}, but no tag {OWNER}")),
            None => Ok(None),
        };
    }
    let expires = optional(labels, EXPIRES, |text| {
        let seconds = text.parse().map_err(|_| "no number".to_owned())?;
        Timestamp::from_second(seconds).map_err(|error| error.to_string())
    })?;
    let host_key = optional(labels, HOST_KEY, |text| {
        Fingerprint::from_label(text).map_err(|error| error.to_string())
    })?;
    Ok(Some(Marks {
        owner: required(labels, OWNER)?,
        run: required(labels, RUN)?,
        host: required(labels, HOST)?,
        role: required(labels, ROLE)?,
        phase: required(labels, PHASE)?,
        expires,
        host_key,
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
    .ok_or_else(|| format!("its tag {key} is missing"))
}

fn optional<T>(
    labels: &Labels,
    key: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    let text = labels.get(key);
    text.map(|text| {
        parse(text).map_err(|why| format!("its tag {key}={text} makes no sense: {why}"))
    })
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

    proptest! {
        #[test]
        fn marks_come_back_and_foreign_tags_stay(
            old in marks(),
            new in marks(),
            foreign in proptest::collection::btree_map("(ovh:)?[a-z./]{1,9}", "[a-z0-9 ]{0,9}", 0..4),
        ) {
            let before = replace(&foreign, &old);
            for (key, value) in &write(&old) {
                let valid = |c: char| c.is_ascii_alphanumeric() || "_.:/=+@-".contains(c);
                prop_assert!(key.len() <= 128 && key.chars().all(valid), "{key}");
                prop_assert!(value.len() <= 256 && value.chars().all(valid), "{value}");
            }
            prop_assert_eq!(read(&before), Ok(Some(old)));
            let after = replace(&before, &new);
            prop_assert_eq!(read(&after), Ok(Some(new)));
            prop_assert_eq!(without(&after), foreign);
        }
    }

    #[test]
    fn spoilt_marks_are_told_from_none() {
        let tags = |all: &[(&str, &str)]| -> Labels {
            let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
            all.iter().map(own).collect()
        };
        assert_eq!(read(&Labels::new()), Ok(None));
        assert_eq!(
            read(&tags(&[("team", "storage"), ("ovh:whoami", "x")])),
            Ok(None)
        );
        let good = [
            (OWNER, "ann"),
            (RUN, "r1"),
            (HOST, "web-1"),
            (ROLE, "server"),
            (PHASE, "created"),
        ];
        assert!(read(&tags(&good)).unwrap().is_some());
        for (key, value) in [
            (OWNER, "Not A Name"),
            (ROLE, "emperor"),
            (PHASE, "finished"),
            (EXPIRES, "tomorrow"),
            (EXPIRES, "99999999999999999"),
            (HOST_KEY, "abc"),
        ] {
            let mut spoilt = tags(&good);
            spoilt.insert(key.to_owned(), value.to_owned());
            let why = read(&spoilt).unwrap_err();
            assert!(why.contains(key), "{why}");
        }
        for (missing, _) in good {
            let mut spoilt = tags(&good);
            spoilt.remove(missing);
            let why = read(&spoilt).unwrap_err();
            assert!(why.contains(missing), "{why}");
        }
    }
}
