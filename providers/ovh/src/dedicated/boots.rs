//! What a server boots next: the vendor's netboot decides, by ids that differ by region.

use super::Dedicated;
use super::convert::Facts;
use super::wire::{Boot, Change, Detail, Loader};
use crate::rented::gather;
use provision_api::http::Request;
use provision_api::{Arch, ErrorKind, Phase, Result};

impl Dedicated {
    /// The ids of one type of boot.
    pub(super) async fn boot_ids(&self, service: &str, kind: &str) -> Result<Vec<u64>> {
        let path = self.rental.path(service, "/boot");
        let operation = format!("list {kind} boots of {service}");
        let request = Request::get(path, operation).query("bootType", kind);
        self.rental.client().v1().call(request).await
    }

    /// The boot from its own disk.
    pub(super) async fn disk_boot(&self, service: &str) -> Result<u64> {
        let ids = self.boot_ids(service, "harddisk").await?;
        // the vendor has one; were there more, the oldest is the plain one
        ids.into_iter().min().ok_or_else(|| {
            let operation = format!("have {service} boot from disk");
            let message = "the vendor offers it no boot from disk; choose one in the control panel";
            self.rental
                .error(ErrorKind::Unsupported, operation, message)
        })
    }

    /// The rescue system that takes a login key, among those that there are.
    pub(super) async fn rescue_boot(&self, service: &str) -> Result<u64> {
        let ids = self.boot_ids(service, "rescue").await?;
        let looked = gather(ids.iter().map(|id| self.look_at_boot(service, *id))).await;
        let boots = looked.into_iter().collect::<Result<Vec<_>>>()?;
        customers_linux(&boots).ok_or_else(|| {
            let there: Vec<_> = boots.iter().map(described).collect();
            let there = match there.join(", ") {
                none if none.is_empty() => "none at all".to_owned(),
                some => some,
            };
            let message =
                format!("no Linux rescue system for customers is offered; there is {there}");
            let operation = format!("have {service} boot a rescue system");
            self.rental
                .error(ErrorKind::Unsupported, operation, message)
        })
    }

    async fn look_at_boot(&self, service: &str, id: u64) -> Result<Boot> {
        let below = format!("/boot/{id}");
        let what = format!("boot {id}");
        self.rental.read(service, &below, &what).await
    }
}

/// The Linux rescue system for customers; the newest, where there are several. Beside it the
/// vendor lists systems under the same type that take no login key: Windows' and a bare iPXE
/// shell.
fn customers_linux(boots: &[Boot]) -> Option<u64> {
    let rank = |boot: &Boot| {
        let said = format!("{} {}", boot.kernel, boot.description).to_lowercase();
        if said.contains("win") || said.contains("ipxe") {
            return None;
        }
        // customers', before what is only called a rescue system
        let customers = said.contains("customer");
        let known = customers || said.contains("linux") || said.contains("rescue");
        known.then_some((customers, boot.id))
    };
    boots.iter().filter_map(rank).max().map(|(_, id)| id)
}

fn described(boot: &Boot) -> String {
    format!("{} {} ({})", boot.id, boot.kernel, boot.description)
}

/// What has to be changed so that a server boots from its disk; nothing if it does already.
///
/// A server with UEFI starts its disk through the vendor's netboot, which has to be told the
/// path of the boot loader there: our layouts put it at the removable media's path. Until the
/// installation has begun to write, the disk holds the vendor's system, and its path stays.
pub(super) fn to_disk(detail: &Detail, facts: &Facts, phase: Phase, disk: u64) -> Change<'static> {
    let mut change = Change::default();
    if detail.boot != Some(disk) {
        change.boot_id = Some(disk);
    }
    if phase >= Phase::Installing {
        let wanted = facts.uefi.then(|| loader(&facts.arch));
        let there = Some(detail.loader.as_str()).filter(|path| !path.is_empty());
        if wanted != there {
            change.efi_bootloader_path = Some(Loader(wanted));
        }
    }
    change
}

/// Where firmware looks on a disk that it has no entry for.
fn loader(arch: &Arch) -> &'static str {
    match arch {
        Arch::Aarch64 => r"\EFI\BOOT\BOOTAA64.EFI",
        _ => r"\EFI\BOOT\BOOTX64.EFI",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boot(id: u64, kernel: &str, description: &str) -> Boot {
        Boot {
            id,
            kernel: kernel.to_owned(),
            description: description.to_owned(),
        }
    }

    #[test]
    fn the_rescue_system_is_customers_and_linux() {
        let customer = boot(1122, "rescue-customer", "Customer rescue system (Linux)");
        let twelve = boot(
            230_242,
            "rescue12-customer",
            "Customer rescue system (Debian-12-based)",
        );
        let windows = boot(999_999, "WinPE", "Customer rescue system (WinPE)");
        let shell = boot(999_998, "ipxe-shell", "iPXE shell for customers");
        let pro = boot(22, "rescue64-pro", "OVH Rescue System 64 bits");
        let odd = boot(5, "memtest", "a test of the memory");
        for (boots, expected) in [
            (vec![&customer], Some(1122)),
            (vec![&windows, &customer, &shell], Some(1122)),
            (vec![&customer, &twelve, &windows], Some(230_242)),
            (vec![&pro, &customer], Some(1122)),
            (vec![&pro], Some(22)),
            (vec![&windows, &shell, &odd], None),
            (vec![], None),
        ] {
            let boots: Vec<Boot> = boots.into_iter().cloned().collect();
            assert_eq!(customers_linux(&boots), expected, "{boots:?}");
        }
    }

    fn detail(boot: u64, loader: &str) -> Detail {
        let json = serde_json::json!({ "bootId": boot, "efiBootloaderPath": loader });
        serde_json::from_value(json).unwrap()
    }

    fn facts(uefi: bool, arch: Arch) -> Facts {
        Facts {
            arch,
            uefi,
            ipv6: None,
            gateway6: None,
            description: String::new(),
            rescues: vec![1122],
        }
    }

    #[test]
    fn the_disk_is_booted_through_the_right_loader() {
        const OURS: &str = r"\EFI\BOOT\BOOTX64.EFI";
        const ARM: &str = r"\EFI\BOOT\BOOTAA64.EFI";
        const VENDORS: &str = r"\efi\debian\grubx64.efi";
        let same = None;
        for (boot, path, uefi, phase, id, loader) in [
            (
                1122,
                "",
                true,
                Phase::Installed,
                Some(1),
                Some(Loader(Some(OURS))),
            ),
            (
                1,
                VENDORS,
                true,
                Phase::Proven,
                None,
                Some(Loader(Some(OURS))),
            ),
            (1, OURS, true, Phase::Installed, None, same),
            (1122, "", false, Phase::Installed, Some(1), same),
            (
                1,
                VENDORS,
                false,
                Phase::Installing,
                None,
                Some(Loader(None)),
            ),
            // the vendor's own system is still there
            (1122, VENDORS, true, Phase::Created, Some(1), same),
            (1, "", true, Phase::Created, None, same),
        ] {
            let facts = facts(uefi, Arch::X86_64);
            let change = to_disk(&detail(boot, path), &facts, phase, 1);
            assert_eq!(change.boot_id, id, "{boot} {path} {phase}");
            assert_eq!(change.efi_bootloader_path, loader, "{boot} {path} {phase}");
        }
        let arm = to_disk(
            &detail(1, ""),
            &facts(true, Arch::Aarch64),
            Phase::Proven,
            1,
        );
        assert_eq!(arm.efi_bootloader_path, Some(Loader(Some(ARM))));
    }
}
