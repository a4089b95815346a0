//! Which calls a full run makes: recorded, not listed by hand.

use super::life::Life;
use super::products::Product;
use super::vendor::Got;
use std::collections::BTreeMap;

/// A method and a path, in which `*` stands for what is different each time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call {
    pub(super) method: String,
    /// Below the face's base, as the rules of faults want it.
    pub(super) path: String,
}

/// A call of one command, and how often the command makes it take effect when all is well.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) step: usize,
    pub(super) call: Call,
    pub(super) effects: usize,
}

impl Call {
    pub(super) fn of(got: &Got) -> Self {
        let bases = ["/hetzner/v1", "/ovh/1.0", "/ovh"];
        let below = bases.iter().find_map(|base| got.path.strip_prefix(base));
        let segments = below.unwrap_or(&got.path).split('/').map(|segment| {
            let is_word = segment.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
            if is_word || segment == "v2" {
                segment
            } else {
                "*"
            }
        });
        Self {
            method: got.method.clone(),
            path: segments.collect::<Vec<_>>().join("/"),
        }
    }

    pub(super) fn is_read(&self) -> bool {
        self.method == "GET"
    }

    /// Makes something that can be made twice.
    pub(super) fn is_create(&self) -> bool {
        self.method == "POST"
            && ["/servers", "/ssh_keys", "/instance", "/sshkey"]
                .iter()
                .any(|end| self.path.ends_with(end))
    }

    /// Makes what costs money.
    pub(super) fn is_order(&self) -> bool {
        self.is_create() && !self.path.contains("key")
    }

    /// Writes a disk.
    pub(super) fn wipes(&self) -> bool {
        ["/rebuild", "/reinstall"]
            .iter()
            .any(|end| self.path.ends_with(end))
    }

    /// Begins something that goes on in the background.
    pub(super) fn begins(&self) -> bool {
        let is_machine = ["/servers", "/instance", "/vps", "/dedicated"]
            .iter()
            .any(|part| self.path.contains(part));
        match self.method.as_str() {
            "POST" | "DELETE" => is_machine,
            // the netboot of a VPS is set by a task
            "PUT" => self.path == "/vps/*",
            _ => false,
        }
    }
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// The calls of each command of a life in which nothing goes wrong.
pub(super) fn recorded(product: &'static Product) -> Vec<Made> {
    let life = Life::new(product);
    let vendor = life.vendor();
    let mut all = Vec::new();
    for (step, command) in product.life.iter().enumerate() {
        let ran = life.run(command.line);
        assert_eq!(ran.code, command.code, "{}: {ran}", command.line);
        let mut calls = BTreeMap::new();
        for got in vendor.requests() {
            let took_effect = got.status.is_some_and(|status| status < 300);
            *calls.entry(Call::of(&got)).or_insert(0) += usize::from(took_effect);
        }
        let made = |(call, effects)| Made {
            step,
            call,
            effects,
        };
        all.extend(calls.into_iter().map(made));
    }
    let books = vendor.books(product);
    assert!(
        books.servers.is_empty() && books.things.is_empty(),
        "{books:?}"
    );
    all
}
