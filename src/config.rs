//! Configuration: whose servers these are. Never read from the state folder, so that a second
//! laptop or a CI job of the same owner sees the same servers.

use crate::failure::{Exit, Failure, Outcome};
use provision_api::Owner;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// `provision.toml` beside the flake, or `provision/config.toml` in XDG's configuration folder.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    owner: Option<Owner>,
}

/// The owner: the flag or `PROVISION_OWNER`, else the flake's `provision.toml`, else the user's.
pub fn owner(given: Option<&Owner>, flake: &Path) -> Outcome<Option<Owner>> {
    if let Some(owner) = given {
        return Ok(Some(owner.clone()));
    }
    let files = [Some(flake.join("provision.toml")), user_file()];
    for path in files.into_iter().flatten() {
        if let Some(owner) = read(&path)?.owner {
            return Ok(Some(owner));
        }
    }
    Ok(None)
}

/// What to say when nobody said whose servers these are.
pub fn no_owner() -> Failure {
    Failure::new(
        Exit::Config,
        "it is not said whose servers these are",
        "the owner's name is written on everything that is created, and only what bears it is ever changed or removed",
    )
    .mend("--owner NAME, PROVISION_OWNER=NAME, or owner = \"NAME\" in provision.toml beside flake.nix")
}

fn user_file() -> Option<PathBuf> {
    use etcetera::BaseStrategy as _;
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.config_dir().join("provision").join("config.toml"))
}

fn read(path: &Path) -> Outcome<File> {
    match std::fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text).map_err(|e| {
            Failure::new(
                Exit::Config,
                format!("cannot read {}", path.display()),
                e.to_string().trim_end(),
            )
            .mend("the one known key is owner = \"NAME\" (a-z, 0-9 and -)")
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(File::default()),
        Err(error) => Err(Failure::new(
            Exit::Config,
            format!("cannot read {}", path.display()),
            error,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_wins_over_the_flakes_file() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("provision.toml"), "owner = \"team\"\n").unwrap();
        let flag: Owner = "me".parse().unwrap();
        assert_eq!(owner(Some(&flag), dir.path()).unwrap(), Some(flag));
        assert_eq!(owner(None, dir.path()).unwrap().unwrap().as_str(), "team");
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_the_file() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("provision.toml"), "ownr = \"team\"\n").unwrap();
        let refusal = owner(None, dir.path()).unwrap_err();
        assert!(refusal.what.contains("provision.toml") && refusal.why.contains("ownr"));
    }
}
