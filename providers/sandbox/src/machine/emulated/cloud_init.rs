//! What cloud-init makes of user data at an image's first boot (its modules `ssh`,
//! `users-groups` and `set_hostname`; others are named on the console and not emulated).

use super::keys::{self, Secret};
use super::state::Account;
use serde_json::{Map, Value};

/// What the first boot changes.
#[derive(Debug, Default)]
pub(crate) struct Seed {
    pub(crate) hostname: Option<String>,
    /// Keys for the image's default user, who is root on this vendor's images.
    pub(crate) root_keys: Vec<String>,
    /// Root is sent away with this message.
    pub(crate) root_turned_away: Option<String>,
    pub(crate) accounts: Vec<Account>,
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

/// Reads user data.
pub(crate) fn read(user_data: &str) -> Seed {
    let mut seed = Seed::default();
    let text = user_data.strip_prefix('\u{feff}').unwrap_or(user_data);
    if text.trim().is_empty() {
        return seed;
    }
    if text.lines().next().map(str::trim_end) != Some("#cloud-config") {
        seed.note("user data that is not #cloud-config is not emulated and was ignored");
        return seed;
    }
    match parse(text) {
        Ok(config) => seed.take(config),
        Err(at) => seed.note(format!(
            "failed loading yaml blob: invalid format at {at}; user data was ignored"
        )),
    }
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
    fn note(&mut self, text: impl AsRef<str>) {
        self.notes.push(format!("cloud-init: {}", text.as_ref()));
    }

    fn take(&mut self, mut config: Map<String, Value>) {
        self.take_hostname(&mut config);
        if let Some(keys) = config.remove("ssh_keys") {
            self.take_host_keys(&keys);
        }
        self.root_keys = strings(config.remove("ssh_authorized_keys").as_ref());
        if let Some(users) = config.remove("users") {
            self.take_users(users);
        }
        if config.remove("disable_root").is_some_and(|v| truthy(&v)) {
            let other = self.accounts.first().map_or("NONE", |a| a.name.as_str());
            self.root_turned_away = Some(format!(
                "Please login as the user \"{other}\" rather than the user \"root\"."
            ));
        }
        for key in config.keys().filter(|k| !SILENT.contains(&k.as_str())) {
            self.notes
                .push(format!("cloud-init: module of '{key}' is not emulated"));
        }
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
                // the default user is root, whose keys come from the vendor
                Value::String(name) if name == "default" => {}
                Value::String(name) => self.add_user(name, &Map::new()),
                Value::Object(user) => match user.get("name").and_then(Value::as_str) {
                    Some(name) => self.add_user(name, user),
                    None => self.note("users: an entry without a name was ignored"),
                },
                _ => self.note("users: an entry of an unknown form was ignored"),
            }
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
        let uid = uid
            .and_then(|n| u32::try_from(n).ok())
            .or_else(|| u32::try_from(1000 + self.accounts.len()).ok())
            .unwrap_or(1000);
        self.accounts.push(Account::user(name, uid, sudo, keys));
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
