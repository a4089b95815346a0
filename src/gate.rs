//! The gate: what the flake wants against what the machine is, before anything is wiped.
//!
//! Pure: it looks at two values and answers with what it passed, or with every reason against.

mod boot;
mod disks;
mod refusal;
mod wanted;

pub use refusal::{Refusal, RefusalKind};
pub use wanted::{Grub, Login, Partition, Wanted, WantedDisk};

use crate::found::{Firmware, Found, RunningSystem};
use crate::host::{Layout, LayoutChoice};
use serde::{Deserialize, Serialize};

/// Less memory than this and the installer that kexec boots cannot start.
pub const MEMORY_LEAST_MIB: u64 = 1000;
/// Less memory than this and the installer has no room for the programs that disko calls.
pub const MEMORY_ENOUGH_MIB: u64 = 1500;
/// What the layouts name as the disk as long as no probe has found one. No machine has it, so
/// that an installation by other means fails instead of wiping a disk that was guessed.
pub const UNPROBED_DISK: &str = "/dev/disk/by-path/not-probed-yet";

/// Where the gate's knowledge of what is wanted comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateSource {
    /// The flake was evaluated.
    #[serde(rename = "evaluated")]
    Flake,
    /// Its inputs could not be had: what `facts.json`, `host.toml` and the layouts say.
    FactsOnly,
}

impl GateSource {
    /// The word used in output and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flake => "evaluated",
            Self::FactsOnly => "facts-only",
        }
    }
}

/// What the gate let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// Where its knowledge came from.
    pub source: GateSource,
    /// The disks that will be wiped, by the names they have on the machine now.
    pub wipes: Vec<String>,
    /// There is too little memory for disko's programs: `--no-disko-deps`.
    pub no_disko_deps: bool,
    /// What is odd and does not stand in the way.
    pub warnings: Vec<String>,
    /// What would have been refused, had the layout not been forced.
    pub overridden: Vec<Refusal>,
}

/// Which layout a machine with this firmware gets.
pub fn choose_layout(choice: LayoutChoice, firmware: Firmware) -> Layout {
    match (choice, firmware) {
        (LayoutChoice::Forced(layout), _) => layout,
        (LayoutChoice::Auto, Firmware::Bios) => Layout::Bios,
        (LayoutChoice::Auto, Firmware::Uefi) => Layout::Uefi,
    }
}

/// Lets through what will boot, and refuses everything else with all the reasons.
pub fn gate(found: &Found, wanted: &Wanted) -> Result<Passed, Vec<Refusal>> {
    judge(found, wanted, false)
}

/// The same, where the user insists on the layout: that the machine may not boot is then told, and
/// refused no more. Everything else is refused as ever.
pub fn gate_with_layout_forced(found: &Found, wanted: &Wanted) -> Result<Passed, Vec<Refusal>> {
    judge(found, wanted, true)
}

fn judge(found: &Found, wanted: &Wanted, force_layout: bool) -> Result<Passed, Vec<Refusal>> {
    let mut refusals = before_money(wanted).err().unwrap_or_default();
    refusals.extend(arch(found, wanted));
    refusals.extend(memory(found));
    let (wipes, on_disks) = disks::check(found, wanted);
    refusals.extend(on_disks);
    let (overridden, of_boot): (Vec<_>, Vec<_>) = boot::check(found, wanted)
        .into_iter()
        .partition(|r| force_layout && r.is_of_layout);
    refusals.extend(of_boot);
    if !refusals.is_empty() {
        return Err(refusals);
    }
    Ok(Passed {
        overridden,
        source: wanted.source,
        wipes,
        no_disko_deps: needs_kexec(found) && found.memory_mib < MEMORY_ENOUGH_MIB,
        warnings: warnings(found, wanted),
    })
}

/// What can be refused without a machine, and so before one is paid for: a system that nobody,
/// or anybody, could log in to.
pub fn before_money(wanted: &Wanted) -> Result<(), Vec<Refusal>> {
    let login = &wanted.login;
    let mut refusals = Vec::new();
    if !login.sshd {
        refusals.push(Refusal::new(
            RefusalKind::NoLogin,
            "services.openssh is off, so nobody could reach the installed system",
            "set services.openssh.enable = true",
        ));
    }
    if login.admin_keys == 0 {
        refusals.push(Refusal::new(
            RefusalKind::NoLogin,
            "the admin user has no SSH key, so nobody could log in",
            "put your public key into hosts/keys (cp ~/.ssh/id_ed25519.pub hosts/keys/)",
        ));
    }
    if login.root {
        refusals.push(Refusal::new(
            RefusalKind::RootLogin,
            "root could log in over SSH",
            "set services.openssh.settings.PermitRootLogin = \"no\"",
        ));
    }
    if login.passwords {
        refusals.push(Refusal::new(
            RefusalKind::Passwords,
            "passwords could be tried over SSH",
            "set services.openssh.settings.PasswordAuthentication = false",
        ));
    }
    if refusals.is_empty() {
        return Ok(());
    }
    Err(refusals)
}

fn arch(found: &Found, wanted: &Wanted) -> Option<Refusal> {
    (found.arch != wanted.arch).then(|| {
        Refusal::new(
            RefusalKind::Arch,
            format!(
                "the machine is {}, and the system is for {}",
                found.arch, wanted.arch
            ),
            format!(
                "set arch = \"{}\" in host.toml, or take another type of server",
                found.arch
            ),
        )
    })
}

fn needs_kexec(found: &Found) -> bool {
    found.system != RunningSystem::Installer
}

fn memory(found: &Found) -> Option<Refusal> {
    (needs_kexec(found) && found.memory_mib < MEMORY_LEAST_MIB).then(|| {
        Refusal::new(
            RefusalKind::Memory,
            format!(
                "the machine has {} MiB of memory, and the installer needs {MEMORY_LEAST_MIB}",
                found.memory_mib
            ),
            "take a larger type of server",
        )
    })
}

fn warnings(found: &Found, wanted: &Wanted) -> Vec<String> {
    let mut warnings = Vec::new();
    if needs_kexec(found) && found.memory_mib < MEMORY_ENOUGH_MIB {
        warnings.push(format!(
            "{} MiB of memory are little for the installer: disko's programs are not sent along",
            found.memory_mib
        ));
    }
    if wanted.can_touch_efi_variables && found.firmware == Firmware::Uefi {
        warnings.push(
            "the system may write EFI variables; on rented machines that can keep them from \
             booting: set boot.loader.efi.canTouchEfiVariables = false"
                .to_owned(),
        );
    }
    warnings
}

#[cfg(test)]
mod tests;
