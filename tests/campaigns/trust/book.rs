//! Which secrets there were in a lab, and where each of them may be.

use super::needles::Needles;
use crate::lab::Lab;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Credentials in the environment of `provision`, which no other program needs.
pub(crate) const CREDENTIALS: [(&str, &str); 6] = [
    ("HCLOUD_TOKEN", "planted-hcloud-token-0123456789abcdefghij"),
    ("OVH_APPLICATION_KEY", "planted-ovh-application-key"),
    ("OVH_APPLICATION_SECRET", "planted-ovh-application-secret"),
    ("OVH_CONSUMER_KEY", "planted-ovh-consumer-key"),
    ("OVH_CLIENT_ID", "planted-ovh-client-id"),
    ("OVH_CLIENT_SECRET", "planted-ovh-client-secret"),
];
const EXTRA: &str = "planted-secret-of-the-extra-files";
const DISK: &str = "planted-passphrase-of-the-disk";

/// All secrets that there were in a lab.
pub(crate) struct Book {
    needles: Needles,
    names: std::collections::BTreeSet<String>,
    first_boots: Vec<ssh_key::PublicKey>,
    identities: Vec<ssh_key::PublicKey>,
}

impl Book {
    /// Those that are planted.
    pub(crate) fn new(lab: &Lab) -> Self {
        let mut book = Self {
            needles: Needles::default(),
            names: std::collections::BTreeSet::new(),
            first_boots: Vec::new(),
            identities: Vec::new(),
        };
        for (name, secret) in CREDENTIALS {
            book.text(name, secret);
        }
        book.text("extra files", EXTRA);
        book.text("disk encryption key", DISK);
        let extra = lab.path("extra/etc");
        fs::create_dir_all(&extra).unwrap();
        fs::write(extra.join("secret"), EXTRA).unwrap();
        fs::write(lab.path("disk.key"), DISK).unwrap();
        book
    }

    fn text(&mut self, name: &str, secret: &str) {
        self.needles.text(name, secret);
        self.names.insert(format!("{name} {secret}"));
    }

    /// Those that have come about in the files that hold them.
    pub(crate) fn learn(&mut self, state: &Path, host: &str) {
        for (name, file) in [
            (
                "identity",
                state.join("servers").join(host).join("identity"),
            ),
            (
                "first-boot key",
                state.join("servers").join(host).join("first-boot"),
            ),
            ("login key", state.join("keys/id_ed25519")),
        ] {
            let Ok(text) = fs::read_to_string(file) else {
                continue;
            };
            let key = self.needles.key(name, &text);
            self.names
                .insert(format!("{name} {}", key.to_openssh().unwrap()));
            if name == "identity" {
                self.identities.push(key);
            }
        }
    }

    /// The same of what the vendor's side knew at a moment.
    pub(crate) fn learn_from(&mut self, world: &str) {
        self.walk("", &serde_json::from_str(world).unwrap());
    }

    fn walk(&mut self, path: &str, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields.iter().filter(|(name, _)| *name != "settings") {
                    self.walk(&format!("{path}.{name}"), value);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.walk(path, item)),
            Value::String(text) => self.read(path, text),
            _ => {}
        }
    }

    /// What the vendor's side knows of: tokens, passwords, and what machines were given.
    fn read(&mut self, path: &str, text: &str) {
        let field = path.rsplit('.').next().unwrap_or_default();
        let is_secret = ["token", "password", "secret", "consumer_key"]
            .iter()
            .any(|part| field.contains(part));
        if is_secret && text.len() >= 8 {
            self.text(field, text);
        }
        let keys = self.needles.keys_in(&format!("a key in {field}"), text);
        for key in keys {
            self.names
                .insert(format!("{field} {}", key.to_openssh().unwrap()));
            if field == "user_data" {
                self.first_boots.push(key);
            }
        }
    }

    #[track_caller]
    pub(crate) fn is_not_in(&self, what: &str, hay: &[u8]) {
        let found = self.needles.found(hay);
        assert!(found.is_empty(), "{found:?} is in {what}");
    }

    /// The secrets that are in there.
    pub(crate) fn found(&self, hay: &[u8]) -> Vec<String> {
        self.needles.found(hay)
    }

    /// How many forms are looked for.
    pub(crate) fn forms(&self) -> usize {
        self.needles.len()
    }

    /// Of how many secrets.
    pub(crate) fn secrets(&self) -> usize {
        self.names.len()
    }

    /// Searches all files but those that are made to hold a secret; how many bytes it were.
    pub(crate) fn search(&self, lab: &Lab) -> usize {
        let mut bytes = 0;
        for file in files(&lab.path("")) {
            let name = file
                .strip_prefix(lab.path(""))
                .unwrap()
                .display()
                .to_string();
            let holds = [
                "state/sandbox/world/",
                "state/sandbox/keys/id_ed25519",
                "extra/",
                "disk.key",
            ];
            let is_key = name.ends_with("/identity") || name.ends_with("/first-boot");
            let in_state = name.starts_with("state/sandbox/servers/");
            if holds.iter().any(|h| name.starts_with(h)) || (is_key && in_state) {
                continue;
            }
            let content = fs::read(&file).unwrap();
            bytes += content.len();
            self.is_not_in(&name, &content);
        }
        bytes
    }

    /// What goes in by `user_data` is another key than the installed system's.
    pub(crate) fn ends_well(&self, provider: &str, is_rescued: bool) {
        let all: String = self.names.iter().map(String::as_str).collect();
        for secret in [
            "token",
            "application_secret",
            "consumer_key",
            "login key",
            "identity",
        ] {
            assert!(all.contains(secret), "{secret} was not looked for: {all}");
        }
        assert!(!self.identities.is_empty(), "no identity was seen");
        assert!(
            !is_rescued || provider != "ovh" || all.contains("password"),
            "no password was looked for: {all}"
        );
        let given = ["hetzner", "ovh"].contains(&provider);
        assert_eq!(
            given,
            !self.first_boots.is_empty(),
            "user_data: {:?}",
            self.first_boots
        );
        for key in &self.first_boots {
            let is_kept = self
                .identities
                .iter()
                .any(|own| own.key_data() == key.key_data());
            assert!(!is_kept, "the key of user_data is the installed system's");
        }
    }
}

/// All files below.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            all.extend(files(&entry.path()));
        } else if kind.is_file() {
            all.push(entry.path());
        }
    }
    all
}
