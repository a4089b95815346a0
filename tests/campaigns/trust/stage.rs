//! Where a scene is played: a lab, and the way to its machines.

use super::book::Book;
use super::scenes::{Scene, ends_with};
use super::way::Way;
use crate::by_hand;
use crate::lab::{Lab, Ran};
use std::process::Command;

/// A lab in which all that comes before was done.
pub(crate) struct Stage {
    lab: Lab,
    pub(crate) way: Way,
    /// A machine that somebody else made: how `install` is told of it.
    machine: Option<Machine>,
}

struct Machine {
    arguments: String,
    shown: String,
    // it goes on until the stage is left
    _served: crate::lab::Served,
}

impl Stage {
    pub(crate) fn set(scene: &Scene, elsewhere: u16) -> Self {
        let lab = Lab::new();
        let mut machine = None;
        for before in scene.before {
            match *before {
                "forget" => forget(&lab),
                "machine" => machine = Some(made_by_hand(&lab)),
                before => {
                    let ran = lab.run(&format!("{before} --sandbox"));
                    assert_eq!(ran.code, ends_with(scene.provider, before), "{ran}");
                }
            }
        }
        let way = Way::new(lab.path("way"), elsewhere);
        Self { lab, way, machine }
    }

    /// Another machine answers on that port.
    pub(crate) fn lead_to(&self, port: u16) {
        self.way.lead_to(port);
    }

    /// The private key that went in by `user_data`, as the vendor still has it.
    pub(crate) fn first_boot(&self) -> String {
        let world = self.lab.state().join("sandbox/world/world.json");
        let world = std::fs::read_to_string(world).unwrap();
        given(&serde_json::from_str(&world).unwrap()).expect("a key in user_data")
    }

    /// The private key of the installed system.
    pub(crate) fn identity(&self) -> String {
        let servers = self.lab.state().join("sandbox/servers");
        let mut servers = std::fs::read_dir(servers).unwrap().flatten();
        let file = servers.next().unwrap().path().join("identity");
        std::fs::read_to_string(file).unwrap()
    }

    /// All secrets that there are now.
    pub(crate) fn secrets(&self) -> Book {
        let mut book = Book::new(&self.lab);
        let state = self.lab.state().join("sandbox");
        for server in std::fs::read_dir(state.join("servers")).unwrap().flatten() {
            book.learn(&state, &server.file_name().to_string_lossy());
        }
        let world = std::fs::read_to_string(state.join("world/world.json"));
        book.learn_from(&world.unwrap());
        book
    }

    pub(crate) fn act(&self, scene: &Scene) -> Ran {
        let mut act = scene.act.to_owned();
        if let Some(machine) = &self.machine {
            act = act.replace("SHOWN", &machine.shown);
            act = act.replacen("hetzner-cloud", &machine.arguments, 1);
        }
        // --sandbox ahead of the verb: what follows -- is a command
        let mut command = self.lab.command(&format!("--sandbox {act}"));
        self.way.enter(&mut command);
        command.env("PROVISION_DEADLINE_SCALE", "0.2");
        Ran::of(command.output().unwrap())
    }
}

/// The private key in the first `user_data` that there is.
fn given(world: &serde_json::Value) -> Option<String> {
    use serde_json::Value;
    match world {
        Value::Object(fields) => fields.iter().find_map(|(name, value)| {
            let text = value.as_str().filter(|_| name == "user_data");
            text.and_then(super::needles::first_key)
                .or_else(|| given(value))
        }),
        Value::Array(all) => all.iter().find_map(given),
        _ => None,
    }
}

/// All but the world and the login key, as on another machine of the owner.
fn forget(lab: &Lab) {
    for folder in ["servers", "runs"] {
        std::fs::remove_dir_all(lab.state().join("sandbox").join(folder)).unwrap();
    }
}

/// A server that another client of the vendor's made.
fn made_by_hand(lab: &Lab) -> Machine {
    let served = lab.serve();
    let address = by_hand::server(lab, &served);
    let identity = lab.path("id");
    let port = served.variable("PROVISION_SSH_PORT");
    Machine {
        arguments: format!(
            "hetzner-cloud --target-ip {address} --port {port} --identity {}",
            identity.display()
        ),
        shown: shown(&address, &port),
        _served: served,
    }
}

/// The fingerprint of the key that the machine shows, once it is up.
fn shown(address: &str, port: &str) -> String {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let scanned = Command::new("ssh-keyscan")
            .args(["-t", "ed25519", "-p", port, address])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&scanned.stdout).into_owned();
        let line = text.lines().find(|line| !line.starts_with('#'));
        if let Some((_, key)) = line.and_then(|line| line.split_once(' ')) {
            let key = ssh_key::PublicKey::from_openssh(key).unwrap();
            return key.fingerprint(ssh_key::HashAlg::Sha256).to_string();
        }
        assert!(std::time::Instant::now() < until, "it never answered");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}
