//! Full lives with planted secrets: every byte that is written, and every process that is started,
//! is searched for them.

use super::book::{Book, CREDENTIALS, files};
use super::witness::Witness;
use crate::campaign::Campaign;
use crate::lab::{Lab, Ran, misbehaving};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

/// What is done, one command after the other; `UP` is how the host comes up.
#[derive(Debug, Clone, Copy)]
struct Life {
    name: &'static str,
    acts: &'static [(&'static str, Option<i32>)],
    /// How the machine misbehaves.
    fault: Option<&'static str>,
}

const LIVES: [Life; 3] = [
    Life {
        name: "up, again, ssh, rescue, back, reinstalled, torn down",
        acts: &[
            ("UP --output json EXTRA", Some(0)),
            ("UP", Some(0)),
            ("show HOST", Some(0)),
            ("list --output json", Some(0)),
            ("ssh HOST -- id", Some(0)),
            // where the password is mailed, it is armed and nobody looks inside
            ("rescue HOST", None),
            ("rescue HOST --off --output json", Some(0)),
            ("UP --reinstall EXTRA", Some(0)),
            ("host key HOST", Some(0)),
            ("teardown HOST --output json", Some(0)),
        ],
        fault: None,
    },
    Life {
        name: "dies while it boots, is looked at, torn down",
        acts: &[
            ("UP --output json EXTRA", None),
            ("show HOST --output json", None),
            ("UP", None),
            ("teardown HOST", Some(0)),
        ],
        fault: Some(r#"{"dies_booting": "Kernel panic - not syncing: VFS"}"#),
    },
    Life {
        name: "the installation fails, is looked at, torn down",
        acts: &[
            ("UP EXTRA", None),
            ("show HOST", None),
            ("teardown HOST --output json", Some(0)),
        ],
        fault: Some(r#"{"phase_fails": "install"}"#),
    },
];

const PROVIDERS: [(&str, &str, &str); 4] = [
    ("hetzner", "hetzner-cloud", "up hetzner-cloud"),
    ("ovh", "ovh-cloud", "up ovh-cloud"),
    (
        "ovh-vps",
        "ovh-cloud",
        "up ovh-cloud --server vps-0a1b2c3d.vps.ovh.net",
    ),
    (
        "ovh-dedicated",
        "ovh-cloud",
        "up ovh-cloud --server ns3000001.ip-203-0-113.eu",
    ),
];

struct Cell {
    provider: &'static str,
    host: &'static str,
    up: &'static str,
    life: Life,
    umask: &'static str,
}

#[test]
#[ignore = "a campaign: cargo xtask campaign"]
fn secrets_are_nowhere() {
    let campaign = Campaign::open("secrets");
    let mut cells = Vec::new();
    for (provider, host, up) in PROVIDERS {
        for (life, short) in LIVES.into_iter().zip(["000", "077", "022"]) {
            // faults are of machines that are made
            let is_made = ["hetzner", "ovh"].contains(&provider);
            if life.fault.is_some() && !is_made {
                continue;
            }
            for umask in ["000", "022", "077"] {
                let in_short = umask == short && (life.fault.is_none() || provider == "ovh");
                if campaign.long || in_short {
                    cells.push(Cell {
                        provider,
                        host,
                        up,
                        life,
                        umask,
                    });
                }
            }
        }
    }
    let row = |cell: &Cell| {
        let all = [cell.provider, cell.life.name, cell.umask];
        all.map(str::to_owned).to_vec()
    };
    campaign.run(&["provider", "life", "umask"], &cells, row, lived);
}

fn lived(cell: &Cell) -> String {
    let lab = Lab::new();
    if let Some(fault) = cell.life.fault {
        let fault: Value = serde_json::from_str(fault).unwrap();
        lab.world(&misbehaving(cell.host, &fault));
    }
    let state = lab.state().join("sandbox");
    let witness = Witness::new(&state);
    let mut book = Book::new(&lab);
    let mut printed = 0;
    for (act, code) in cell.life.acts {
        let (ran, line, worlds) = play(&lab, &witness, cell, act);
        if let Some(code) = code {
            assert_eq!(ran.code, *code, "{line}: {ran}");
        }
        assert!(!ran.stderr.contains("panicked at "), "{line}: {ran}");
        book.learn(&state, cell.host);
        for world in &worlds {
            book.learn_from(world);
        }
        book.is_not_in(&format!("what {line} prints"), ran.stdout.as_bytes());
        book.is_not_in(&format!("what {line} says"), ran.stderr.as_bytes());
        printed += ran.stdout.len() + ran.stderr.len();
    }
    let kept = book.search(&lab);
    let told = witness.told();
    book.is_not_in("the arguments and the environment of a child", &told);
    assert!(witness.seen().contains("nixos-anywhere"), "nobody looked");
    modes_are_private(&witness, &state);
    // a rescue system that only a password opens is not entered to look at a failure
    let is_rescued = cell.life.acts.iter().any(|(act, _)| *act == "rescue HOST");
    book.ends_well(cell.provider, is_rescued);
    format!(
        "{} forms of {} secrets in none of {printed} bytes of output, {kept} of files, {} of \
         arguments and environments",
        book.forms(),
        book.secrets(),
        told.len()
    )
}

/// Runs one command under the umask, watched.
fn play(lab: &Lab, witness: &Witness, cell: &Cell, act: &str) -> (Ran, String, Vec<String>) {
    let extra = format!(
        "--extra-files {} --disk-encryption-keys /tmp/disk.key {}",
        lab.path("extra").display(),
        lab.path("disk.key").display()
    );
    let line = act
        .replace("UP", cell.up)
        .replace("HOST", cell.host)
        .replace("EXTRA", &extra);
    let line = format!("--sandbox -vvv --provider {} {line}", cell.provider);
    let plain = lab.command(&line);
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!("umask {}; exec \"$0\" \"$@\"", cell.umask))
        .arg(plain.get_program())
        .args(plain.get_args())
        .current_dir(plain.get_current_dir().unwrap())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.envs(CREDENTIALS);
    if cell.life.fault.is_some() {
        // what does not come is waited for
        command.env("PROVISION_DEADLINE_SCALE", "0.2");
    }
    witness.enter(&mut command);
    let child = command.spawn().unwrap();
    let watching = witness.watch(&child);
    let ran = std::thread::spawn(|| Ran::of(child.wait_with_output().unwrap()));
    let (ran, worlds) = worlds(ran, &lab.state().join("sandbox/world/world.json"));
    drop(watching);
    (ran, line, worlds)
}

/// What the vendor's side knows while the command runs and when it has ended, each time that it
/// changes: the password of a rescue system that was left is gone.
fn worlds(command: JoinHandle<Ran>, file: &Path) -> (Ran, Vec<String>) {
    let mut seen: Vec<String> = Vec::new();
    loop {
        let is_over = command.is_finished();
        let world = fs::read_to_string(file).ok();
        seen.extend(world.filter(|world| seen.last() != Some(world)));
        if is_over {
            return (command.join().unwrap(), seen);
        }
        std::thread::sleep(Duration::from_millis(25));
    }
}

/// At each start of a program, and now, whatever the umask.
fn modes_are_private(witness: &Witness, state: &Path) {
    let kept = files(state).into_iter().map(|file| {
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o7777;
        ('f', mode, file)
    });
    let mut keys = 0;
    for (kind, mode, path) in witness.files().into_iter().chain(kept) {
        let below = path.strip_prefix(state).unwrap().to_path_buf();
        let name = below.display().to_string();
        // the flake's work copy and this program are no secret; what is in the extra files becomes
        // the server's
        let free = ["/flake", "/extra/root", "/bin/provision"];
        let is_free = free.iter().any(|free| name.contains(free));
        let secret = [
            "identity",
            "first-boot",
            "id_ed25519",
            "ssh_host_ed25519_key",
            "answer",
        ];
        let is_key = kind == 'f' && secret.iter().any(|s| path.ends_with(s));
        keys += usize::from(is_key);
        if is_key {
            assert_eq!(mode, 0o600, "{name}");
        }
        match kind {
            'f' if !is_free => assert_eq!(mode & 0o077, 0, "{name} has the mode {mode:o}"),
            'd' if !is_free => assert_eq!(mode, 0o700, "{name} has the mode {mode:o}"),
            _ => {}
        }
    }
    assert!(keys >= 3, "only {keys} keys were seen");
}
