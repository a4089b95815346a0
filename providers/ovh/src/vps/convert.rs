//! From the vendor's words to the project's.

use super::wire::{Detail, Ip};
use crate::rented;
use ipnet::Ipv6Net;
use jiff::Timestamp;
use provision_api::{Arch, Server, ServerId, ServerStatus};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The boot mode of the rescue system.
pub(super) const RESCUE: &str = "rescue";
/// The boot mode of its own disk.
pub(super) const LOCAL: &str = "local";

/// The primary addresses of a VPS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Addresses {
    pub(super) ipv4: Option<Ipv4Addr>,
    /// One address; its gateway lies outside.
    pub(super) ipv6: Option<Ipv6Net>,
    pub(super) gateway6: Option<Ipv6Addr>,
}

/// The primary address of each family, and where only additional ones are told, the first.
pub(super) fn addresses(ips: &[Ip]) -> Addresses {
    let mut sorted: Vec<&Ip> = ips.iter().collect();
    sorted.sort_by_key(|ip| ip.kind != "primary");
    let ipv4 = sorted.iter().find_map(|ip| match bare(&ip.address)? {
        IpAddr::V4(v4) => Some(v4),
        IpAddr::V6(_) => None,
    });
    let ipv6 = sorted.iter().find_map(|ip| match bare(&ip.address)? {
        IpAddr::V6(v6) => Some((v6, ip.gateway.parse().ok())),
        IpAddr::V4(_) => None,
    });
    Addresses {
        ipv4,
        ipv6: ipv6.map(|(address, _)| Ipv6Net::from(address)),
        gateway6: ipv6.and_then(|(_, gateway)| gateway),
    }
}

/// An address without the length that some of the vendor's routes put behind it.
fn bare(text: &str) -> Option<IpAddr> {
    let address = text.split_once('/').map_or(text, |(address, _)| address);
    address.trim().parse().ok()
}

/// A VPS in the project's words.
pub(super) fn server(
    service: &str,
    detail: &Detail,
    addresses: Addresses,
    since: Timestamp,
) -> Server {
    let mut server = Server {
        id: ServerId::new(service),
        name: service.to_owned(),
        status: status(&detail.state),
        ipv4: addresses.ipv4,
        ipv6: addresses.ipv6,
        gateway6: addresses.gateway6,
        server_type: detail.model.name.clone(),
        location: detail.zone.clone(),
        // the vendor rents out no others, and says nothing of it
        arch: Arch::X86_64,
        created: since,
        rescue_armed: detail.netboot == RESCUE,
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

/// In rescue it runs; while a snapshot of it is taken, too.
fn status(word: &str) -> ServerStatus {
    match word {
        "running" | "rescued" | "backuping" => ServerStatus::Running,
        "stopped" => ServerStatus::Off,
        "rebooting" => ServerStatus::Starting,
        "installing" => ServerStatus::Rebuilding,
        other => ServerStatus::Other(other.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(address: &str, kind: &str, gateway: &str) -> Ip {
        Ip {
            address: address.to_owned(),
            kind: kind.to_owned(),
            gateway: gateway.to_owned(),
        }
    }

    #[test]
    fn states_become_statuses() {
        for (word, expected) in [
            ("running", ServerStatus::Running),
            ("rescued", ServerStatus::Running),
            ("backuping", ServerStatus::Running),
            ("stopped", ServerStatus::Off),
            ("rebooting", ServerStatus::Starting),
            ("installing", ServerStatus::Rebuilding),
            ("stopping", ServerStatus::Other("stopping".to_owned())),
            ("new-word", ServerStatus::Other("new-word".to_owned())),
        ] {
            assert_eq!(status(word), expected, "{word}");
        }
    }

    #[test]
    fn primary_addresses_come_first() {
        let found = addresses(&[
            ip("198.51.100.9", "additional", ""),
            ip("2001:db8:1::9/128", "additional", "2001:db8:1::1"),
            ip("203.0.113.7", "primary", "203.0.113.1"),
            ip("2001:db8::7", "primary", "2001:db8::1"),
        ]);
        assert_eq!(found.ipv4, "203.0.113.7".parse().ok());
        assert_eq!(found.ipv6, "2001:db8::7/128".parse().ok());
        assert_eq!(found.gateway6, "2001:db8::1".parse().ok());
        let found = addresses(&[
            ip("198.51.100.9/32", "additional", ""),
            ip("2001:db8:1::9/64", "additional", "somewhere"),
        ]);
        assert_eq!(found.ipv4, "198.51.100.9".parse().ok());
        assert_eq!(found.ipv6, "2001:db8:1::9/128".parse().ok());
        assert_eq!(found.gateway6, None);
        let found = addresses(&[ip("nonsense", "primary", "")]);
        assert_eq!(found, Addresses::default());
    }
}
