//! What the flake wants of a machine: evaluated, or as the layouts are known to be.

use super::GateSource;
use crate::host::Layout;
use provision_api::Arch;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What the flake wants of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where this comes from.
    pub source: GateSource,
    /// The processor that the system is built for.
    pub arch: Arch,
    /// `networking.hostName`.
    pub host_name: String,
    /// `boot.loader.grub`.
    pub grub: Grub,
    /// `boot.loader.systemd-boot.enable`.
    pub systemd_boot: bool,
    /// `boot.loader.efi.canTouchEfiVariables`.
    pub can_touch_efi_variables: bool,
    /// `disko.devices.disk`, sorted by name.
    pub disks: Vec<WantedDisk>,
    /// Who could log in.
    pub login: Login,
}

/// `boot.loader.grub`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grub {
    /// Whether it is the boot loader.
    pub enable: bool,
    /// Disks whose boot sector it goes into; without `nodev`, which means none.
    pub devices: Vec<String>,
    /// Whether it is installed for UEFI.
    pub efi_support: bool,
    /// Whether it is put where UEFI looks without having been told.
    pub efi_install_as_removable: bool,
}

/// A disk that disko will wipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedDisk {
    /// Its name in the flake (`main`).
    pub name: String,
    /// Its device (`/dev/disk/by-path/…`).
    pub device: String,
    /// Whether it gets a GPT, whose partitions are known.
    pub gpt: bool,
    /// Its partitions, sorted by name.
    pub partitions: Vec<Partition>,
}

/// A partition of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Partition {
    /// Its name in the flake (`ESP`).
    pub name: String,
    /// Its type (`EF00`, `EF02`, or a GUID), upper case.
    pub kind: String,
    /// Its size as disko has it (`512M`, `100%`).
    pub size: String,
    /// Its file system (`vfat`), if it has one of its own.
    pub format: Option<String>,
    /// Where it is mounted, if it is.
    pub mountpoint: Option<String>,
}

/// Who could log in to the installed system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Whether sshd runs.
    pub sshd: bool,
    /// How many keys the admin user has.
    pub admin_keys: usize,
    /// Whether root could log in.
    pub root: bool,
    /// Whether passwords are taken.
    pub passwords: bool,
}

impl Wanted {
    /// What the repository's own layouts and modules come to, for a flake that cannot be
    /// evaluated here. `disk` is the boot disk of `facts.json`.
    pub fn of_layout(layout: Layout, arch: &Arch, disk: &str, admin_keys: usize) -> Self {
        let mut partitions = Vec::new();
        if layout.boots_uefi() {
            partitions.push(Partition {
                name: "ESP".into(),
                kind: "EF00".into(),
                size: "512M".into(),
                format: Some("vfat".into()),
                mountpoint: Some("/boot".into()),
            });
        }
        if layout.boots_bios() {
            partitions.push(Partition {
                name: "bios".into(),
                kind: "EF02".into(),
                size: "1M".into(),
                ..Partition::default()
            });
        }
        partitions.push(Partition {
            name: "root".into(),
            kind: "8300".into(),
            size: "100%".into(),
            format: Some("btrfs".into()),
            mountpoint: Some("/".into()),
        });
        Self {
            source: GateSource::FactsOnly,
            arch: arch.clone(),
            host_name: String::new(),
            grub: Grub {
                enable: true,
                devices: layout
                    .boots_bios()
                    .then(|| disk.to_owned())
                    .into_iter()
                    .collect(),
                efi_support: layout.boots_uefi(),
                efi_install_as_removable: layout.boots_uefi(),
            },
            systemd_boot: false,
            can_touch_efi_variables: false,
            disks: vec![WantedDisk {
                name: "main".into(),
                device: disk.to_owned(),
                gpt: true,
                partitions,
            }],
            login: Login {
                sshd: true,
                admin_keys,
                root: false,
                passwords: false,
            },
        }
    }

    /// Reads what `src/flake/wanted.nix` answers.
    pub(crate) fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice::<Answer>(json).map(Self::from)
    }
}

/// The answer of `src/flake/wanted.nix`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    platform: Option<String>,
    host_name: String,
    grub: GrubAnswer,
    systemd_boot: bool,
    can_touch_efi_variables: bool,
    disks: BTreeMap<String, DiskAnswer>,
    ssh: SshAnswer,
    admin_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GrubAnswer {
    enable: bool,
    device: String,
    devices: Vec<String>,
    efi_support: bool,
    efi_install_as_removable: bool,
}

#[derive(Deserialize)]
struct DiskAnswer {
    device: String,
    table: Option<String>,
    partitions: BTreeMap<String, PartitionAnswer>,
}

#[derive(Deserialize)]
struct PartitionAnswer {
    #[serde(rename = "type")]
    kind: Option<String>,
    size: Option<String>,
    format: Option<String>,
    mountpoint: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SshAnswer {
    enable: bool,
    root_login: Option<String>,
    passwords: Option<bool>,
}

impl From<Answer> for Wanted {
    fn from(answer: Answer) -> Self {
        let platform = answer.platform.unwrap_or_default();
        let arch = platform.split('-').next().unwrap_or_default().to_owned();
        Self {
            source: GateSource::Flake,
            arch: arch.into(),
            host_name: answer.host_name,
            grub: answer.grub.into(),
            systemd_boot: answer.systemd_boot,
            can_touch_efi_variables: answer.can_touch_efi_variables,
            disks: answer.disks.into_iter().map(WantedDisk::from).collect(),
            login: Login {
                sshd: answer.ssh.enable,
                admin_keys: answer.admin_keys.len(),
                // what is not said is what sshd does by itself: it takes both
                root: answer.ssh.root_login.as_deref() != Some("no"),
                passwords: answer.ssh.passwords != Some(false),
            },
        }
    }
}

impl From<GrubAnswer> for Grub {
    fn from(answer: GrubAnswer) -> Self {
        let mut devices = answer.devices;
        devices.push(answer.device);
        devices.retain(|device| !device.is_empty() && device != "nodev");
        devices.sort();
        devices.dedup();
        Self {
            enable: answer.enable,
            devices,
            efi_support: answer.efi_support,
            efi_install_as_removable: answer.efi_install_as_removable,
        }
    }
}

impl From<(String, DiskAnswer)> for WantedDisk {
    fn from((name, answer): (String, DiskAnswer)) -> Self {
        Self {
            name,
            device: answer.device,
            gpt: answer.table.as_deref() == Some("gpt"),
            partitions: answer.partitions.into_iter().map(Partition::from).collect(),
        }
    }
}

impl From<(String, PartitionAnswer)> for Partition {
    fn from((name, answer): (String, PartitionAnswer)) -> Self {
        Self {
            name,
            // what disko takes when nothing is said
            kind: answer
                .kind
                .map_or_else(|| "8300".to_owned(), |kind| kind.to_ascii_uppercase()),
            size: answer.size.unwrap_or_default(),
            format: answer.format,
            mountpoint: answer.mountpoint,
        }
    }
}
