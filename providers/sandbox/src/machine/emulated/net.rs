//! The network as a machine sees it from inside, in iproute2's JSON.

use super::state::Kind;
use crate::machine::Spec;
use serde_json::{Value, json};
use std::net::Ipv6Addr;

/// What iproute2 says for "forever".
const FOREVER: u32 = u32::MAX;

/// The hardware address of the one network card.
pub(crate) fn mac(spec: &Spec) -> String {
    spec.mac_words()
}

/// The address that every card makes from its hardware address (modified EUI-64).
fn link_local(spec: &Spec) -> Ipv6Addr {
    let mac = spec.mac();
    let mut octets = [0; 16];
    octets[..2].copy_from_slice(&[0xfe, 0x80]);
    octets[8..11].copy_from_slice(&mac[..3]);
    octets[8] ^= 0x02;
    octets[11..13].copy_from_slice(&[0xff, 0xfe]);
    octets[13..].copy_from_slice(&mac[3..]);
    Ipv6Addr::from(octets)
}

/// Whether the system has configured the machine's IPv6 address.
fn has_six(spec: &Spec, kind: &Kind) -> bool {
    let told = matches!(kind, Kind::Installed { .. });
    !spec.ipv6.is_empty() && (told || spec.platform.network.auto6)
}

/// `ip -json address show`, all cards or one.
pub(crate) fn addresses(spec: &Spec, kind: &Kind, only: Option<&str>) -> Option<Value> {
    let cards = [loopback(), card(spec, kind)];
    let list: Vec<Value> = cards
        .into_iter()
        .filter(|c| only.is_none_or(|name| c["ifname"] == name))
        .collect();
    (!list.is_empty()).then_some(Value::Array(list))
}

fn loopback() -> Value {
    json!({
        "ifindex": 1, "ifname": "lo", "flags": ["LOOPBACK", "UP", "LOWER_UP"], "mtu": 65536,
        "qdisc": "noqueue", "operstate": "UNKNOWN", "group": "default", "txqlen": 1000,
        "link_type": "loopback", "address": "00:00:00:00:00:00", "broadcast": "00:00:00:00:00:00",
        "addr_info": [
            {"family": "inet", "local": "127.0.0.1", "prefixlen": 8, "scope": "host", "label": "lo",
             "valid_life_time": FOREVER, "preferred_life_time": FOREVER},
            {"family": "inet6", "local": "::1", "prefixlen": 128, "scope": "host",
             "noprefixroute": true, "valid_life_time": FOREVER, "preferred_life_time": FOREVER}
        ]
    })
}

fn card(spec: &Spec, kind: &Kind) -> Value {
    let mut list = vec![json!({
        "family": "inet", "local": spec.ipv4.to_string(), "prefixlen": 32, "metric": 100,
        "scope": "global", "dynamic": true, "label": "eth0",
        "valid_life_time": 86000, "preferred_life_time": 86000
    })];
    if has_six(spec, kind) {
        list.push(json!({
            "family": "inet6", "local": spec.ipv6, "prefixlen": spec.platform.network.prefix6,
            "scope": "global", "valid_life_time": FOREVER, "preferred_life_time": FOREVER
        }));
    }
    list.push(json!({
        "family": "inet6", "local": link_local(spec).to_string(), "prefixlen": 64,
        "scope": "link", "valid_life_time": FOREVER, "preferred_life_time": FOREVER
    }));
    json!({
        "ifindex": 2, "ifname": "eth0", "flags": ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
        "mtu": 1500, "qdisc": "fq_codel", "operstate": "UP", "group": "default", "txqlen": 1000,
        "link_type": "ether", "address": mac(spec), "broadcast": "ff:ff:ff:ff:ff:ff",
        "altnames": ["enp1s0"],
        "addr_info": list
    })
}

/// `ip -json route show`, the default ones only if so asked.
pub(crate) fn routes4(spec: &Spec, default_only: bool) -> Value {
    let source = spec.ipv4.to_string();
    let gateway = spec.platform.network.gateway4.to_string();
    let mut list = vec![json!({
        "dst": "default", "gateway": gateway, "dev": "eth0", "protocol": "dhcp",
        "prefsrc": source, "metric": 100, "flags": ["onlink"]
    })];
    if !default_only {
        list.push(json!({
            "dst": gateway, "dev": "eth0", "protocol": "dhcp", "scope": "link",
            "prefsrc": source, "metric": 100, "flags": []
        }));
    }
    Value::Array(list)
}

/// `ip -6 -json route show`, the default ones only if so asked.
pub(crate) fn routes6(spec: &Spec, kind: &Kind, default_only: bool) -> Value {
    let network = &spec.platform.network;
    let has_six = has_six(spec, kind);
    let mut list = Vec::new();
    if has_six {
        list.push(json!({
            "dst": "default", "gateway": network.gateway6, "dev": "eth0", "protocol": "static",
            "metric": 1024, "flags": ["onlink"], "pref": "medium"
        }));
    }
    if !default_only {
        let own = has_six.then(|| network6(&spec.ipv6, network.prefix6));
        for prefix in own.into_iter().chain(["fe80::/64".to_owned()]) {
            list.push(json!({
                "dst": prefix, "dev": "eth0", "protocol": "kernel", "metric": 256,
                "flags": [], "pref": "medium"
            }));
        }
    }
    Value::Array(list)
}

/// The network of this length that an address is in; iproute2 leaves out the length of a single
/// address.
fn network6(address: &str, length: u8) -> String {
    let network = address
        .parse::<Ipv6Addr>()
        .ok()
        .and_then(|a| ipnet::Ipv6Net::new(a, length).ok());
    match network {
        Some(network) if length < 128 => network.trunc().to_string(),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Board, Firmware, Network, Platform};
    use std::net::Ipv4Addr;

    fn spec() -> Spec {
        Spec {
            id: "m".into(),
            hostname: "web-1".into(),
            ipv4: Ipv4Addr::new(127, 16, 2, 255),
            ipv6: "2001:db8:7:1::1".into(),
            ssh_port: 22022,
            arch: "x86_64".into(),
            firmware: Firmware::Bios,
            memory_mib: 2048,
            disk_gib: 20,
            platform: Platform::default(),
        }
    }

    #[test]
    fn the_link_local_address_is_made_from_the_hardware_address() {
        assert_eq!(mac(&spec()), "96:00:04:10:02:ff");
        assert_eq!(link_local(&spec()).to_string(), "fe80::9400:4ff:fe10:2ff");
    }

    #[test]
    fn cards_and_routes_are_those_of_the_vendor() {
        let all = addresses(&spec(), &Kind::Rescue, None).unwrap();
        assert_eq!(all.as_array().unwrap().len(), 2);
        let eth0 = addresses(&spec(), &Kind::Rescue, Some("eth0")).unwrap();
        assert_eq!(eth0[0]["addr_info"][0]["prefixlen"], 32);
        assert_eq!(eth0[0]["addr_info"][1]["local"], "2001:db8:7:1::1");
        assert!(addresses(&spec(), &Kind::Rescue, Some("eth9")).is_none());
        assert_eq!(routes4(&spec(), true)[0]["gateway"], "172.31.1.1");
        let routes = |default| routes6(&spec(), &Kind::Rescue, default);
        assert_eq!(routes(true).as_array().unwrap().len(), 1);
        assert_eq!(routes(false)[1]["dst"], "2001:db8:7:1::/64");
    }

    #[test]
    fn one_address_with_a_gateway_outside_it_that_the_image_leaves_alone() {
        let mut spec = spec();
        spec.platform = Platform {
            board: Board::OpenStack,
            network: Network {
                gateway4: Ipv4Addr::new(198, 51, 100, 1),
                prefix6: 128,
                gateway6: "2001:db8:7::1".into(),
                auto6: false,
            },
            ..Platform::default()
        };
        let installed = Kind::Installed {
            system: String::new(),
            profile: String::new(),
        };
        let global = |kind: &Kind| {
            let eth0 = addresses(&spec, kind, Some("eth0")).unwrap();
            let list = eth0[0]["addr_info"].as_array().unwrap().clone();
            list.into_iter()
                .find(|a| a["scope"] == "global" && a["family"] == "inet6")
        };
        assert_eq!(global(&Kind::Rescue), None);
        assert_eq!(global(&installed).unwrap()["prefixlen"], 128);
        assert_eq!(routes6(&spec, &Kind::Installer, true), json!([]));
        assert_eq!(
            routes6(&spec, &Kind::Installer, false)[0]["dst"],
            "fe80::/64"
        );
        let routes = routes6(&spec, &installed, false);
        assert_eq!(routes[0]["gateway"], "2001:db8:7::1");
        assert_eq!(routes[1]["dst"], "2001:db8:7:1::1");
        assert_eq!(routes4(&spec, true)[0]["gateway"], "198.51.100.1");
        assert_eq!(mac(&spec), "fa:16:3e:10:02:ff");
        assert_eq!(link_local(&spec).to_string(), "fe80::f816:3eff:fe10:2ff");
        spec.ipv6 = String::new();
        assert_eq!(routes6(&spec, &installed, true), json!([]));
    }
}
