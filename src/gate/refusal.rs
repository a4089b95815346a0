//! Why the gate stays shut: the cause and the mend.

use serde::Serialize;
use std::fmt;

/// One reason against an installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Which rule it is.
    pub kind: RefusalKind,
    /// What does not fit.
    pub cause: String,
    /// What to do about it.
    pub mend: String,
    /// Whether it is about what the firmware finds to boot, and about nothing that could be lost:
    /// `--force-layout` overrides it.
    #[serde(skip)]
    pub is_of_layout: bool,
}

/// The gate's rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalKind {
    /// The machine's processor is another.
    Arch,
    /// There is too little memory for the installer.
    Memory,
    /// The system has no boot loader.
    NoBootLoader,
    /// The boot loader cannot start on this firmware.
    BootLoader,
    /// GRUB is installed where this firmware does not look.
    GrubTarget,
    /// A partition that this firmware needs is missing.
    Partition,
    /// The flake names no disk at all.
    NoDisk,
    /// A disk is named that the machine does not have.
    DiskMissing,
    /// A disk has a name that may be another disk's after the next boot.
    DiskUnstable,
    /// A disk is not the machine's own, or cannot be told to be.
    DiskNotOurs,
    /// Two disks of the flake are one and the same.
    DiskTwice,
    /// A disk is too small for its partitions.
    DiskSmall,
    /// Nobody could log in.
    NoLogin,
    /// Root could log in.
    RootLogin,
    /// Passwords could be tried.
    Passwords,
}

impl Refusal {
    pub(super) fn new(
        kind: RefusalKind,
        cause: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            cause: cause.into(),
            mend: mend.into(),
            is_of_layout: false,
        }
    }

    /// The same, of the layout against the firmware.
    pub(super) fn of_layout(self) -> Self {
        Self {
            is_of_layout: true,
            ..self
        }
    }
}

impl fmt::Display for Refusal {
    /// `the machine boots by BIOS, and …; set layout = "auto" in host.toml`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.cause, self.mend)
    }
}
