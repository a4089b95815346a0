//! Marks as tags: a map of text, as VPS and dedicated servers have it.
//!
//! Keys have at most 128 and values at most 256 characters of letters, digits and `_.:/=+@-`;
//! what is written keeps to the narrower rule of other vendors' labels.

use provision_api::Marks;
use provision_api::labels::{self, OURS, OWNER, Spoilt};

pub(crate) use provision_api::labels::{Labels, replace, without};

/// What the tags say. `None` if they are no marks; an error, for [`provision_api::Server::doubt`],
/// if they are spoilt ones.
pub(crate) fn read(tags: &Labels) -> Result<Option<Marks>, String> {
    if !tags.contains_key(OWNER)
        && let Some(key) = OURS.iter().find(|key| tags.contains_key(**key))
    {
        return Err(format!("it has the tag {key}, but no tag {OWNER}"));
    }
    labels::read(tags).map_err(|spoilt| match spoilt {
        Spoilt::Missing { key } => format!("its tag {key} is missing"),
        Spoilt::Nonsense { key, text, why } => {
            format!("its tag {key}={text} makes no sense: {why}")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use provision_api::conformance::strategies::marks;
    use provision_api::labels::write;

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
            ("provision-run", "r1"),
            ("provision-host", "web-1"),
            ("provision-role", "server"),
            ("provision-phase", "created"),
        ];
        assert!(read(&tags(&good)).unwrap().is_some());
        for (key, value) in [
            (OWNER, "Not A Name"),
            ("provision-role", "emperor"),
            ("provision-phase", "finished"),
            ("provision-expires", "tomorrow"),
            ("provision-expires", "99999999999999999"),
            ("provision-hostkey", "abc"),
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
