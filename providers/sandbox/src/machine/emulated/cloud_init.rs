//! What cloud-init makes of user data at an image's first boot (its modules `ssh`,
//! `users-groups` and `set_hostname`; others are named on the console and not emulated).

use super::keys::{self, Secret};
use super::state::Account;
use serde_json::{Map, Value};

/// What the first boot changes.
#[derive(Debug, Default)]
pub(crate) struct Seed {
    pub(crate) hostname: Option<String>,
    /// The image's default user, where that is not root.
    user: Option<String>,
    /// Keys for the image's default user and for root.
    pub(crate) keys: Vec<String>,
    /// Keys for root alone.
    pub(crate) root_keys: Vec<String>,
    /// Root is sent away with this message.
    pub(crate) root_turned_away: Option<String>,
    /// Who there is besides root.
    pub(crate) users: Vec<Account>,
    /// The host's private ed25519 key.
    pub(crate) private: Option<Secret>,
    /// Its public line, as it was given.
    pub(crate) public: Option<String>,
    /// What goes to the console; never a part of the user data.
    pub(crate) notes: Vec<String>,
}

/// The modules' keys that have no meaning for an emulated machine or whose default is what it
/// does anyway.
const SILENT: &[&str] = &[
    "ssh_deletekeys",
    "ssh_genkeytypes",
    "ssh_quiet_keygen",
    "ssh_pwauth",
    "preserve_hostname",
    "manage_etc_hosts",
    "prefer_fqdn_over_hostname",
    "disable_root_opts",
];

/// Reads user data for an image with this default user; root, when there is none.
pub(crate) fn read(user_data: &str, user: Option<&str>) -> Seed {
    let mut seed = Seed {
        user: user.map(str::to_owned),
        ..Seed::default()
    };
    let config = seed.config(user_data);
    seed.take(config);
    seed
}

/// YAML as cloud-init's parser takes it: the last of equal keys wins. An error says where, and
/// shows nothing of the text, which may hold a private key.
fn parse(text: &str) -> Result<Map<String, Value>, String> {
    let options = serde_saphyr::options! {
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins,
    };
    let value: Value = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        error.location().map_or("an unknown place".into(), |place| {
            format!("line {} column {}", place.line(), place.column())
        })
    })?;
    match value {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        _ => Err("the top, which is no mapping".to_owned()),
    }
}

impl Seed {
    /// What the user data asks for; nothing when it cannot be read.
    fn config(&mut self, user_data: &str) -> Map<String, Value> {
        let text = user_data.strip_prefix('\u{feff}').unwrap_or(user_data);
        if text.trim().is_empty() {
            return Map::new();
        }
        if text.lines().next().map(str::trim_end) != Some("#cloud-config") {
            self.note("user data that is not #cloud-config is not emulated and was ignored");
            return Map::new();
        }
        parse(text).unwrap_or_else(|at| {
            self.note(format!(
                "failed loading yaml blob: invalid format at {at}; user data was ignored"
            ));
            Map::new()
        })
    }

    /// Everyone who may log in, given the keys that the vendor puts in for the default user.
    pub(crate) fn accounts(&self, vendor_keys: Vec<String>) -> Vec<Account> {
        let mut keys = vendor_keys;
        keys.extend(self.keys.iter().cloned());
        let mut root = Account::root(keys.clone());
        root.keys.extend(self.root_keys.iter().cloned());
        root.turned_away.clone_from(&self.root_turned_away);
        let mut accounts = vec![root];
        accounts.extend(self.users.iter().cloned());
        let default = accounts
            .iter_mut()
            .find(|a| Some(&a.name) == self.user.as_ref());
        if let Some(default) = default {
            default.keys.splice(0..0, keys);
        }
        accounts
    }

    fn note(&mut self, text: impl AsRef<str>) {
        self.notes.push(format!("cloud-init: {}", text.as_ref()));
    }

    fn take(&mut self, mut config: Map<String, Value>) {
        self.take_hostname(&mut config);
        if let Some(keys) = config.remove("ssh_keys") {
            self.take_host_keys(&keys);
        }
        self.keys = strings(config.remove("ssh_authorized_keys").as_ref());
        match config.remove("users") {
            Some(users) => self.take_users(users),
            None => self.add_default(),
        }
        // the images that have a default user turn root away unless they are told not to
        let disable = config.remove("disable_root");
        if disable.map_or(self.user.is_some(), |v| truthy(&v)) {
            let other = self.other_than_root();
            self.root_turned_away = Some(format!(
                "Please login as the user \"{other}\" rather than the user \"root\"."
            ));
        }
        for key in config.keys().filter(|k| !SILENT.contains(&k.as_str())) {
            self.notes
                .push(format!("cloud-init: module of '{key}' is not emulated"));
        }
    }

    /// The user whom root's logins are sent to.
    fn other_than_root(&self) -> &str {
        let found = match &self.user {
            Some(user) => self.users.iter().find(|a| a.name == *user),
            None => self.users.first(),
        };
        found.map_or("NONE", |a| a.name.as_str())
    }

    fn take_hostname(&mut self, config: &mut Map<String, Value>) {
        let fqdn = config.remove("fqdn");
        let name = config.remove("hostname").or(fqdn);
        let keep = config.get("preserve_hostname").is_some_and(truthy);
        if let (Some(name), false) = (name.as_ref().and_then(Value::as_str), keep) {
            self.hostname = name.split('.').next().map(str::to_owned);
        }
    }

    fn take_host_keys(&mut self, keys: &Value) {
        let Some(map) = keys.as_object() else {
            self.note("ssh_keys is no mapping");
            return;
        };
        for (name, value) in map {
            match (name.as_str(), value.as_str()) {
                ("ed25519_private", Some(pem)) => self.private = Some(Secret(with_newline(pem))),
                ("ed25519_public", Some(line)) => self.public = Some(with_newline(line)),
                _ => self.note(format!("ssh_keys: '{name}' is not emulated")),
            }
        }
    }

    fn take_users(&mut self, users: Value) {
        let list = match users {
            Value::Array(list) => list,
            Value::String(names) => names
                .split(',')
                .map(|name| Value::String(name.trim().to_owned()))
                .collect(),
            single @ Value::Object(_) => vec![single],
            _ => Vec::new(),
        };
        for entry in &list {
            match entry {
                Value::String(name) if name == "default" => self.add_default(),
                Value::String(name) => self.add_user(name, &Map::new()),
                Value::Object(user) => match user.get("name").and_then(Value::as_str) {
                    Some(name) => self.add_user(name, user),
                    None => self.note("users: an entry without a name was ignored"),
                },
                _ => self.note("users: an entry of an unknown form was ignored"),
            }
        }
    }

    /// The image's default user; where that is root, it is there anyway.
    fn add_default(&mut self) {
        if let Some(name) = self.user.clone() {
            self.add(&name, None, true, Vec::new());
        }
    }

    fn add_user(&mut self, name: &str, user: &Map<String, Value>) {
        let keys = strings(
            user.get("ssh_authorized_keys")
                .or_else(|| user.get("ssh-authorized-keys")),
        );
        if name == "root" {
            self.root_keys.extend(keys);
            return;
        }
        let sudo = user.get("sudo").is_some_and(|rule| match rule {
            Value::Bool(_) | Value::Null => false,
            other => strings(Some(other))
                .iter()
                .any(|r| r.contains("NOPASSWD") && r.contains("ALL")),
        });
        let uid = user.get("uid").and_then(Value::as_u64);
        let uid = uid.and_then(|n| u32::try_from(n).ok());
        self.add(name, uid, sudo, keys);
    }

    /// Adds a user, or what is new about one who is there.
    fn add(&mut self, name: &str, uid: Option<u32>, sudo: bool, keys: Vec<String>) {
        if let Some(old) = self.users.iter_mut().find(|a| a.name == name) {
            old.wheel |= sudo;
            old.keys.extend(keys);
            return;
        }
        let uid = uid
            .or_else(|| u32::try_from(1000 + self.users.len()).ok())
            .unwrap_or(1000);
        self.users.push(Account::user(name, uid, sudo, keys));
    }
}

/// A list of strings, or one string.
fn strings(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(one)) => vec![one.trim().to_owned()],
        Some(Value::Array(list)) => list
            .iter()
            .filter_map(Value::as_str)
            .map(|s| s.trim().to_owned())
            .collect(),
        _ => Vec::new(),
    }
}

/// cloud-init's own reading of a yes: also as a text or a number.
fn truthy(value: &Value) -> bool {
    match value {
        Value::Bool(yes) => *yes,
        Value::Number(n) => n.as_i64() == Some(1),
        Value::String(text) => {
            matches!(
                text.to_ascii_lowercase().as_str(),
                "true" | "1" | "on" | "yes"
            )
        }
        _ => false,
    }
}

fn with_newline(text: &str) -> String {
    let mut text = text.trim_end().to_owned();
    text.push('\n');
    text
}

/// The public line that belongs beside a private key: as given, else made from it.
pub(crate) fn public_of(private: &Secret, given: Option<String>) -> String {
    given
        .or_else(|| keys::public_line(private.0.as_bytes()))
        .unwrap_or_default()
}

#[cfg(test)]
#[path = "cloud_init_tests.rs"]
mod tests;
