//! What a dedicated server can boot: numbers that differ by the company that runs it.

use crate::settings::ovh::rented::Region;

/// The vendor's words for kinds of netboots.
pub(super) const TYPES: &[&str] = &["harddisk", "internal", "network", "power", "rescue"];

/// A netboot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Netboot {
    pub(super) id: u64,
    pub(super) kind: &'static str,
    pub(super) kernel: &'static str,
    pub(super) description: &'static str,
}

impl Netboot {
    /// Whether it is a rescue system with a Linux.
    pub(super) fn linux(&self) -> bool {
        self.kernel != "WinPE"
    }
}

/// Kernels, kinds and descriptions, and their numbers in Europe, Canada and the United States.
#[rustfmt::skip]
const ROWS: &[(&str, &str, &str, [u64; 3])] = &[
    ("hd", "harddisk", "Boot from hard drive (no netboot)", [1, 101, 201]),
    ("WinPE", "rescue", "Windows rescue mode (WinPE)", [44_371, 45_112, 46_020]),
    ("rescue12-customer", "rescue", "Previous rescue system (Debian GNU/Linux 12)", [43_881, 45_118, 46_024]),
    ("rescue-customer", "rescue", "Customer rescue system (Linux)", [46_371, 45_371, 46_400]),
    ("poweroff", "power", "Power off the server", [1_116, 1_216, 1_316]),
];

/// All that a server of this company can boot.
pub(super) fn all(region: Region) -> impl Iterator<Item = Netboot> {
    let column = match region {
        Region::Eu => 0,
        Region::Ca => 1,
        Region::Us => 2,
    };
    ROWS.iter()
        .map(move |&(kernel, kind, description, ids)| Netboot {
            id: ids[column],
            kind,
            kernel,
            description,
        })
}

/// The one of this number.
pub(super) fn find(region: Region, id: u64) -> Option<Netboot> {
    all(region).find(|netboot| netboot.id == id)
}

/// The number that stands for the server's own disk.
pub(super) fn harddisk(region: Region) -> u64 {
    all(region)
        .find(|netboot| netboot.kind == "harddisk")
        .map_or(0, |netboot| netboot.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn numbers_are_of_one_company_only_and_each_has_its_own_disk() {
        let mut seen = BTreeSet::new();
        for region in [Region::Eu, Region::Ca, Region::Us] {
            for netboot in all(region) {
                assert!(seen.insert(netboot.id), "{netboot:?}");
                assert!(TYPES.contains(&netboot.kind));
                assert_eq!(find(region, netboot.id), Some(netboot));
            }
            let disk = find(region, harddisk(region)).unwrap();
            assert_eq!(disk.kind, "harddisk");
            let rescue = all(region).filter(|n| n.kind == "rescue");
            assert_eq!(rescue.filter(Netboot::linux).count(), 2);
        }
        assert_eq!(find(Region::Ca, harddisk(Region::Eu)), None);
    }
}
