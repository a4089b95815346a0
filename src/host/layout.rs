//! Layouts: how a disk is cut so that a firmware can boot from it.

use provision_api::Arch;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How the boot disk is cut; one file each in `hosts/layouts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// An EFI system partition and GRUB at the removable path: boots on UEFI only.
    Uefi,
    /// A BIOS boot partition and GRUB in the disk's boot sector: boots on BIOS only.
    Bios,
    /// Both: boots on either firmware.
    Hybrid,
}

/// `layout` in `host.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum LayoutChoice {
    /// By the firmware that the probe finds.
    #[default]
    Auto,
    /// This one, whatever the firmware; the gate refuses one that would not boot.
    Forced(Layout),
}

impl Layout {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Uefi, Self::Bios, Self::Hybrid];

    /// The word in files (`uefi`).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uefi => "uefi",
            Self::Bios => "bios",
            Self::Hybrid => "hybrid",
        }
    }

    /// What to take before the firmware is known: there is no BIOS, and so no GRUB for one,
    /// on anything but x86.
    pub fn unprobed(arch: &Arch) -> Self {
        match arch {
            Arch::X86_64 => Self::Hybrid,
            _ => Self::Uefi,
        }
    }

    /// Whether it has a BIOS boot partition.
    pub fn boots_bios(self) -> bool {
        matches!(self, Self::Bios | Self::Hybrid)
    }

    /// Whether it has an EFI system partition.
    pub fn boots_uefi(self) -> bool {
        matches!(self, Self::Uefi | Self::Hybrid)
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for LayoutChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.pad("auto"),
            Self::Forced(layout) => layout.fmt(f),
        }
    }
}

impl TryFrom<String> for LayoutChoice {
    type Error = String;
    fn try_from(word: String) -> Result<Self, String> {
        if word == "auto" {
            return Ok(Self::Auto);
        }
        Layout::ALL
            .into_iter()
            .find(|layout| layout.as_str() == word)
            .map(Self::Forced)
            .ok_or_else(|| format!("layout {word:?} is none of auto, uefi, bios, hybrid"))
    }
}

impl From<LayoutChoice> for String {
    fn from(choice: LayoutChoice) -> Self {
        choice.to_string()
    }
}
