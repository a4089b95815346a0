//! From the vendor's words to the project's.

use super::wire::{Detail, Hardware, Network};
use crate::rented;
use ipnet::Ipv6Net;
use jiff::Timestamp;
use provision_api::{Arch, Server, ServerId, ServerStatus};
use std::collections::BTreeMap;
use std::net::Ipv6Addr;

/// What does not change of a server while it is rented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) arch: Arch,
    /// Whether its firmware starts what lies on an EFI partition.
    pub(super) uefi: bool,
    pub(super) ipv6: Option<Ipv6Net>,
    /// It lies outside of the server's own prefix.
    pub(super) gateway6: Option<Ipv6Addr>,
    /// The commercial name.
    pub(super) description: String,
    /// The ids with which it boots a rescue system, whichever.
    pub(super) rescues: Vec<u64>,
}

pub(super) fn facts(hardware: Hardware, network: &Network, rescues: Vec<u64>) -> Facts {
    let route = &network.routing.ipv6;
    Facts {
        arch: arch(&hardware.architecture),
        // `uefi-legacy` can do both, and the vendor's own systems use UEFI there
        uefi: hardware.boot_mode.starts_with("uefi"),
        ipv6: prefix(&route.ip),
        gateway6: bare(&route.gateway),
        description: hardware.description,
        rescues,
    }
}

fn arch(word: &str) -> Arch {
    match word {
        // what is not told is what almost all are
        "" | "x86-ht" => Arch::X86_64,
        other => Arch::from(other.to_owned()),
    }
}

/// A block, or an address in it with the block's length; an address alone is a block of one.
fn prefix(text: &str) -> Option<Ipv6Net> {
    let block: Option<Ipv6Net> = text.parse().ok();
    block
        .map(|net| net.trunc())
        .or_else(|| bare(text).map(Ipv6Net::from))
}

fn bare(text: &str) -> Option<Ipv6Addr> {
    let address = text.split_once('/').map_or(text, |(address, _)| address);
    address.trim().parse().ok()
}

/// A dedicated server in the project's words.
pub(super) fn server(service: &str, detail: &Detail, facts: &Facts, since: Timestamp) -> Server {
    let kind = [&detail.range, &facts.description];
    let kind = kind.into_iter().find(|name| !name.is_empty());
    let mut server = Server {
        id: ServerId::new(service),
        name: service.to_owned(),
        status: status(&detail.state, &detail.power),
        ipv4: detail.ip.parse().ok(),
        ipv6: facts.ipv6,
        gateway6: facts.gateway6,
        server_type: kind.cloned().unwrap_or_default(),
        location: detail.datacenter.clone(),
        arch: facts.arch.clone(),
        created: since,
        rescue_armed: detail
            .boot
            .is_some_and(|boot| facts.rescues.contains(&boot)),
        protected: false,
        marks: None,
        doubt: None,
        labels: BTreeMap::default(),
    };
    let none = BTreeMap::new();
    let tags = detail.iam.as_ref().map_or(&none, |iam| &iam.tags);
    rented::dress(&mut server, tags);
    server
}

fn status(state: &str, power: &str) -> ServerStatus {
    match (state, power) {
        ("error", _) => ServerStatus::Failed,
        ("ok" | "", "poweroff") => ServerStatus::Off,
        ("ok" | "", _) => ServerStatus::Running,
        (other, _) => ServerStatus::Other(other.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_become_statuses() {
        let other = |word: &str| ServerStatus::Other(word.to_owned());
        for (state, power, expected) in [
            ("ok", "poweron", ServerStatus::Running),
            ("ok", "poweroff", ServerStatus::Off),
            ("ok", "", ServerStatus::Running),
            ("", "", ServerStatus::Running),
            ("error", "poweron", ServerStatus::Failed),
            ("hacked", "poweron", other("hacked")),
            ("hackedBlocked", "poweroff", other("hackedBlocked")),
        ] {
            assert_eq!(status(state, power), expected, "{state} {power}");
        }
    }

    #[test]
    fn prefixes_are_read_however_they_are_told() {
        for (told, expected) in [
            ("2001:db8:1:2::/64", Some("2001:db8:1:2::/64")),
            ("2001:db8:1:2::7/64", Some("2001:db8:1:2::/64")),
            ("2001:db8:1:2::7", Some("2001:db8:1:2::7/128")),
            ("", None),
            ("203.0.113.1", None),
        ] {
            let expected = expected.map(|net| net.parse().unwrap());
            assert_eq!(prefix(told), expected, "{told}");
        }
    }

    #[test]
    fn processors_and_firmware_are_told_apart() {
        for (word, expected) in [
            ("x86_64", Arch::X86_64),
            ("x86-ht", Arch::X86_64),
            ("", Arch::X86_64),
            ("arm64", Arch::Aarch64),
            ("ppc64", Arch::Other("ppc64".to_owned())),
        ] {
            assert_eq!(arch(word), expected, "{word}");
        }
        for (mode, uefi) in [
            ("uefi", true),
            ("uefi-legacy", true),
            ("legacy", false),
            ("", false),
        ] {
            let hardware = Hardware {
                boot_mode: mode.to_owned(),
                ..Hardware::default()
            };
            let facts = facts(hardware, &Network::default(), Vec::new());
            assert_eq!(facts.uefi, uefi, "{mode}");
        }
    }
}
