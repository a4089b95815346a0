//! Reading `host.toml`, with errors that name the file, the line and the keys there are.

use super::HostSpec;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Why a `host.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// It cannot be read.
    #[error("cannot read {}: {why}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// It does not say what a `host.toml` has to say.
    #[error("{}:{line}: {message}", file.display())]
    Wrong {
        /// The file.
        file: PathBuf,
        /// The line, counted from one.
        line: usize,
        /// What is wrong; for an unknown key, the keys there are.
        message: String,
    },
}

impl HostSpec {
    /// Reads a `host.toml`.
    pub fn read(file: &Path) -> Result<Self, SpecError> {
        let text = std::fs::read_to_string(file).map_err(|why| SpecError::Unreadable {
            file: file.to_owned(),
            why,
        })?;
        text.parse().map_err(|error| match error {
            SpecError::Wrong { line, message, .. } => SpecError::Wrong {
                file: file.to_owned(),
                line,
                message,
            },
            other @ SpecError::Unreadable { .. } => other,
        })
    }
}

impl FromStr for HostSpec {
    type Err = SpecError;
    /// Parses the text of a `host.toml`; errors name the file `host.toml`.
    fn from_str(text: &str) -> Result<Self, SpecError> {
        toml::from_str(text).map_err(|error| SpecError::Wrong {
            file: PathBuf::from(super::Host::SPEC),
            line: line_of(text, error.span().map_or(0, |span| span.start)),
            message: error.message().trim_end().replace('\n', "; "),
        })
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    before.filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Layout, LayoutChoice, OvhProduct};

    #[test]
    fn everything_is_read() {
        let spec: HostSpec = r#"
            provider = "hetzner"
            layout = "bios"
            arch = "aarch64"
            admin = "ada"
            ttl = "1h 30m"
            max_price = "0.02"
            [hetzner]
            types = ["cx23", "cpx22"]
            locations = ["nbg1"]
            image = "debian-12"
            [ovh]
            product = "vps"
            service = "vps-1.example"
        "#
        .parse()
        .unwrap();
        assert_eq!(spec.provider.as_str(), "hetzner");
        assert_eq!(spec.layout, LayoutChoice::Forced(Layout::Bios));
        assert_eq!(spec.arch.as_str(), "aarch64");
        assert_eq!(spec.admin.as_str(), "ada");
        assert_eq!(spec.ttl.unwrap().as_secs(), 5400);
        assert_eq!(spec.max_price.unwrap().to_string(), "0.02");
        assert_eq!(spec.hetzner.types, ["cx23", "cpx22"]);
        assert_eq!(spec.hetzner.image, "debian-12");
        assert_eq!(spec.ovh.product, OvhProduct::Vps);
        assert_eq!(spec.ovh.service.as_deref(), Some("vps-1.example"));
    }

    #[test]
    fn little_is_needed() {
        let spec: HostSpec = "provider = \"ovh\"".parse().unwrap();
        assert_eq!(spec.layout, LayoutChoice::Auto);
        assert_eq!(spec.arch.as_str(), "x86_64");
        assert_eq!(spec.admin.as_str(), "hbohlen");
        assert_eq!(spec.ttl, None);
        assert_eq!(spec.max_price, None);
        assert_eq!(spec.hetzner.image, "debian-13");
    }

    #[test]
    fn mistakes_are_told_with_their_line_and_their_mend() {
        let top = "provider = \"hetzner\"\n";
        let cases = [
            ("", 1, "missing field `provider`"),
            ("provider = \"\"", 1, "a lower-case word"),
            ("provider = \"Hetzner\"", 1, "a lower-case word"),
            (
                "\nprovidr = \"x\"",
                2,
                "expected one of `provider`, `layout`",
            ),
            ("{top}layout = \"efi\"", 2, "auto, uefi, bios, hybrid"),
            ("{top}arch = \"riscv64\"", 2, "x86_64 nor aarch64"),
            ("{top}admin = \"root\"", 2, "name another user"),
            ("{top}admin = \"a b\"", 2, "begins with a letter"),
            ("{top}admin = \"a\\\"; x\"", 2, "begins with a letter"),
            ("{top}\n\nttl = \"soon\"", 4, "\"2h\""),
            ("{top}ttl = \"-2h\"", 2, "\"2h\""),
            ("{top}max_price = \"cheap\"", 2, "\"0.02\""),
            ("{top}max_price = \"0\"", 2, "\"0.02\""),
            ("{top}max_price = 0.02", 2, "expected a string"),
            ("{top}[hetzner]\ntype = \"cx23\"", 3, "`types`, `locations`"),
            ("{top}[ovh]\nproduct = \"bare\"", 3, "`cloud`, `vps`"),
            ("{top}[ovh]\n\nflavor = 1", 4, "`flavors`"),
            ("{top}layout = ", 2, "string"),
        ];
        for (text, at, part) in cases {
            let text = text.replace("{top}", top);
            match text.parse::<HostSpec>().unwrap_err() {
                SpecError::Wrong { line, message, .. } => {
                    assert!(message.contains(part), "{text:?}: {message}");
                    assert_eq!(line, at, "{text:?}: {message}");
                }
                SpecError::Unreadable { .. } => unreachable!(),
            }
        }
    }

    #[test]
    fn the_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("host.toml");
        let missing = HostSpec::read(&file).unwrap_err().to_string();
        assert!(missing.starts_with("cannot read "), "{missing}");
        std::fs::write(&file, "provider = 1").unwrap();
        let wrong = HostSpec::read(&file).unwrap_err().to_string();
        assert!(wrong.contains("host.toml:1: "), "{wrong}");
    }
}
