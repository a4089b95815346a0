//! A host's life at a vendor that others may ask, too.

use super::products::Product;
use super::vendor::Vendor;
use crate::lab::{Lab, Ran, Served};
use serde_json::json;
use std::process::Child;
use std::sync::mpsc;
use std::time::Duration;

/// Deadlines are so much shorter: a request has 2.4 s, an operation 9.6 s, what the vendor does
/// in the background 48 s.
const SCALE: &str = "0.08";
/// A request that is answered later than this was given up.
pub(super) const LATE: Duration = Duration::from_secs(3);

/// How long a command may take at the very most: twice the longest wait that is in it, and what a
/// busy computer needs.
const BOUND: Duration = Duration::from_secs(120);

/// A lab whose vendor is served as long as it lives.
pub(super) struct Life {
    product: &'static Product,
    served: Served,
    lab: Lab,
}

impl Life {
    pub(super) fn new(product: &'static Product) -> Self {
        // an order that is done at once is never asked after
        let lab = Lab::with_world(&json!({ "latency": { "create_ms": 1500 } }));
        if product.rented.is_some() {
            lab.add_host("box", &format!("provider = \"{}\"\n", product.name));
        }
        Self {
            product,
            served: lab.serve(),
            lab,
        }
    }

    pub(super) fn vendor(&self) -> Vendor<'_> {
        Vendor::new(&self.served)
    }

    /// Runs a command at this product; one that does not end in time fails the cell.
    pub(super) fn run(&self, line: &str) -> Ran {
        let line = format!("{line} --provider {} --sandbox", self.product.name);
        let mut command = self.lab.command(&line);
        command.env("PROVISION_DEADLINE_SCALE", SCALE);
        ended(command.spawn().unwrap(), BOUND, &line)
    }
}

fn ended(child: Child, within: Duration, line: &str) -> Ran {
    let id = child.id();
    let (tell, hear) = mpsc::channel();
    std::thread::spawn(move || tell.send(child.wait_with_output()));
    if let Ok(output) = hear.recv_timeout(within) {
        Ran::of(output.unwrap())
    } else {
        let pid = rustix::process::Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        let said = hear.recv().unwrap().map(Ran::of).unwrap();
        panic!("{line} had not ended after {within:?}: {said}")
    }
}
