//! The command line of a guest.

use super::disks;
use super::folder::Folder;
use super::kvm::Accelerator;
use super::state::State;
use super::tools::Uefi;
use crate::images::Images;
use crate::machine::{Boot, Firmware, Spec};
use serde_json::Value;
use std::ffi::OsString;
use std::path::Path;

/// More memory than this no guest gets, in MiB, whatever was ordered.
const MOST_MEMORY: u64 = 4096;
/// More processors than this no guest gets.
const PROCESSORS: usize = 2;
/// What the names of what the guest is told begin with.
pub(super) const TOLD: &str = "opt/provision/";

/// The kernel parameters of the rescue system. Disks are looked for one after the other, so that
/// their names follow their places.
const RESCUE_PARAMETERS: &str =
    "console=ttyS0 panic=-1 scsi_mod.scan=sync mitigations=off tsc=unstable";

/// What a start is made of.
pub(super) struct Start<'a> {
    pub(super) spec: &'a Spec,
    pub(super) state: &'a State,
    pub(super) images: &'a Images,
    pub(super) folder: &'a Folder,
    pub(super) boot: &'a Boot,
    pub(super) accelerator: Accelerator,
    pub(super) uefi: Option<&'a Uefi>,
    /// The names of what the guest is told.
    pub(super) told: &'a [String],
    /// Memory of this computer in MiB.
    pub(super) memory_here: u64,
    /// Processors of this computer.
    pub(super) processors_here: usize,
    /// Its SSH port leads nowhere.
    pub(super) silent: bool,
}

/// Memory of a guest in MiB: what was ordered, at most 4 GiB and a quarter of this computer's.
pub(super) fn memory(ordered: u64, here: u64) -> u64 {
    ordered.min(MOST_MEMORY).min(here / 4).max(128)
}

impl Start<'_> {
    /// All arguments, for a QEMU that is started in the machine's folder.
    pub(super) fn arguments(&self) -> Vec<OsString> {
        let mut line = Line::default();
        self.machine(&mut line);
        self.channels(&mut line);
        self.network(&mut line);
        self.disks(&mut line);
        self.booting(&mut line);
        for name in self.told {
            line.two("-fw_cfg", format!("name={TOLD}{name},file=told/{name}"));
        }
        line.0
    }

    fn machine(&self, line: &mut Line) {
        let mut machine = "q35,graphics=off,vmport=off".to_owned();
        if let Some(uefi) = self.uefi.filter(|_| self.spec.firmware == Firmware::Uefi) {
            machine += ",pflash0=code,pflash1=vars";
            let flash = |name, file: &Path, read_only| {
                let medium = disks::Medium {
                    file,
                    format: "raw",
                    read_only,
                };
                disks::blockdev(name, &medium)
            };
            line.json("-blockdev", &flash("code", &uefi.code, true));
            line.json("-blockdev", &flash("vars", &self.folder.vars(), false));
        }
        line.two("-name", self.spec.id.clone());
        line.two("-machine", machine);
        for (option, value) in self.accelerator.arguments() {
            line.two(option, value);
        }
        let memory = memory(self.spec.memory_mib, self.memory_here);
        line.two("-m", format!("{memory}"));
        line.two(
            "-smp",
            self.processors_here.clamp(1, PROCESSORS).to_string(),
        );
        let (maker, product) = self.spec.platform.board.dmi();
        let digits: String = self.spec.id.chars().filter(char::is_ascii_digit).collect();
        line.two(
            "-smbios",
            format!("type=1,manufacturer={maker},product={product},serial={digits}"),
        );
        line.one("-nodefaults");
        line.one("-no-user-config");
        line.two("-display", "none");
    }

    /// What connects the guest with the sandbox. Events go to a file by a second monitor, which
    /// stays connected with a pipe that was filled beforehand.
    fn channels(&self, line: &mut Line) {
        line.two("-chardev", "file,id=serial,path=serial.log,append=on");
        line.two("-serial", "chardev:serial");
        line.two(
            "-chardev",
            format!("socket,id=qmp,path={},server=on,wait=off", Folder::SOCKET),
        );
        line.two("-mon", "chardev=qmp,mode=control");
        line.two("-chardev", "pipe,id=events,path=events");
        line.two("-mon", "chardev=events,mode=control");
        let reboot = if self.state.reboots_in_place(self.boot) {
            "reset"
        } else {
            "shutdown"
        };
        line.two("-action", format!("reboot={reboot}"));
        line.one("-daemonize");
        line.two("-pidfile", self.folder.pid());
    }

    fn network(&self, line: &mut Line) {
        let mut network = "user,id=net0,ipv6=off".to_owned();
        if !self.silent && self.state.faults.ssh.is_none() {
            network += &format!(",hostfwd={}", forward(self.spec));
        }
        let mut card = format!(
            "virtio-net-pci,netdev=net0,romfile=,mac={},bus=pcie.0,addr={}",
            self.spec.mac_words(),
            disks::NETWORK_AT
        );
        if let Some(loader) = self.by_network() {
            // before the disk: the firmware gets the loader of loaders from there, which reads
            // from SMBIOS what it hands over to
            let served = comma(&self.folder.served().to_string_lossy());
            network += &format!(",tftp={served},bootfile={}", Folder::CHAIN);
            card += ",bootindex=0";
            let path = comma(&loader.replace('\\', "/"));
            line.two("-smbios", format!("type=11,value={path}"));
        }
        line.two("-netdev", network);
        line.two("-device", card);
        line.two(
            "-device",
            format!("virtio-rng-pci,bus=pcie.0,addr={}", disks::RANDOM_AT),
        );
    }

    /// The loader that the network boot hands over to. A BIOS has none.
    fn by_network(&self) -> Option<&str> {
        match self.boot {
            Boot::Chain { loader } if self.spec.firmware == Firmware::Uefi => Some(loader),
            _ => None,
        }
    }

    fn disks(&self, line: &mut Line) {
        let bootable = matches!(self.boot, Boot::Disk | Boot::Chain { .. });
        let (mut media, mut devices) = match self.boot {
            Boot::Rescue { system, .. } if !system.linux => (Vec::new(), Vec::new()),
            Boot::Rescue { system, .. } if system.disk_gib.is_some() => {
                disks::rescue_disk(&self.folder.rescue_disk())
            }
            Boot::Rescue { .. } => disks::rescue_root(&self.images.rescue_root()),
            Boot::Disk | Boot::Chain { .. } => (Vec::new(), Vec::new()),
        };
        devices.extend(disks::controllers(self.spec));
        let own = disks::own(self.spec, self.state, self.folder, bootable);
        let volumes = self.state.volumes.iter();
        let volumes = volumes.map(|volume| disks::volume(volume, self.folder));
        for (medium, device) in own.into_iter().chain(volumes) {
            media.push(medium);
            devices.push(device);
        }
        for medium in &media {
            line.json("-blockdev", medium);
        }
        for device in &devices {
            line.json("-device", device);
        }
        // nothing but what was told: another disk is not tried
        line.two("-boot", "strict=on");
    }

    fn booting(&self, line: &mut Line) {
        match self.boot {
            Boot::Rescue { system, .. } if system.linux => {
                line.two("-kernel", self.images.kernel());
                line.two("-initrd", self.images.rescue_initrd());
                line.two("-append", RESCUE_PARAMETERS);
            }
            Boot::Rescue { .. } | Boot::Disk | Boot::Chain { .. } => {}
        }
    }
}

/// A value as it stands in a list of options.
fn comma(value: &str) -> String {
    value.replace(',', ",,")
}

/// The way from the machine's address to the guest's SSH port.
pub(super) fn forward(spec: &Spec) -> String {
    format!("tcp:{}:{}-:22", spec.ipv4, spec.ssh_port)
}

#[derive(Default)]
struct Line(Vec<OsString>);

impl Line {
    fn one(&mut self, option: &str) {
        self.0.push(option.into());
    }

    fn two(&mut self, option: &str, value: impl Into<OsString>) {
        self.0.push(option.into());
        self.0.push(value.into());
    }

    fn json(&mut self, option: &str, value: &Value) {
        self.two(option, value.to_string());
    }
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
