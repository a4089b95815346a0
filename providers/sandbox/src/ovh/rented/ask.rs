//! What requests about rented servers say.

use crate::ovh::call::Call;
use crate::ovh::error::ApiError;

/// A query parameter that is one of these, if it is there.
pub(in crate::ovh) fn word<'a>(
    name: &str,
    value: Option<&'a str>,
    known: &[&str],
) -> Result<Option<&'a str>, ApiError> {
    match value {
        Some(value) if !known.contains(&value) => Err(ApiError::bad_field(
            name,
            format!("Given data is not valid for type {}", known.join("|")),
        )),
        other => Ok(other),
    }
}

/// A list of services is asked for without a choice by labels, which is not emulated: all of them
/// would be a wrong answer.
pub(in crate::ovh) fn no_tags_asked(call: &Call) -> Result<(), ApiError> {
    match call.query(&["iamTags"])?.one("iamTags") {
        Some(_) => Err(ApiError::unsupported("a choice by iamTags")),
        None => Ok(()),
    }
}

/// A public key as `authorized_keys` takes it; what was given is not repeated.
pub(in crate::ovh) fn login_key(field: &str, text: &str) -> Result<String, ApiError> {
    match ssh_key::PublicKey::from_openssh(text.trim()) {
        Ok(_) => Ok(text.trim().to_owned()),
        Err(_) => Err(ApiError::bad_field(field, "is no public SSH key")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_never_repeated() {
        let good =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFw4wopLenNpJrntA1i5E+C4s/zEY6uRvWMr1EzWxwBd a@b";
        assert_eq!(login_key("k", &format!(" {good}\n")), Ok(good.to_owned()));
        for bad in ["", "secret-text", "ssh-ed25519 AAAA", "ssh-ed25519"] {
            let error = login_key("k", bad).unwrap_err();
            assert_eq!(error.status, 400);
            assert!(!error.message.contains("secret-text"));
        }
    }

    #[test]
    fn words_are_those_that_are_known() {
        assert_eq!(word("a", Some("x"), &["x"]), Ok(Some("x")));
        assert_eq!(word("a", None, &["x"]), Ok(None));
        assert!(word("a", Some("z"), &["x"]).is_err());
    }
}
