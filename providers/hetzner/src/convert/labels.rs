//! Marks as labels, and the labels that only this vendor's things have.
//!
//! Keys and values have at most 63 characters of letters, digits, `.`, `_` and `-`.

use crate::wire::Labels;
use provision_api::Marks;
use provision_api::labels::{self, OURS};

pub(crate) use provision_api::labels::{HOST, OWNER, replace, write};

/// Ids of the primary IPs that the vendor made with the server, joined by a dot: what else
/// hangs on the server when it goes is somebody's own.
pub(crate) const BORN_WITH: &str = "provision-ips";
/// On a volume of ours: the id of the server that it is deleted with.
pub(crate) const GOES_WITH: &str = "provision-goes-with";

/// What the labels say. `None` if they are no marks, an error if they are spoilt ones.
pub(crate) fn read(labels: &Labels) -> Result<Option<Marks>, String> {
    if !labels.contains_key(OWNER)
        && let Some(key) = OURS.iter().find(|key| labels.contains_key(**key))
    {
        return Err(format!("it has the label {key}, but no label {OWNER}"));
    }
    labels::read(labels).map_err(|spoilt| spoilt.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use provision_api::conformance::strategies::marks;
    use provision_api::{Phase, Role};

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
            ("provision-role", "emperor"),
            ("provision-phase", "finished"),
            ("provision-expires", "tomorrow"),
            ("provision-expires", "-1"),
            ("provision-expires", "99999999999999999"),
            ("provision-lease", "-1.r1"),
            ("provision-hostkey", "abc"),
        ] {
            let mut labels = write(&example());
            labels.insert(key.to_owned(), value.to_owned());
            let error = read(&labels).unwrap_err();
            assert!(error.contains(key), "{error}");
        }
        let mut labels = write(&example());
        labels.remove("provision-run");
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
            lease: None,
        }
    }
}
