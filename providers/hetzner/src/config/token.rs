//! Tokens that cannot be right are named before any request.

use super::Source;
use crate::dialect::PROVIDER;
use provision_api::{Error, ErrorKind, Result};
use secrecy::{ExposeSecret, SecretString};

/// Characters in a token of Hetzner's.
const LENGTH: usize = 64;

/// Refuses what cannot be a token. The error describes it and never shows any of it.
pub(crate) fn check(token: &SecretString, source: &Source) -> Result<()> {
    let text = token.expose_secret();
    let why = if text.is_empty() {
        "is empty".to_owned()
    } else if text.trim().is_empty() {
        "is nothing but white space".to_owned()
    } else if text.trim() != text {
        "has white space (a line break, perhaps) around it; remove that".to_owned()
    } else if text.contains(char::is_whitespace) {
        "has white space within; copy it again".to_owned()
    } else if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        "has characters other than letters and digits; copy it again".to_owned()
    } else if text.len() != LENGTH {
        let count = text.len();
        format!("has {count} characters instead of {LENGTH}; copy it again, all of it")
    } else {
        return Ok(());
    };
    let message = format!("the token from {source} {why}");
    Err(Error::new(
        ErrorKind::Denied,
        PROVIDER,
        "use the token",
        message,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named_and_not_shown() {
        let good = "Ab1".repeat(21) + "x";
        let cases = [
            (good.clone(), None),
            (String::new(), Some("empty")),
            (" \n".to_owned(), Some("nothing but white space")),
            (format!("{good}\n"), Some("line break")),
            (format!("{} {}", &good[..30], &good[31..]), Some("within")),
            (
                format!("{}-{}", &good[..30], &good[31..]),
                Some("other than letters"),
            ),
            (good[1..].to_owned(), Some("63 characters instead of 64")),
            (good.clone() + "x", Some("65 characters")),
        ];
        for (token, expected) in cases {
            let result = check(&token.clone().into(), &Source::Environment("HCLOUD_TOKEN"));
            match expected {
                None => result.unwrap(),
                Some(expected) => {
                    let text = result.unwrap_err().to_string();
                    assert!(text.contains(expected), "{text}");
                    assert!(
                        text.contains("HCLOUD_TOKEN") && !text.contains("Ab1"),
                        "{text}"
                    );
                }
            }
        }
    }
}
