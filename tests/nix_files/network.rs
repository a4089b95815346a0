//! What `hosts/modules/network.nix` tells networkd, by what `facts.json` says.

use provision::facts::Facts;
use serde_json::{Value, json};

/// The settings of the card that leads outward, and those of the host.
fn settings(facts: &str) -> Option<(Value, Value)> {
    let expression = format!(
        "let m = import ./hosts/modules/network.nix {{ host.facts = builtins.fromJSON ''{facts}''; }}; \
         in [ m.systemd.network.networks.\"10-world\" m.networking ]"
    );
    let mut both = super::evaluate(&expression)?;
    Some((both[0].take(), both[1].take()))
}

/// As `provision` writes it: what it would not read is no case.
fn facts(network: &Value) -> String {
    let facts = json!({
        "schema": 1, "server_id": "1", "arch": "x86_64", "firmware": "bios", "layout": "bios",
        "boot_disk": "/dev/disk/by-path/pci-0000:06:00.0-scsi-0:0:0:0", "network": network,
    });
    serde_json::from_value::<Facts>(facts.clone()).unwrap();
    facts.to_string()
}

struct Case {
    what: &'static str,
    network: Value,
    dhcp: &'static str,
    advertisements: bool,
    routes: Value,
}

fn cases() -> [Case; 8] {
    let (v4, v6, wide) = ("203.0.113.7/32", "2001:db8:1::7/128", "2001:db8:1::7/64");
    let outside4 = json!({ "via": "198.51.100.1", "on_link": true });
    let outside6 = json!({ "via": "2001:db8:ffff::1", "on_link": true });
    let local6 = json!({ "via": "fe80::1", "on_link": false });
    let route4 = json!({ "Gateway": "198.51.100.1", "GatewayOnLink": true });
    let spare4 = json!({ "Gateway": "198.51.100.1", "GatewayOnLink": true, "Metric": 2048 });
    let route6 = json!({ "Gateway": "2001:db8:ffff::1", "GatewayOnLink": true });
    [
        Case {
            what: "a /32 by DHCP, a /128 that nobody hands out, both gateways outside",
            network: json!({ "mac": "fa:16:3e:aa:bb:cc", "dhcp4": true, "addresses": [v6],
                "gateways": [outside4, outside6] }),
            dhcp: "ipv4",
            advertisements: false,
            routes: json!([spare4, route6]),
        },
        Case {
            what: "both by hand",
            network: json!({ "dhcp4": false, "addresses": [v4, v6], "gateways": [outside4, outside6] }),
            dhcp: "no",
            advertisements: false,
            routes: json!([route4, route6]),
        },
        Case {
            what: "a /32 by hand, and no IPv6 that anyone knew of",
            network: json!({ "dhcp4": false, "addresses": [v4], "gateways": [outside4] }),
            dhcp: "no",
            advertisements: true,
            routes: json!([route4]),
        },
        Case {
            what: "everything is handed out",
            network: json!({ "dhcp4": true, "addresses": [], "gateways": [] }),
            dhcp: "ipv4",
            advertisements: true,
            routes: json!([]),
        },
        Case {
            what: "a /128 whose way out only a router's advertisement can tell",
            network: json!({ "dhcp4": true, "addresses": [v6], "gateways": [outside4] }),
            dhcp: "ipv4",
            advertisements: true,
            routes: json!([spare4]),
        },
        Case {
            what: "a /64 with a gateway on its own link",
            network: json!({ "dhcp4": true, "addresses": [wide], "gateways": [outside4, local6] }),
            dhcp: "ipv4",
            advertisements: false,
            routes: json!([spare4, { "Gateway": "fe80::1", "GatewayOnLink": false }]),
        },
        Case {
            what: "a gateway inside the prefix",
            network: json!({ "dhcp4": false, "addresses": ["203.0.113.7/24"],
                "gateways": [{ "via": "203.0.113.254", "on_link": false }] }),
            dhcp: "no",
            advertisements: true,
            routes: json!([{ "Gateway": "203.0.113.254", "GatewayOnLink": false }]),
        },
        Case {
            what: "IPv6 alone",
            network: json!({ "dhcp4": false, "addresses": [v6], "gateways": [outside6] }),
            dhcp: "no",
            advertisements: false,
            routes: json!([route6]),
        },
    ]
}

#[test]
fn networkd_is_told_what_the_facts_say() {
    for case in cases() {
        let what = case.what;
        let Some((world, host)) = settings(&facts(&case.network)) else {
            return;
        };
        let card = json!({ "Type": "ether", "Kind": "!*" });
        let mut card = card.as_object().unwrap().clone();
        if let Some(mac) = case.network.get("mac") {
            card.insert("MACAddress".into(), mac.clone());
        }
        let expected = json!({
            "matchConfig": card,
            "networkConfig": { "DHCP": case.dhcp, "IPv6AcceptRA": case.advertisements },
            "address": case.network["addresses"],
            "routes": case.routes,
            "linkConfig": { "RequiredForOnline": "routable" },
        });
        assert_eq!(world, expected, "{what}");
        let expected =
            json!({ "useNetworkd": true, "useDHCP": false, "tempAddresses": "disabled" });
        assert_eq!(host, expected, "{what}");
    }
}

#[test]
fn as_long_as_nothing_is_known_the_network_is_asked() {
    let Some((world, _)) = settings("null") else {
        return;
    };
    let asked = json!({ "DHCP": "yes", "IPv6AcceptRA": true });
    assert_eq!(world["networkConfig"], asked);
    assert_eq!(
        (&world["address"], &world["routes"]),
        (&json!([]), &json!([]))
    );
}
