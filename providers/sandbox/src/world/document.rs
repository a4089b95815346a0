//! What is kept of a world, in one file.

use crate::faults::{Armed, Rule};
use crate::hetzner::Project;
use crate::options::MachineKind;
use crate::ovh::Account;
use crate::settings::Settings;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// The version of the file's form; another is refused rather than misread.
pub(crate) const SCHEMA: u32 = 1;

/// A whole world but for its machines' processes. Secrets are in it: 0600, and no `Debug`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Document {
    pub(crate) schema: u32,
    pub(crate) token: String,
    pub(crate) ssh_port: u16,
    pub(crate) network: Network,
    pub(crate) settings: Settings,
    /// What its machines are.
    #[serde(default)]
    pub(crate) kind: MachineKind,
    pub(crate) faults: Vec<Armed>,
    pub(crate) next_fault: u64,
    /// Requests that the vendor would still take.
    pub(crate) bucket: Bucket,
    /// What each machine said of itself last.
    pub(crate) machines: BTreeMap<String, Value>,
    pub(crate) hetzner: Project,
    /// A world that was kept before there was one gets a new account.
    #[serde(default)]
    pub(crate) ovh: Account,
}

/// The loopback addresses of a world: 127.a.b.0/24.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Network {
    pub(crate) block: (u8, u8),
    /// The last host number that was given out: a new machine gets another address than one
    /// that just went, as at the vendor's.
    pub(crate) last: u8,
}

impl Network {
    /// Drawn by lot, so that worlds beside each other do not meet.
    pub(crate) fn random() -> Self {
        Self {
            block: (fastrand::u8(64..=254), fastrand::u8(1..=254)),
            last: 0,
        }
    }

    pub(crate) fn address(self, host: u8) -> Ipv4Addr {
        Ipv4Addr::new(127, self.block.0, self.block.1, host)
    }

    /// The next address that is not taken, or none when all 254 are.
    pub(crate) fn next(&mut self, taken: impl Fn(Ipv4Addr) -> bool) -> Option<Ipv4Addr> {
        for step in 0..254_u8 {
            let host = u16::from(self.last) + u16::from(step);
            let host = u8::try_from(host % 254).unwrap_or(0) + 1;
            let address = self.address(host);
            if !taken(address) {
                self.last = host % 254;
                return Some(address);
            }
        }
        None
    }

    /// An IPv6 network of documentation addresses, without its length: `2001:db8:…::`.
    pub(crate) fn ipv6(self, number: u64) -> String {
        let (a, b) = self.block;
        format!(
            "2001:db8:{:x}:{:x}::",
            u16::from(a) << 8 | u16::from(b),
            number & 0xffff
        )
    }
}

/// A bucket of requests.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Bucket {
    pub(crate) used: f64,
    pub(crate) at: Timestamp,
}

impl Document {
    pub(crate) fn new(settings: Settings, ssh_port: u16, network: Network, now: Timestamp) -> Self {
        let mut fresh = Self {
            schema: SCHEMA,
            token: secret(64),
            ssh_port,
            network,
            settings,
            kind: MachineKind::default(),
            faults: Vec::new(),
            next_fault: 1,
            bucket: Bucket { used: 0.0, at: now },
            machines: BTreeMap::new(),
            hetzner: Project::new(),
            ovh: Account::default(),
        };
        fresh.arm_from_settings();
        fresh
    }

    /// Takes the settings; their faults are armed anew only if they are others than before, so
    /// that one that hit once does not hit again in the next command.
    pub(crate) fn take_settings(&mut self, settings: Settings) {
        let changed = settings.faults != self.settings.faults;
        self.settings = settings;
        if changed {
            self.faults.clear();
            self.arm_from_settings();
        }
    }

    fn arm_from_settings(&mut self) {
        for rule in self.settings.faults.clone() {
            self.arm(rule);
        }
    }

    pub(crate) fn arm(&mut self, rule: Rule) -> u64 {
        let id = self.next_fault;
        self.next_fault += 1;
        self.faults.push(Armed {
            id,
            rule,
            seen: 0,
            hit: 0,
        });
        id
    }
}

/// Random letters and digits from the system's generator.
pub(crate) fn secret(length: usize) -> String {
    use rand::RngExt;
    let mut source = rand::rng();
    (0..length)
        .map(|_| char::from(source.sample(rand::distr::Alphanumeric)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_round_and_run_out() {
        let mut network = Network {
            block: (70, 2),
            last: 0,
        };
        let first = network.next(|_| false).unwrap();
        let second = network.next(|_| false).unwrap();
        assert_eq!(first, Ipv4Addr::new(127, 70, 2, 1));
        assert_eq!(second, Ipv4Addr::new(127, 70, 2, 2));
        for _ in 0..252 {
            network.next(|_| false).unwrap();
        }
        assert_eq!(network.next(|_| false).unwrap(), first, "round again");
        let ninth = network.address(9);
        assert_eq!(network.next(|address| address != ninth), Some(ninth));
        assert_eq!(network.next(|_| true), None);
    }

    #[test]
    fn secrets_are_long_and_differ() {
        let (one, other) = (secret(64), secret(64));
        assert_eq!(one.len(), 64);
        assert_ne!(one, other);
    }
}
