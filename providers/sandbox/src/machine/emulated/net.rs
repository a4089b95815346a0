//! The network as a machine sees it from inside, in iproute2's JSON.

use crate::machine::Spec;
use serde_json::{Value, json};
use std::net::Ipv6Addr;

/// The gateways that the vendor documents: both outside the addresses' own networks.
const GATEWAY4: &str = "172.31.1.1";
const GATEWAY6: &str = "fe80::1";

/// What iproute2 says for "forever".
const FOREVER: u32 = u32::MAX;

/// The hardware address of the one network card.
pub(crate) fn mac(spec: &Spec) -> String {
    let [_, b, c, d] = spec.ipv4.octets();
    format!("96:00:04:{b:02x}:{c:02x}:{d:02x}")
}

/// The address that every card makes from its hardware address.
fn link_local(spec: &Spec) -> Ipv6Addr {
    let [_, b, c, d] = spec.ipv4.octets().map(u16::from);
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0x9400, 0x04ff, 0xfe00 | b, c << 8 | d)
}

/// `ip -json address show`, all cards or one.
pub(crate) fn addresses(spec: &Spec, only: Option<&str>) -> Option<Value> {
    let cards = [loopback(), card(spec)];
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

fn card(spec: &Spec) -> Value {
    json!({
        "ifindex": 2, "ifname": "eth0", "flags": ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
        "mtu": 1500, "qdisc": "fq_codel", "operstate": "UP", "group": "default", "txqlen": 1000,
        "link_type": "ether", "address": mac(spec), "broadcast": "ff:ff:ff:ff:ff:ff",
        "altnames": ["enp1s0"],
        "addr_info": [
            {"family": "inet", "local": spec.ipv4.to_string(), "prefixlen": 32, "metric": 100,
             "scope": "global", "dynamic": true, "label": "eth0",
             "valid_life_time": 86000, "preferred_life_time": 86000},
            {"family": "inet6", "local": spec.ipv6, "prefixlen": 64, "scope": "global",
             "valid_life_time": FOREVER, "preferred_life_time": FOREVER},
            {"family": "inet6", "local": link_local(spec).to_string(), "prefixlen": 64,
             "scope": "link", "valid_life_time": FOREVER, "preferred_life_time": FOREVER}
        ]
    })
}

/// `ip -json route show`, the default ones only if so asked.
pub(crate) fn routes4(spec: &Spec, default_only: bool) -> Value {
    let source = spec.ipv4.to_string();
    let mut list = vec![json!({
        "dst": "default", "gateway": GATEWAY4, "dev": "eth0", "protocol": "dhcp",
        "prefsrc": source, "metric": 100, "flags": ["onlink"]
    })];
    if !default_only {
        list.push(json!({
            "dst": GATEWAY4, "dev": "eth0", "protocol": "dhcp", "scope": "link",
            "prefsrc": source, "metric": 100, "flags": []
        }));
    }
    Value::Array(list)
}

/// `ip -6 -json route show`, the default ones only if so asked.
pub(crate) fn routes6(spec: &Spec, default_only: bool) -> Value {
    let mut list = vec![json!({
        "dst": "default", "gateway": GATEWAY6, "dev": "eth0", "protocol": "static",
        "metric": 1024, "flags": ["onlink"], "pref": "medium"
    })];
    if !default_only {
        for prefix in [network6(&spec.ipv6), "fe80::/64".to_owned()] {
            list.push(json!({
                "dst": prefix, "dev": "eth0", "protocol": "kernel", "metric": 256,
                "flags": [], "pref": "medium"
            }));
        }
    }
    Value::Array(list)
}

/// The /64 that an address is in.
fn network6(address: &str) -> String {
    address.parse::<Ipv6Addr>().map_or_else(
        |_| address.to_owned(),
        |a| {
            let prefix = u128::from(a) & !u128::from(u64::MAX);
            format!("{}/64", Ipv6Addr::from(prefix))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Firmware;
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
        }
    }

    #[test]
    fn the_link_local_address_is_made_from_the_hardware_address() {
        assert_eq!(mac(&spec()), "96:00:04:10:02:ff");
        assert_eq!(link_local(&spec()).to_string(), "fe80::9400:4ff:fe10:2ff");
    }

    #[test]
    fn cards_and_routes_are_those_of_the_vendor() {
        let all = addresses(&spec(), None).unwrap();
        assert_eq!(all.as_array().unwrap().len(), 2);
        let eth0 = addresses(&spec(), Some("eth0")).unwrap();
        assert_eq!(eth0[0]["addr_info"][0]["prefixlen"], 32);
        assert_eq!(eth0[0]["addr_info"][1]["local"], "2001:db8:7:1::1");
        assert!(addresses(&spec(), Some("eth9")).is_none());
        assert_eq!(routes4(&spec(), true)[0]["gateway"], "172.31.1.1");
        assert_eq!(routes6(&spec(), true).as_array().unwrap().len(), 1);
        assert_eq!(routes6(&spec(), false)[1]["dst"], "2001:db8:7:1::/64");
    }
}
