//! What each kind of system says about itself.

use super::state::Kind;

/// Debian's version of the rescue system; the NixOS release of the installer and of what is
/// installed.
const RESCUE_DEBIAN: &str = "12";
const NIXOS: &str = "25.11";

impl Kind {
    /// The text of its `/etc/os-release`.
    pub(crate) fn os_release(&self) -> String {
        match self {
            Self::Stock { os, version } => distribution(os, version),
            Self::Rescue => distribution("debian", RESCUE_DEBIAN),
            Self::Installer => format!("{}VARIANT=\"Installer\"\nVARIANT_ID=installer\n", nixos()),
            Self::Installed { .. } => nixos(),
            Self::Dead => String::new(),
        }
    }

    /// The kernel's release for this architecture.
    pub(crate) fn kernel(&self, arch: &str) -> String {
        let debian = if arch == "aarch64" { "arm64" } else { "amd64" };
        match self {
            Self::Stock { os, .. } if os == "ubuntu" => "6.8.0-71-generic".to_owned(),
            Self::Stock { os, .. } if os == "debian" => format!("6.1.0-38-{debian}"),
            Self::Stock { .. } => format!("6.12.0-55.el10.{arch}"),
            Self::Rescue => "6.12.48".to_owned(),
            _ => "6.12.57".to_owned(),
        }
    }

    /// What `uname -v` says.
    pub(crate) fn kernel_version(&self) -> &'static str {
        match self {
            Self::Stock { .. } | Self::Rescue => "#1 SMP PREEMPT_DYNAMIC",
            _ => "#1-NixOS SMP PREEMPT_DYNAMIC",
        }
    }

    /// systemd's version.
    pub(crate) fn systemd(&self) -> &'static str {
        match self {
            Self::Stock { os, .. } if os == "ubuntu" => "255 (255.4-1ubuntu8.10)",
            Self::Stock { .. } | Self::Rescue => "252 (252.38-1~deb12u1)",
            _ => "258 (258.2)",
        }
    }

    /// Whether it is NixOS, from a disk or from memory.
    pub(crate) fn is_nixos(&self) -> bool {
        matches!(self, Self::Installer | Self::Installed { .. })
    }

    /// The whole version of NixOS, as `nixos-version` says it.
    pub(crate) fn nixos_version(&self) -> Option<String> {
        self.is_nixos()
            .then(|| format!("{NIXOS}.20251123.stand-in (Xantusia)"))
    }
}

fn distribution(os: &str, version: &str) -> String {
    let name = match os {
        "debian" => "Debian GNU/Linux",
        "ubuntu" => "Ubuntu",
        "fedora" => "Fedora Linux",
        "rocky" => "Rocky Linux",
        "alma" | "almalinux" => "AlmaLinux",
        "centos" => "CentOS Stream",
        other => other,
    };
    format!(
        "PRETTY_NAME=\"{name} {version}\"\nNAME=\"{name}\"\nVERSION_ID=\"{version}\"\nID={os}\n"
    )
}

fn nixos() -> String {
    format!(
        "ID=nixos\nNAME=NixOS\nPRETTY_NAME=\"NixOS {NIXOS} (Xantusia)\"\nVERSION_ID=\"{NIXOS}\"\n"
    )
}
