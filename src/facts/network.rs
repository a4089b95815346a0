//! What networkd has to be told so that a machine keeps the addresses it has.

use super::word;
use crate::found::{Found, Gateway};
use ipnet::{IpNet, Ipv6Net};
use provision_api::Server;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv6Addr};

/// The network of the interface that leads to the world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// The interface, by its hardware address; none: every wired interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// Its IPv4 address comes by DHCP.
    pub dhcp4: bool,
    /// Addresses that nobody hands out (`2001:db8:1::1/64`).
    pub addresses: Vec<IpNet>,
    /// Routes to the world that nobody hands out.
    pub gateways: Vec<NextHop>,
}

/// A route to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextHop {
    /// The next hop.
    pub via: IpAddr,
    /// It lies outside the prefixes of the addresses, so networkd must be told that it is on
    /// the link all the same.
    pub on_link: bool,
}

/// What the vendor's API tells of a server's way to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Uplink {
    /// Its IPv6 prefix; of 128 bits where it is one address.
    pub ipv6: Option<Ipv6Net>,
    /// The next hop for IPv6, if it is another than the link-local address of every router.
    pub gateway6: Option<Ipv6Addr>,
}

impl Uplink {
    /// What is told of this server.
    pub fn of(server: &Server) -> Self {
        Self {
            ipv6: server.ipv6,
            gateway6: server.gateway6,
        }
    }

    /// The route of an address that nobody hands out.
    fn next_hop(&self, prefix: Ipv6Net) -> NextHop {
        let routers_own = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
        let via = self.gateway6.unwrap_or(routers_own);
        NextHop {
            via: IpAddr::V6(via),
            on_link: !(prefix.prefix_len() < 128 && prefix.contains(&via)),
        }
    }
}

impl Network {
    /// Draws it from what a probe found, and from what the API tells of.
    pub(super) fn of(found: &Found, uplink: Uplink, mac: Option<&str>) -> Self {
        let ours = outward(found);
        let mine = || {
            let all = found.addresses.iter();
            all.filter(move |a| ours.is_none_or(|i| i == a.interface) && is_global(a.address))
        };
        let dhcp4 = mine().any(|a| a.dynamic && a.address.is_ipv4());
        let mut addresses: Vec<IpNet> = mine()
            .filter(|a| !a.dynamic)
            .filter_map(|a| IpNet::new(a.address, a.prefix).ok())
            .collect();
        let gateways = found.gateways.iter();
        let mut gateways: Vec<NextHop> = gateways
            .filter(|g| ours.is_none_or(|i| i == g.interface) && is_needed(g, dhcp4, &addresses))
            .map(|g| NextHop {
                via: g.via,
                on_link: g.on_link,
            })
            .collect();
        if let Some(prefix) = uplink.ipv6
            && !mine().any(|a| a.address.is_ipv6())
        {
            addresses.extend(first_address(prefix));
            gateways.push(uplink.next_hop(prefix));
        }
        gateways.dedup();
        Self {
            mac: mac
                .filter(|mac| word::is_mac(mac))
                .map(str::to_ascii_lowercase),
            dhcp4,
            addresses,
            gateways,
        }
    }
}

/// The interface with the default route, IPv4's before IPv6's.
fn outward(found: &Found) -> Option<&str> {
    let gateways = || found.gateways.iter();
    gateways()
        .find(|g| g.via.is_ipv4())
        .or_else(|| gateways().next())
        .map(|g| g.interface.as_str())
}

fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !(v4.is_loopback() || v4.is_link_local()),
        IpAddr::V6(v6) => !(v6.is_loopback() || v6.is_unicast_link_local()),
    }
}

/// DHCP hands out its gateway with the address, unless the gateway lies off the prefix: then
/// it is kept here too, because not every server sends the route that would be needed.
/// Router advertisements likewise bring theirs with a dynamic address.
fn is_needed(gateway: &Gateway, dhcp4: bool, fixed: &[IpNet]) -> bool {
    match gateway.via {
        IpAddr::V4(_) => gateway.on_link || !dhcp4,
        IpAddr::V6(_) => fixed.iter().any(|net| matches!(net, IpNet::V6(_))),
    }
}

/// A prefix of one address is that address; of a larger one, the vendor's router has none
/// and the first after the network's own is the customer's.
fn first_address(prefix: Ipv6Net) -> Option<IpNet> {
    let network = u128::from(prefix.network());
    let address = match prefix.prefix_len() {
        128 => network,
        _ => network + 1,
    };
    Ipv6Net::new(address.into(), prefix.prefix_len())
        .ok()
        .map(IpNet::V6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::found;
    use crate::found::Address;

    fn told(network: &Network) -> (bool, Vec<String>, Vec<String>) {
        let addresses = network.addresses.iter().map(ToString::to_string);
        let hops = network.gateways.iter();
        let hops = hops.map(|g| format!("{}{}", g.via, if g.on_link { "!" } else { "" }));
        (network.dhcp4, addresses.collect(), hops.collect())
    }

    #[test]
    fn dhcp_is_kept_and_what_it_would_lose_is_written_down() {
        let network = Network::of(&found(), Uplink::default(), Some("96:00:02:AA:BB:CC"));
        assert_eq!(
            told(&network),
            (
                true,
                vec!["2001:db8:1::1/64".to_owned()],
                vec!["172.31.1.1!".to_owned(), "fe80::1!".to_owned()]
            )
        );
        assert_eq!(network.mac.as_deref(), Some("96:00:02:aa:bb:cc"));
        let odd = Network::of(&found(), Uplink::default(), Some("x\n[Network]"));
        assert_eq!(odd.mac, None);
    }

    #[test]
    fn a_gateway_that_dhcp_brings_is_left_to_it() {
        let mut found = found();
        found.gateways[0].on_link = false;
        assert_eq!(
            told(&Network::of(&found, Uplink::default(), None)).2,
            ["fe80::1!"]
        );
        found.addresses[0].dynamic = false;
        assert_eq!(
            told(&Network::of(&found, Uplink::default(), None)),
            (
                false,
                vec!["203.0.113.7/32".to_owned(), "2001:db8:1::1/64".to_owned()],
                vec!["172.31.1.1".to_owned(), "fe80::1!".to_owned()]
            )
        );
    }

    #[test]
    fn the_apis_prefix_stands_in_for_an_address_that_is_not_there_yet() {
        let mut found = found();
        let prefix = |text: &str| Uplink {
            ipv6: Some(text.parse().unwrap()),
            gateway6: None,
        };
        let same = told(&Network::of(&found, prefix("2001:db8:9::/64"), None));
        assert_eq!(same.1, ["2001:db8:1::1/64"]);
        found.addresses.truncate(1);
        found.gateways.truncate(1);
        let first = told(&Network::of(&found, prefix("2001:db8:9::/64"), None));
        assert_eq!(first.1, ["2001:db8:9::1/64"]);
        assert_eq!(first.2, ["172.31.1.1!", "fe80::1!"]);
        let only = told(&Network::of(&found, prefix("2001:db8:9::7/128"), None));
        assert_eq!(only.1, ["2001:db8:9::7/128"]);
        // the vendor's own next hop, outside of the prefix and within one
        for (net, via, told_as) in [
            ("2001:db8:9::7/128", "2001:db8:9::1", "2001:db8:9::1!"),
            (
                "2001:db8:9:1::/64",
                "2001:db8:9:ff:ff:ff:ff:ff",
                "2001:db8:9:ff:ff:ff:ff:ff!",
            ),
            ("2001:db8:9:1::/56", "2001:db8:9:1::1", "2001:db8:9:1::1"),
        ] {
            let uplink = Uplink {
                gateway6: Some(via.parse().unwrap()),
                ..prefix(net)
            };
            let hops = told(&Network::of(&found, uplink, None)).2;
            assert_eq!(hops, ["172.31.1.1!", told_as], "{net} via {via}");
        }
        assert!(
            told(&Network::of(&found, Uplink::default(), None))
                .1
                .is_empty()
        );
    }

    #[test]
    fn only_the_interface_that_leads_outward_counts() {
        let mut found = found();
        found.addresses.push(Address {
            interface: "eth1".into(),
            address: "10.0.0.2".parse().unwrap(),
            prefix: 32,
            dynamic: false,
        });
        assert_eq!(
            told(&Network::of(&found, Uplink::default(), None)).1,
            ["2001:db8:1::1/64"]
        );
    }
}
