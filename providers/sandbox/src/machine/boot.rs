//! What is written to a machine's disk, and what it boots.

use serde::{Deserialize, Serialize};
use std::fmt::{self, Debug};

/// The vendor's image written to the machine's own disk.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// `debian`, `ubuntu`, …: the `ID` of its os-release.
    pub os: String,
    /// The `VERSION_ID` of its os-release.
    pub version: String,
    /// cloud-init's user data as it was given.
    pub user_data: Option<String>,
    /// The default user's login keys that the vendor puts in, as OpenSSH public key lines.
    pub authorized_keys: Vec<String>,
    /// The image's default user, who may become root without a password while root itself is
    /// sent away (cloud-init's `disable_root`, which user data may turn off); nothing when the
    /// default user is root.
    #[serde(default)]
    pub user: Option<String>,
}

// user data may hold a host's private key: it is never shown
impl Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image")
            .field("os", &self.os)
            .field("version", &self.version)
            .field("user_data", &self.user_data.as_ref().map(|_| "<hidden>"))
            .field("authorized_keys", &self.authorized_keys)
            .field("user", &self.user)
            .finish()
    }
}

/// What the machine boots next.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Boot {
    /// Its own disk, as its firmware can.
    Disk,
    /// Its own disk by way of the network: on UEFI the vendor's iPXE hands over to this program on
    /// the EFI system partition (`\efi\debian\grubx64.efi`, upper and lower case alike), and to
    /// nothing when it is not there. A BIOS starts the boot sector as ever.
    Chain {
        /// The program's path.
        loader: String,
    },
    /// The vendor's rescue system from the network, with these login keys for root.
    Rescue {
        /// OpenSSH public key lines.
        authorized_keys: Vec<String>,
        /// Root's password, as the vendor answered, mailed or showed it.
        password: Option<String>,
        /// Which rescue system it is.
        #[serde(default)]
        system: RescueSystem,
    },
}

impl Debug for Boot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk => f.write_str("Disk"),
            Self::Chain { loader } => f.debug_struct("Chain").field("loader", loader).finish(),
            Self::Rescue {
                authorized_keys,
                password,
                system,
            } => f
                .debug_struct("Rescue")
                .field("authorized_keys", authorized_keys)
                .field("password", &password.as_ref().map(|_| "<hidden>"))
                .field("system", system)
                .finish(),
        }
    }
}

/// A rescue system; the default is Hetzner's: in memory, and called `rescue`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RescueSystem {
    /// Its host name.
    pub hostname: String,
    /// The disk of its own that it runs from, in GiB; nothing when it runs from memory. It is the
    /// first disk (`/dev/sda`), and stays so after kexec, until the next boot by the firmware.
    pub disk_gib: Option<u64>,
    /// Whether it is a Linux with an SSH server. Windows PE is not.
    pub linux: bool,
}

impl Default for RescueSystem {
    fn default() -> Self {
        Self {
            hostname: "rescue".to_owned(),
            disk_gib: None,
            linux: true,
        }
    }
}
