//! A service's labels, which the vendor calls tags and keeps in IAM.

use super::{Product, Service};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Keys and values.
pub(in crate::ovh) type Labels = BTreeMap<String, String>;

/// The most labels that one resource may have.
const MOST: usize = 50;

/// Why labels are not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ovh) struct Refused(pub(in crate::ovh) String);

/// Whether the vendor takes these in place of those: keys of 1 to 128 characters, values of up to
/// 256, both of letters, digits and some signs. What begins with `ovh:` is the vendor's own, and
/// can only be sent back as it is.
pub(in crate::ovh) fn check(old: &Labels, new: &Labels) -> Result<(), Refused> {
    if new.len() > MOST {
        return Err(Refused(format!("a resource has at most {MOST} tags")));
    }
    for (key, value) in new {
        if key.is_empty() || key.len() > 128 || !key.chars().all(|c| sign(c, false)) {
            return Err(Refused("a tag's key is not valid".to_owned()));
        }
        if value.len() > 256 || !value.chars().all(|c| sign(c, true)) {
            return Err(Refused(format!("the value of the tag {key} is not valid")));
        }
        if key.starts_with("ovh:") && old.get(key) != Some(value) {
            return Err(Refused(format!("the tag {key} is managed by OVHcloud")));
        }
    }
    match old
        .keys()
        .find(|key| key.starts_with("ovh:") && !new.contains_key(*key))
    {
        Some(gone) => Err(Refused(format!("the tag {gone} is managed by OVHcloud"))),
        None => Ok(()),
    }
}

fn sign(c: char, in_value: bool) -> bool {
    c.is_ascii_alphanumeric() || "_.:/=+@-".contains(c) || in_value && c == ' '
}

/// The service's name as a resource.
pub(in crate::ovh) fn urn<P: Product>(name: &str) -> String {
    format!("urn:v1:eu:resource:{}:{name}", P::KIND)
}

/// `iam.ResourceMetadata`
pub(in crate::ovh) fn metadata<P: Product>(service: &Service<P>) -> Value {
    json!({
        "id": service.id,
        "urn": urn::<P>(&service.name),
        "displayName": service.display_name,
        // none are null and not empty
        "tags": (!service.labels.is_empty()).then_some(&service.labels),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        let owned = pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        owned.collect()
    }

    /// Before, after, and whether that is taken.
    type Row<'a> = (&'a [(&'a str, &'a str)], &'a [(&'a str, &'a str)], bool);

    #[test]
    fn keys_and_values_have_their_form_and_the_vendor_s_own_stay() {
        let long = |n: usize| "a".repeat(n);
        let (key, longer, value, more) = (long(128), long(129), long(256), long(257));
        let own = ("ovh:origin", "x");
        let table: &[Row<'_>] = &[
            (&[], &[], true),
            (&[], &[("provision/owner", "a b:c=d+e@f-g_h.i")], true),
            (&[], &[(&key, &value)], true),
            (&[], &[(&longer, "")], false),
            (&[], &[("a", &more)], false),
            (&[], &[("", "a")], false),
            (&[], &[("a b", "")], false),
            (&[], &[("a", "ä")], false),
            (&[], &[("a", "b,c")], false),
            (&[], &[own], false),
            (&[own], &[own, ("a", "b")], true),
            (&[own], &[("ovh:origin", "y")], false),
            (&[own], &[("a", "b")], false),
            (&[("a", "b")], &[], true),
        ];
        for (old, new, fine) in table {
            let found = check(&labels(old), &labels(new));
            assert_eq!(found.is_ok(), *fine, "{old:?} {new:?}: {found:?}");
        }
        let many: Labels = (0..=MOST).map(|n| (n.to_string(), String::new())).collect();
        assert!(check(&Labels::new(), &many).is_err());
    }
}
