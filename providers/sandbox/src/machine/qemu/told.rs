//! What a guest is told by way of its firmware (QEMU's `fw_cfg`): seeds and logins, never by a
//! command line.

use super::folder::Folder;
use super::state::State;
use crate::files;
use crate::machine::{Boot, Image, Spec};
use serde_json::{Value, json};

/// Everything that this boot is told, by name.
pub(super) fn of(spec: &Spec, state: &State, boot: &Boot) -> Vec<(String, String)> {
    let mut all = Vec::new();
    match boot {
        Boot::Rescue {
            authorized_keys,
            password,
            system,
        } => {
            all.push(("hostname", system.hostname.clone()));
            all.push(("authorized-keys", lines(authorized_keys)));
            if let Some(password) = password {
                all.push(("password", password.clone()));
            }
        }
        Boot::Disk | Boot::Chain { .. } => {
            if let Some(written) = &state.written {
                let image = &written.image;
                let data = meta_data(&written.instance, &spec.hostname, image);
                all.push(("meta-data", data.to_string()));
                all.push(("vendor-data", vendor_data(image)));
                if let Some(data) = &image.user_data {
                    all.push(("user-data", data.clone()));
                }
            }
        }
    }
    all.into_iter()
        .map(|(name, text)| (name.to_owned(), text))
        .collect()
}

fn lines(list: &[String]) -> String {
    list.iter()
        .map(|line| format!("{}\n", line.trim()))
        .collect()
}

/// cloud-init's `meta-data` of its source `NoCloud`; JSON is YAML.
fn meta_data(instance: &str, hostname: &str, image: &Image) -> Value {
    json!({
        "instance-id": instance,
        "local-hostname": hostname,
        "public-keys": image.authorized_keys,
    })
}

/// Who the image's default user is: root, or somebody who may become it while root is sent away.
fn vendor_data(image: &Image) -> String {
    let config = match &image.user {
        Some(user) => json!({
            "disable_root": true,
            "user": {
                "name": user,
                "gecos": user,
                "lock_passwd": true,
                "shell": "/bin/bash",
                "sudo": ["ALL=(ALL) NOPASSWD:ALL"],
            },
        }),
        None => json!({
            "disable_root": false,
            "user": {"name": "root", "homedir": "/root", "lock_passwd": true},
        }),
    };
    format!("#cloud-config\n{config}\n")
}

/// Writes all of it where QEMU reads it; the names.
pub(super) fn write(folder: &Folder, all: &[(String, String)]) -> Result<Vec<String>, String> {
    remove(folder);
    let told = folder.told();
    files::private_folder(&told).map_err(|error| error.to_string())?;
    for (name, text) in all {
        files::replace(&told.join(name), text.as_bytes()).map_err(|error| error.to_string())?;
    }
    Ok(all.iter().map(|(name, _)| name.clone()).collect())
}

/// QEMU has read it: it is not left lying about.
pub(super) fn remove(folder: &Folder) {
    // what cannot be removed is in the way of the next start, which says so
    drop(std::fs::remove_dir_all(folder.told()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::RescueSystem;
    use crate::machine::qemu::tests::{spec, written};
    use std::collections::BTreeMap;

    fn told(state: &State, boot: &Boot) -> BTreeMap<String, String> {
        of(&spec(), state, boot).into_iter().collect()
    }

    #[test]
    fn a_rescue_system_is_told_its_name_and_logins_only() {
        let boot = Boot::Rescue {
            authorized_keys: vec!["ssh-ed25519 A me".into(), "ssh-ed25519 B\n".into()],
            password: Some("geheim".into()),
            system: RescueSystem::default(),
        };
        let state = State {
            written: Some(written()),
            ..State::default()
        };
        let told = told(&state, &boot);
        let names: Vec<_> = told.keys().map(String::as_str).collect();
        assert_eq!(names, ["authorized-keys", "hostname", "password"]);
        assert_eq!(told["authorized-keys"], "ssh-ed25519 A me\nssh-ed25519 B\n");
        assert_eq!(told["hostname"], "rescue");
    }

    #[test]
    fn an_image_is_told_its_seed_and_an_empty_disk_nothing() {
        assert!(told(&State::default(), &Boot::Disk).is_empty());
        let mut written = written();
        let state = |written: &super::super::state::Written| State {
            written: Some(written.clone()),
            ..State::default()
        };
        let seed = told(&state(&written), &Boot::Disk);
        let meta: Value = serde_json::from_str(&seed["meta-data"]).unwrap();
        assert_eq!(meta["local-hostname"], "web-1");
        assert_eq!(meta["instance-id"], written.instance.as_str());
        assert_eq!(meta["public-keys"][0], "ssh-ed25519 K vendor");
        assert!(seed["vendor-data"].contains("\"disable_root\":false"));
        assert!(seed["user-data"].starts_with("#cloud-config"));

        written.image.user = Some("debian".into());
        written.image.user_data = None;
        let seed = told(&state(&written), &Boot::Disk);
        assert!(seed["vendor-data"].contains("\"disable_root\":true"));
        assert!(seed["vendor-data"].contains("\"name\":\"debian\""));
        assert!(!seed.contains_key("user-data"));
    }

    #[test]
    fn what_was_told_is_private_and_does_not_stay() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::of(home.path(), "m");
        folder.make().unwrap();
        let all = [("a".to_owned(), "1".to_owned())];
        assert_eq!(write(&folder, &all).unwrap(), ["a"]);
        let all = [("b".to_owned(), "2".to_owned())];
        assert_eq!(write(&folder, &all).unwrap(), ["b"]);
        let left: Vec<_> = std::fs::read_dir(folder.told()).unwrap().collect();
        assert_eq!(left.len(), 1, "only the last");
        remove(&folder);
        assert!(!folder.told().exists());
    }
}
