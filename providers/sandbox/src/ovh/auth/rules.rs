//! What a consumer key may: its state, and rules over methods and paths.

use super::super::error::ApiError;
use crate::settings::ovh::{AccessRule, ConsumerKey, CredentialStatus};
use crate::world::Held;

/// 403: the key is not one that can be used.
pub(super) fn not_valid() -> ApiError {
    ApiError::forbidden("This credential is not valid").coded("INVALID_CREDENTIAL")
}

/// Whether the consumer key, which is known, may make the call.
pub(super) fn check(
    held: &Held<'_>,
    consumer: &str,
    method: &str,
    path: &str,
) -> Result<(), ApiError> {
    let own = held.ovh.credentials.consumer_key == consumer;
    let is = |known: &ConsumerKey| match &known.key {
        Some(key) => key == consumer,
        None => own,
    };
    let Some(known) = held.settings.ovh.consumer_keys.iter().find(|k| is(k)) else {
        return Ok(());
    };
    if known.status != CredentialStatus::Validated {
        return Err(not_valid());
    }
    if known.rules.iter().any(|rule| allows(rule, method, path)) {
        return Ok(());
    }
    Err(ApiError::forbidden("This call has not been granted").coded("NOT_GRANTED_CALL"))
}

fn allows(rule: &AccessRule, method: &str, path: &str) -> bool {
    rule.method == method && fits(&rule.path, path)
}

/// Whether a path fits a pattern in which `*` stands for any characters.
fn fits(pattern: &str, path: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|start| path.strip_prefix(start)) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, path, fit) in [
            ("/*", "/cloud/project", true),
            ("/cloud/*", "/cloud/project/1/instance", true),
            ("/cloud/*", "/vps", false),
            ("/cloud/project", "/cloud/project", true),
            ("/cloud/project", "/cloud/project/1", false),
            ("/cloud/project/*/sshkey", "/cloud/project/1/sshkey", true),
            (
                "/cloud/project/*/sshkey",
                "/cloud/project/1/sshkey/2",
                false,
            ),
            ("/cloud/*/1/*", "/cloud/project/1/sshkey", true),
            ("/cloud/*/2/*", "/cloud/project/1/sshkey", false),
            ("*", "/anything", true),
        ] {
            assert_eq!(fits(pattern, path), fit, "{pattern} {path}");
        }
    }
}
