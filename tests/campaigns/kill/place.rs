//! A cloud of its own for each cell, which outlives every run; and runs in it, with a deadline.

use super::product::{Product, Verb};
use crate::lab::{Lab, Ran, Served};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::mpsc;
use std::time::Duration;

/// No run takes longer, whatever happened before it.
const LONGEST: Duration = Duration::from_secs(240);
/// What all deadlines are multiplied by, and some that have their own.
const SCALE: &str = "0.2,lease=3,order=12";

/// A served cloud, and the machine that `provision` runs on.
pub(crate) struct Place {
    pub(crate) product: Product,
    /// Whose login key is used.
    key: std::cell::Cell<u8>,
    /// What all deadlines are multiplied by, and some that have their own.
    pub(crate) scale: String,
    // before the lab: it is ended while its folder is still there
    pub(crate) served: Served,
    pub(crate) lab: Lab,
}

/// What the machine loses beside the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Nothing.
    Nothing,
    /// The state folder.
    State,
    /// The state folder and the login key.
    StateAndKey,
}

impl Loss {
    /// As it is shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::State => "the state folder",
            Self::StateAndKey => "the state folder and the login key",
        }
    }
}

impl Place {
    /// An empty one, with settings of the cloud.
    pub(crate) fn open(product: Product, world: &Value) -> Self {
        let lab = Lab::with_world(world);
        if let Some(toml) = product.rented {
            lab.add_host(product.host, toml);
        }
        for key in 0..2 {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(lab.path(&format!("key-{key}")))
                .status();
            assert!(made.unwrap().success(), "ssh-keygen makes a key");
        }
        Self {
            product,
            key: std::cell::Cell::new(0),
            scale: SCALE.to_owned(),
            served: lab.serve(),
            lab,
        }
    }

    /// The same with everything done that the verb needs.
    pub(crate) fn before(product: Product, world: &Value, verb: Verb) -> Self {
        let place = Self::open(product, world);
        for earlier in verb.before() {
            place.must(*earlier);
        }
        place
    }

    /// A command with the flags that all have.
    pub(crate) fn command(&self, words: &str) -> Command {
        let provider = self.product.name;
        let mut command = self
            .lab
            .command(&format!("{words} --provider {provider} --sandbox"));
        // the world was told its settings when it was opened
        command.env_remove("PROVISION_SANDBOX_WORLD");
        command.env("PROVISION_DEADLINE_SCALE", &self.scale);
        command
    }

    /// The same with the login key.
    pub(crate) fn logging_in(&self, words: &str) -> Command {
        let mut command = self.command(words);
        let key = self.lab.path(&format!("key-{}", self.key.get()));
        command.arg("--identity").arg(key);
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, words: &str) -> Ran {
        to_its_end(self.logging_in(words).spawn().unwrap())
    }

    /// Does it, and it has to end as it should.
    #[track_caller]
    pub(crate) fn must(&self, verb: Verb) -> Ran {
        let ran = self.run(&verb.words(self.product));
        assert_eq!(
            ran.code,
            verb.ends_with(self.product),
            "{}: {ran}",
            verb.name()
        );
        ran
    }

    /// What is kept between runs on this machine, without the cloud.
    pub(crate) fn kept(&self) -> PathBuf {
        self.lab.state().join("sandbox")
    }

    /// The machine loses that; the cloud does not.
    pub(crate) fn lose(&self, loss: Loss) {
        if loss == Loss::Nothing {
            return;
        }
        for folder in ["servers", "runs", "keys"] {
            gone(&self.kept().join(folder));
        }
        if loss == Loss::StateAndKey {
            self.key.set(1);
        }
    }

    /// Whether the login key is another than at first.
    pub(crate) fn has_another_key(&self) -> bool {
        self.key.get() != 0
    }

    /// The state folder of another machine that sees the same cloud.
    pub(crate) fn elsewhere(&self, name: &str) -> PathBuf {
        let state = self.lab.path(name);
        for folder in [state.clone(), state.join("sandbox")] {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::set_permissions(folder, PermissionsExt::from_mode(0o700)).unwrap();
        }
        std::os::unix::fs::symlink(self.kept().join("world"), state.join("sandbox/world")).unwrap();
        state
    }

    /// The lines of the journal of the last run.
    pub(crate) fn journal(&self) -> Vec<Value> {
        let text = self.lab.journals().pop().unwrap_or_default();
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }
}

/// Children of a killed run may still write into it.
fn gone(folder: &Path) {
    for _ in 0..50 {
        match std::fs::remove_dir_all(folder) {
            Ok(()) => return,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    panic!("{} cannot be removed", folder.display());
}

/// Waits for it; one that does not end is killed, and that is a failure.
pub(crate) fn to_its_end(child: Child) -> Ran {
    let id = child.id();
    let (sender, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = sender.send(child.wait_with_output());
    });
    if let Ok(output) = ended.recv_timeout(LONGEST) {
        return Ran::of(output.unwrap());
    }
    kill(id);
    let said = ended.recv_timeout(Duration::from_secs(10));
    let said = said.ok().and_then(Result::ok).map(Ran::of);
    let said = said.map(|ran| ran.to_string()).unwrap_or_default();
    panic!("it had not ended after {} s: {said}", LONGEST.as_secs());
}

/// Ends a process that this one has started, or that has come of one.
pub(crate) fn kill(id: u32) {
    let id = i32::try_from(id).ok().and_then(Pid::from_raw);
    let _ = kill_process(id.unwrap(), Signal::KILL);
}

/// All that have come of that process and still live.
pub(crate) fn descendants(id: u32) -> Vec<u32> {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let number = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        let Some(number): Option<u32> = number else {
            continue;
        };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // the name before may hold anything
        let parent = stat
            .rsplit_once(')')
            .and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse::<u32>().ok());
        parents.extend(parent.map(|parent| (number, parent)));
    }
    let mut all = vec![id];
    let mut at = 0;
    while at < all.len() {
        let of = |(number, parent): &(u32, u32)| (*parent == all[at]).then_some(*number);
        let more: Vec<u32> = parents.iter().filter_map(of).collect();
        all.extend(more);
        at += 1;
    }
    all.split_off(1)
}
