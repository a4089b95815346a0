//! Secrets, in every form in which they may be written.

use data_encoding::{BASE64, BASE64URL, Encoding, HEXLOWER, HEXUPPER};
use ssh_key::PrivateKey;
use std::collections::BTreeMap;

/// What a private key begins and ends with.
const BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
const END: &str = "-----END OPENSSH PRIVATE KEY-----";

/// What is looked for: the forms, and whose they are.
#[derive(Debug, Default)]
pub(crate) struct Needles {
    forms: BTreeMap<String, String>,
}

impl Needles {
    /// A token, a password, any text.
    pub(crate) fn text(&mut self, name: &str, secret: &str) {
        assert!(
            secret.len() >= 8,
            "{name} is too short to be told from others"
        );
        self.bytes(name, secret.as_bytes());
        let escaped = serde_json::Value::from(secret).to_string();
        self.form(name, "as JSON", escaped.trim_matches('"'));
        let percent: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        self.form(name, "percent", &percent);
    }

    /// A private key: the half that nobody may know, and the line of the file that it is in.
    pub(crate) fn key(&mut self, name: &str, file: &str) -> ssh_key::PublicKey {
        let key = PrivateKey::from_openssh(file).unwrap();
        let pair = key.key_data().ed25519().expect("an ed25519 key");
        self.bytes(name, &pair.private.to_bytes());
        let line = file.lines().nth(4).unwrap();
        self.text(name, line.trim());
        key.public_key().clone()
    }

    /// Every private key that is told of in a text, in whatever quotes.
    pub(crate) fn keys_in(&mut self, name: &str, text: &str) -> Vec<ssh_key::PublicKey> {
        let text = text.replace("\\\\n", "\n").replace("\\n", "\n");
        let mut found = Vec::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find(BEGIN) {
            let Some(end) = rest[at..].find(END) else {
                break;
            };
            let file = format!("{}\n", &rest[at..at + end + END.len()]);
            found.push(self.key(name, &file));
            rest = &rest[at + end..];
        }
        found
    }

    /// What is in there, by name and form.
    pub(crate) fn found(&self, hay: &[u8]) -> Vec<String> {
        let hay = latin(hay);
        let found = self
            .forms
            .iter()
            .filter(|(form, _)| hay.contains(form.as_str()));
        found.map(|(_, whose)| whose.clone()).collect()
    }

    /// How many are looked for.
    pub(crate) fn len(&self) -> usize {
        self.forms.len()
    }

    fn bytes(&mut self, name: &str, secret: &[u8]) {
        self.form(name, "plain", &latin(secret));
        self.form(name, "hex", &HEXLOWER.encode(secret));
        self.form(name, "HEX", &HEXUPPER.encode(secret));
        for (how, encoding) in [("base64", &BASE64), ("base64url", &BASE64URL)] {
            for before in 0..3 {
                self.form(name, how, &inside(encoding, secret, before));
            }
        }
    }

    fn form(&mut self, name: &str, how: &str, form: &str) {
        self.forms
            .insert(form.to_owned(), format!("{name} ({how})"));
    }
}

/// The first private key in a text, in whatever quotes.
pub(crate) fn first_key(text: &str) -> Option<String> {
    let text = text.replace("\\\\n", "\n").replace("\\n", "\n");
    let from = text.find(BEGIN)?;
    let to = from + text[from..].find(END)? + END.len();
    Some(format!("{}\n", &text[from..to]))
}

/// The letters that stand for these bytes alone, so many bytes after the beginning of a text.
fn inside(encoding: &Encoding, secret: &[u8], before: usize) -> String {
    let all = [vec![0; before], secret.to_vec()].concat();
    let letters = encoding.encode(&all);
    let (from, to) = ((before * 8).div_ceil(6), all.len() * 8 / 6);
    letters[from..to].to_owned()
}

/// Any bytes as a text in which each of them is a letter.
fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// The search must be able to fail: each secret is found in each form, and not where it is not.
#[test]
#[ignore = "a campaign: cargo xtask campaign"]
fn secrets_that_are_planted_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("id");
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "a comment", "-f"])
        .arg(&path)
        .status();
    assert!(made.unwrap().success());
    let file = std::fs::read_to_string(&path).unwrap();
    let public = std::fs::read_to_string(path.with_extension("pub")).unwrap();
    let token = "Planted/Token+0123456789=ä";
    let mut needles = Needles::default();
    needles.text("token", token);
    assert_eq!(
        needles
            .keys_in("key", &serde_json::json!({ "k": &file }).to_string())
            .len(),
        1
    );
    let seed = PrivateKey::from_openssh(&file).unwrap();
    let seed = seed.key_data().ed25519().unwrap().private.to_bytes();
    let percent: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
    let text = |text: &str| text.as_bytes().to_vec();
    for (what, leak) in [
        ("token", text(&format!("warning: {token} is refused"))),
        (
            "token",
            text(&serde_json::json!({ "authorization": token }).to_string()),
        ),
        ("token", text(&percent)),
        (
            "token",
            text(&BASE64.encode(format!("user:{token}").as_bytes())),
        ),
        (
            "token",
            text(&BASE64.encode(format!("us:{token}").as_bytes())),
        ),
        (
            "token",
            text(&BASE64URL.encode(format!("u:{token}!").as_bytes())),
        ),
        ("token", text(&HEXUPPER.encode(token.as_bytes()))),
        ("key", text(&file)),
        ("key", text(&file.replace('\n', "\\n"))),
        ("key", text(&file.replace('\n', ""))),
        ("key", text(&BASE64.encode(file.as_bytes()))),
        ("key", text(&HEXLOWER.encode(&seed))),
        ("key", seed.to_vec()),
    ] {
        let found = needles.found(&leak);
        assert!(
            found.iter().any(|f| f.starts_with(what)),
            "{what}: {}",
            latin(&leak)
        );
        assert!(needles.found(&leak[..leak.len() / 3]).is_empty());
    }
    for harmless in [public.as_str(), BEGIN, "Planted", &token[..12]] {
        let found = needles.found(harmless.as_bytes());
        assert!(found.is_empty(), "{harmless}: {found:?}");
    }
}
