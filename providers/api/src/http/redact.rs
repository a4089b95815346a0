//! Keeps secrets out of errors and logs: known ones by value, others by name and by shape.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::fmt;

/// What stands where a secret stood.
const GONE: &str = "[redacted]";
/// Shorter values are too likely to be part of ordinary words.
const LEAST: usize = 6;
/// A line of a secret text this long may be quoted alone by a vendor's message.
const LEAST_LINE: usize = 12;
/// What is shown of a body, in bytes.
const MOST_SHOWN: usize = 4096;

/// Parts of names, without punctuation, of fields that hold secrets at every vendor.
const SENSITIVE: [&str; 8] = [
    "password",
    "secret",
    "token",
    "privatekey",
    "userdata",
    "wssurl",
    "consumerkey",
    "authorization",
];

/// What is always secret for one client.
#[derive(Debug, Default)]
pub struct Redactor {
    secrets: Vec<SecretString>,
    fields: &'static [&'static str],
}

impl Redactor {
    /// With secrets known by value, and the vendor's own names for secret fields.
    pub fn new(secrets: Vec<SecretString>, fields: &'static [&'static str]) -> Self {
        Self { secrets, fields }
    }

    /// For one exchange: the values of sensitive fields in these bodies are secrets too.
    pub fn veil(&self, bodies: &[&[u8]]) -> Veil<'_> {
        let mut needles = Vec::new();
        for secret in &self.secrets {
            add(&mut needles, secret.expose_secret());
        }
        for body in bodies {
            if let Ok(value) = serde_json::from_slice::<Value>(body) {
                // a body that is one text has no name to go by: OVHcloud's console address is one,
                // with a token in it
                self.collect(&value, value.is_string(), &mut needles);
            }
        }
        // the longest first, so that none leaves its tail behind
        needles.sort_by_key(|needle| std::cmp::Reverse(needle.len()));
        needles.dedup();
        Veil {
            redactor: self,
            needles,
        }
    }

    fn is_sensitive(&self, field: &str) -> bool {
        let plain: String = field
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        SENSITIVE.iter().any(|part| plain.contains(part)) || self.fields.contains(&plain.as_str())
    }

    fn collect(&self, value: &Value, secret: bool, needles: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.collect(value, secret || self.is_sensitive(name), needles);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.collect(item, secret, needles);
                }
            }
            Value::String(text) if secret => add(needles, text),
            _ => {}
        }
    }

    fn hide(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    if self.is_sensitive(name) && !value.is_null() {
                        *value = Value::String(GONE.to_owned());
                    } else {
                        self.hide(value);
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide(item)),
            _ => {}
        }
    }
}

/// A value as a whole, and each line of it that could be quoted alone.
fn add(needles: &mut Vec<String>, secret: &str) {
    if secret.len() >= LEAST {
        needles.push(secret.to_owned());
    }
    let lines = secret.lines().map(str::trim);
    needles.extend(
        lines
            .filter(|line| line.len() >= LEAST_LINE && *line != secret)
            .map(str::to_owned),
    );
}

/// Redaction for one exchange.
pub struct Veil<'a> {
    redactor: &'a Redactor,
    needles: Vec<String>,
}

impl Veil<'_> {
    /// The text without secrets.
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for needle in &self.needles {
            if text.contains(needle.as_str()) {
                text = text.replace(needle.as_str(), GONE);
            }
        }
        without_bearer(&without_private_keys(&text))
    }

    /// A body for a log: JSON with the sensitive fields replaced, else the redacted text.
    pub fn body(&self, body: &[u8]) -> String {
        let shown = match serde_json::from_slice::<Value>(body) {
            Ok(mut value) => {
                self.redactor.hide(&mut value);
                value.to_string()
            }
            Err(_) => String::from_utf8_lossy(body).into_owned(),
        };
        let mut shown = self.text(&shown);
        if shown.len() > MOST_SHOWN {
            let mut end = MOST_SHOWN;
            while !shown.is_char_boundary(end) {
                end -= 1;
            }
            shown.truncate(end);
            shown.push('…');
        }
        shown
    }
}

impl fmt::Debug for Veil<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // the needles are the secrets
        f.debug_struct("Veil").finish_non_exhaustive()
    }
}

/// Cuts out every PEM private key, to its end mark or, if that was lost, to the end.
fn without_private_keys(text: &str) -> String {
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(start) = rest.find("-----BEGIN ") {
        let (before, block) = rest.split_at(start);
        kept.push_str(before);
        let label_end = block.find("PRIVATE KEY-----");
        // the mark must be in the same heading, not in a later block
        if label_end.is_none_or(|end| block["-----BEGIN ".len()..end].contains('-')) {
            kept.push_str("-----BEGIN ");
            rest = &block["-----BEGIN ".len()..];
            continue;
        }
        kept.push_str(GONE);
        rest = block.find("-----END ").map_or("", |end| {
            let tail = &block[end + "-----END ".len()..];
            tail.find("-----").map_or("", |mark| &tail[mark + 5..])
        });
    }
    kept.push_str(rest);
    kept
}

/// Replaces whatever follows `Bearer `.
fn without_bearer(text: &str) -> String {
    let mut parts = text.split("Bearer ");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part
            .find(|c: char| c.is_whitespace() || c == '"')
            .unwrap_or(part.len());
        kept.push_str("Bearer ");
        kept.push_str(GONE);
        kept.push_str(&part[end..]);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n";

    fn redactor() -> Redactor {
        Redactor::new(vec!["t0ken-t0ken".into()], &["mysecretcode"])
    }

    proptest::proptest! {
        #[test]
        fn no_secret_is_left_wherever_it_stands(
            secret in "[A-Z0-9]{6,40}",
            (before, between, after) in ("\\PC{0,20}", "\\PC{0,20}", "\\PC{0,20}"),
        ) {
            let redactor = Redactor::new(vec![secret.clone().into()], &[]);
            let text = format!("{before}{secret}{between}{secret}{after}");
            proptest::prop_assert!(!redactor.veil(&[]).text(&text).contains(&secret));
        }
    }

    #[test]
    fn known_secrets_go_wherever_they_stand() {
        let redactor = redactor();
        let veil = redactor.veil(&[]);
        assert_eq!(veil.text("a t0ken-t0ken b"), "a [redacted] b");
        assert_eq!(
            veil.text("Authorization: Bearer abc.def\nx"),
            "Authorization: Bearer [redacted]\nx"
        );
    }

    #[test]
    fn private_keys_go_even_when_cut_off() {
        let redactor = redactor();
        let veil = redactor.veil(&[]);
        assert_eq!(veil.text(&format!("a {KEY}b")), "a [redacted]\nb");
        assert_eq!(veil.text(&format!("a {}", &KEY[..50])), "a [redacted]");
        let public = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----";
        assert_eq!(veil.text(public), public);
        let both = veil.text(&format!("{public} {KEY}"));
        assert!(
            both.starts_with(public) && both.contains(GONE) && !both.contains("b3Blb"),
            "{both}"
        );
    }

    #[test]
    fn what_a_body_holds_is_secret_in_its_exchange() {
        let redactor = redactor();
        let request = serde_json::to_vec(&serde_json::json!({
            "name": "web-1",
            "user_data": format!("#cloud-config\nssh_keys:\n  ed25519_private: |\n{KEY}"),
        }))
        .unwrap();
        let response = br#"{"root_password":"correcthorse","list":[{"MySecretCode":"abcdefgh"}]}"#;
        let veil = redactor.veil(&[&request, response]);
        for leak in [
            "invalid user_data: ed25519_private: |",
            "line 4: b3BlbnNzaC1rZXktdjEAAAAA is odd",
            "root's password correcthorse is weak",
            "abcdefgh",
        ] {
            let text = veil.text(leak);
            assert!(text.contains(GONE), "{text}");
            assert!(!text.contains("b3Blb") && !text.contains("horse") && !text.contains("abcdef"));
        }
        let shown = veil.body(&request);
        assert!(
            shown.contains("web-1") && !shown.contains("cloud-config"),
            "{shown}"
        );
        assert!(!veil.body(response).contains("correcthorse"));
        assert!(!format!("{veil:?}").contains("correcthorse"));
    }

    #[test]
    fn long_bodies_are_cut_between_characters() {
        let redactor = redactor();
        let body = "ä".repeat(MOST_SHOWN);
        let shown = redactor.veil(&[]).body(body.as_bytes());
        assert!(shown.len() <= MOST_SHOWN + '…'.len_utf8());
    }
}
