//! A cloud of its own for each cell, which a second machine sees, too.

use super::cells::Cell;
use super::process::Run;
use crate::lab::{Lab, Ran, Served};
use crate::misbehave;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The deadlines of a run that is to fail soon: single ones, so that a command still has the time
/// that it needs on a busy computer.
const HURRIED: &str = "0.1,first_boot=6,answer=5,refusal=1.5,command=5,kexec=8,install=8,boot=6,\
                       settle=5,post_mortem=10,busy=15";
/// The deadlines of one that is to end well.
const PATIENT: &str = "0.5,first_boot=10,answer=20,boot=15,refusal=5";
/// No run takes longer; real hardware has four times as long for its boots.
const LONGEST: Duration = Duration::from_secs(90);
const LONGEST_OF_METAL: Duration = Duration::from_secs(180);

/// A served cloud, and the machine that `provision` runs on.
pub(super) struct Place<'a> {
    pub(super) cell: &'a Cell,
    // before the lab: it is ended while its folder is still there
    served: Served,
    pub(super) lab: Lab,
}

impl<'a> Place<'a> {
    pub(super) fn open(cell: &'a Cell) -> Self {
        let lab = Lab::new();
        let served = lab.serve();
        Self { cell, served, lab }
    }

    /// A verb on the host, and more flags.
    pub(super) fn words(&self, verb: &str, more: &str) -> String {
        let product = self.cell.product;
        format!("{verb} {} {}{more}", product.host(), product.flags())
    }

    fn start(&self, words: &str, deadlines: &str) -> Run {
        let mut command = self.lab.command(words);
        command.env("PROVISION_DEADLINE_SCALE", deadlines);
        Run::start(command)
    }

    /// Begins a run that is to fail soon.
    pub(super) fn hurry(&self, words: &str) -> Run {
        self.start(words, HURRIED)
    }

    /// Runs what is to end well.
    pub(super) fn run(&self, words: &str) -> Ran {
        self.start(words, PATIENT).end(self.longest()).ran
    }

    /// No run takes longer.
    pub(super) fn longest(&self) -> Duration {
        match self.cell.product {
            super::product::Product::Dedicated => LONGEST_OF_METAL,
            _ => LONGEST,
        }
    }

    /// The command that brings it up.
    pub(super) fn up(&self) -> String {
        self.words("up", self.cell.product.server())
    }

    /// The machines that there are, and those that are still to be made, misbehave like that.
    pub(super) fn spoil(&self, faults: &Value) {
        misbehave::all(&self.served, faults);
    }

    pub(super) fn heal(&self) {
        misbehave::none(&self.served);
    }

    /// The machines that exist at the vendor.
    pub(super) fn machines(&self) -> Vec<Value> {
        let answer = self.served.control("GET", "/machines", &Value::Null);
        answer["machines"].as_array().unwrap().clone()
    }

    /// What `list` tells of the product's servers.
    pub(super) fn listed(&self) -> Vec<Value> {
        let words = format!("list {} --output json", self.cell.product.flags());
        let list = self.run(&words).succeeded().json();
        list["servers"].as_array().unwrap().clone()
    }

    /// Somebody of the same owner removes it from another machine.
    pub(super) fn deleted_by_somebody(&self) {
        let other = self.lab.path("other");
        std::fs::create_dir_all(other.join("sandbox")).unwrap();
        for dir in [other.clone(), other.join("sandbox")] {
            std::fs::set_permissions(dir, PermissionsExt::from_mode(0o700)).unwrap();
        }
        let world = self.lab.state().join("sandbox/world");
        std::os::unix::fs::symlink(world, other.join("sandbox/world")).unwrap();
        let mut command = self.lab.command(&self.words("teardown", ""));
        command.env("PROVISION_STATE_DIR", &other);
        Ran::of(command.output().unwrap()).succeeded();
    }

    /// Whether the journal of some run has these words.
    pub(super) fn has_journalled(&self, words: &str) -> bool {
        self.lab.journals().iter().any(|text| text.contains(words))
    }

    /// How large the largest log of an installer is, in MiB.
    pub(super) fn largest_log_mib(&self) -> u64 {
        let servers = self.runs().into_iter().flat_map(|run| folders(&run));
        let logs = servers.map(|server| server.join("installer.log"));
        let sizes = logs.filter_map(|log| Some(log.metadata().ok()?.len()));
        sizes.max().unwrap_or(0) / (1024 * 1024)
    }

    fn runs(&self) -> Vec<PathBuf> {
        folders(&self.lab.state().join("sandbox/runs"))
    }
}

fn folders(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}
