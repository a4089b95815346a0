//! What may be called how.

use super::error::ApiError;

/// One part of a DNS name as RFC 1123 has it.
pub(super) fn is_dns_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// A server's name is a host name.
pub(super) fn hostname(name: &str) -> Result<(), &'static str> {
    if name.len() <= 253 && name.split('.').all(is_dns_label) {
        Ok(())
    } else {
        Err("must be a valid hostname as per RFC 1123")
    }
}

/// Keys and addresses may be called anything that is one line.
pub(super) fn free(name: &str) -> Result<(), &'static str> {
    if name.trim().is_empty() {
        Err("must not be empty")
    } else if name.len() > 255 {
        Err("is too long")
    } else if name.chars().any(char::is_control) {
        Err("must not contain control characters")
    } else {
        Ok(())
    }
}

/// Volumes: letters, digits, `-`, `_`, `.`, with a letter or digit at both ends.
pub(super) fn volume(name: &str) -> Result<(), &'static str> {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.len() > 64 {
        Err("is too long")
    } else if edge(name.chars().next()) && edge(name.chars().next_back()) && name.chars().all(inner)
    {
        Ok(())
    } else {
        Err("must consist of letters, digits, dashes, underscores and dots")
    }
}

/// That no other thing of its kind has the name.
pub(super) fn unique<'a>(
    name: &str,
    kind: &str,
    own: Option<u64>,
    mut others: impl Iterator<Item = (u64, &'a str)>,
) -> Result<(), ApiError> {
    if others.any(|(id, other)| other == name && Some(id) != own) {
        return Err(ApiError::not_unique(
            "name",
            format!("{kind} name is already used"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names() {
        let long = "a".repeat(64);
        for (name, right) in [
            ("web-1", true),
            ("web-1.example.com", true),
            ("1web", true),
            ("Web", true),
            ("", false),
            ("-web", false),
            ("web-", false),
            ("web_1", false),
            ("web 1", false),
            ("web..1", false),
            ("wéb", false),
            (long.as_str(), false),
        ] {
            assert_eq!(hostname(name).is_ok(), right, "{name}");
        }
    }

    #[test]
    fn volume_names() {
        for (name, right) in [
            ("data_1.x-y", true),
            ("-data", false),
            ("data.", false),
            ("", false),
            ("a b", false),
        ] {
            assert_eq!(volume(name).is_ok(), right, "{name}");
        }
    }
}
