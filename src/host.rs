//! A host of the flake: what is wanted of it (`host.toml`), and what is known (`facts.json`).

mod layout;
mod read;
mod spec;

pub use layout::{Layout, LayoutChoice};
pub use read::SpecError;
pub use spec::{Hetzner, HostSpec, Ovh, OvhProduct, ProviderName, UserName, WordError};

use crate::facts::{Facts, FactsError};
use provision_api::{HostName, ServerId};
use std::path::{Path, PathBuf};

/// A host as its folder tells of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Host {
    /// The folder's name.
    pub name: HostName,
    /// `hosts/servers/<name>`, absolute.
    pub folder: PathBuf,
    /// What `host.toml` says.
    pub spec: HostSpec,
    /// What `facts.json` says, whichever server it was written for.
    pub facts: Option<Facts>,
}

/// Why a host's folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// Its `host.toml` is missing or wrong.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// Its `facts.json` is wrong.
    #[error(transparent)]
    Facts(#[from] FactsError),
}

impl Host {
    /// The file in which the user says what is wanted.
    pub const SPEC: &'static str = "host.toml";
    /// The file in which `provision` says what was found.
    pub const FACTS: &'static str = "facts.json";

    /// Reads the folder of a host.
    pub fn read(name: HostName, folder: &Path) -> Result<Self, HostError> {
        Ok(Self {
            name,
            folder: folder.to_owned(),
            spec: HostSpec::read(&folder.join(Self::SPEC))?,
            facts: Facts::read(&folder.join(Self::FACTS))?,
        })
    }

    /// The facts, if they are about this server; those of another one mean nothing.
    pub fn facts_for(&self, server: &ServerId) -> Option<&Facts> {
        self.facts.as_ref().filter(|facts| facts.is_of(server))
    }

    /// The layout that the flake takes as long as nothing else is known: what `host.toml`
    /// forces, else what `facts.json` says, else one that boots whatever the firmware is.
    ///
    /// `hosts/discover.nix` decides the same way.
    pub fn layout_now(&self) -> Layout {
        match (self.spec.layout, &self.facts) {
            (LayoutChoice::Forced(layout), _) => layout,
            (LayoutChoice::Auto, Some(facts)) => facts.layout,
            (LayoutChoice::Auto, None) => Layout::unprobed(&self.spec.arch),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;

    fn host(choice: LayoutChoice, arch: &str, known: Option<Facts>) -> Host {
        let mut spec: HostSpec = "provider = 'hetzner'".parse().unwrap();
        spec.layout = choice;
        spec.arch = arch.to_owned().into();
        Host {
            name: "web-1".parse().unwrap(),
            folder: "/nowhere".into(),
            spec,
            facts: known,
        }
    }

    #[test]
    fn force_beats_facts_and_facts_beat_the_guess() {
        let bios = Some(facts("1", Layout::Bios));
        for (choice, arch, known, want) in [
            (LayoutChoice::Auto, "x86_64", None, Layout::Hybrid),
            (LayoutChoice::Auto, "aarch64", None, Layout::Uefi),
            (LayoutChoice::Auto, "x86_64", bios.clone(), Layout::Bios),
            (
                LayoutChoice::Forced(Layout::Uefi),
                "x86_64",
                bios,
                Layout::Uefi,
            ),
        ] {
            assert_eq!(host(choice, arch, known).layout_now(), want);
        }
    }

    #[test]
    fn facts_of_another_server_are_not_told() {
        let host = host(LayoutChoice::Auto, "x86_64", Some(facts("1", Layout::Bios)));
        assert!(host.facts_for(&ServerId::new("1")).is_some());
        assert!(host.facts_for(&ServerId::new("2")).is_none());
    }
}
