//! Which addresses and default routes there are.

use crate::found::{Address, Gateway};
use serde::Deserialize;
use std::net::IpAddr;

#[derive(Deserialize)]
pub(super) struct Link {
    ifname: String,
    address: Option<String>,
    #[serde(default)]
    addr_info: Vec<AddrInfo>,
}

#[derive(Deserialize)]
struct AddrInfo {
    local: Option<IpAddr>,
    prefixlen: u8,
    scope: Option<String>,
    #[serde(default)]
    dynamic: bool,
}

pub(super) fn links_of(text: &str) -> Result<Vec<Link>, String> {
    serde_json::from_str(text).map_err(|e| format!("cannot read what ip printed: {e}"))
}

pub(super) fn mac(links: &[Link], interface: &str) -> Option<String> {
    let link = links.iter().find(|link| link.ifname == interface)?;
    link.address.clone()
}

pub(super) fn addresses(links: &[Link]) -> Vec<Address> {
    links
        .iter()
        .filter(|link| link.ifname != "lo")
        .flat_map(|link| {
            link.addr_info.iter().filter_map(|info| {
                (info.scope.as_deref() == Some("global")).then_some(Address {
                    interface: link.ifname.clone(),
                    address: info.local?,
                    prefix: info.prefixlen,
                    dynamic: info.dynamic,
                })
            })
        })
        .collect()
}

#[derive(Deserialize)]
struct Route {
    gateway: Option<IpAddr>,
    dev: Option<String>,
}

pub(super) fn gateways(v4: &str, v6: &str, addresses: &[Address]) -> Result<Vec<Gateway>, String> {
    let mut gateways: Vec<Gateway> = Vec::new();
    for text in [v4, v6] {
        if text.is_empty() {
            continue;
        }
        let routes: Vec<Route> = serde_json::from_str(text)
            .map_err(|e| format!("cannot read what ip route printed: {e}"))?;
        for route in routes {
            let (Some(via), Some(interface)) = (route.gateway, route.dev) else {
                continue;
            };
            let inside = addresses.iter().any(|a| {
                a.interface == interface
                    && ipnet::IpNet::new(a.address, a.prefix).is_ok_and(|net| net.contains(&via))
            });
            let link_local = matches!(via, IpAddr::V6(v6) if v6.is_unicast_link_local());
            let gateway = Gateway {
                on_link: !inside && !link_local,
                interface,
                via,
            };
            if !gateways.contains(&gateway) {
                gateways.push(gateway);
            }
        }
    }
    Ok(gateways)
}
