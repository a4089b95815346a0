//! A folder of its own for each test: state, world, flake; and the binary run in it.

mod served;

pub(crate) use served::Served;

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A place to run `provision` in.
pub(crate) struct Lab {
    dir: tempfile::TempDir,
}

/// How a run ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Lab {
    /// With the repository's own flake, and no deadline of minutes.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let lab = Self { dir };
        copy(&root().join("hosts"), &lab.flake().join("hosts"));
        for file in ["flake.nix", "flake.lock"] {
            std::fs::copy(root().join(file), lab.flake().join(file)).unwrap();
        }
        lab
    }

    /// With settings of the sandbox's world.
    pub(crate) fn with_world(world: &Value) -> Self {
        let lab = Self::new();
        lab.world(world);
        lab
    }

    /// Replaces the settings of the sandbox's world; they count from the next start on.
    pub(crate) fn world(&self, world: &Value) {
        std::fs::write(self.path("world.json"), world.to_string()).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn flake(&self) -> PathBuf {
        self.path("flake")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.path("state")
    }

    /// A host of the flake, copied from the one that is there.
    pub(crate) fn add_host(&self, name: &str, toml: &str) {
        let servers = self.flake().join("hosts/servers");
        copy(&servers.join("hetzner-cloud"), &servers.join(name));
        std::fs::write(servers.join(name).join("host.toml"), toml).unwrap();
    }

    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(program());
        command
            .args(arguments.split_whitespace())
            .current_dir(self.flake())
            .env("PROVISION_STATE_DIR", self.state())
            .env("HOME", self.dir.path())
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env_remove("PROVISION_OWNER")
            .env_remove("HCLOUD_TOKEN")
            .env_remove("HCLOUD_ENDPOINT")
            .env_remove("OVH_ENDPOINT")
            .env_remove("OVH_APPLICATION_KEY")
            .env_remove("OVH_APPLICATION_SECRET")
            .env_remove("OVH_CONSUMER_KEY")
            .env_remove("OVH_CLIENT_ID")
            .env_remove("OVH_CLIENT_SECRET")
            .env_remove("OVH_CLOUD_PROJECT_SERVICE")
            .env_remove("SSH_AUTH_SOCK")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if self.path("world.json").exists() {
            command.env("PROVISION_SANDBOX_WORLD", self.path("world.json"));
        }
        command
    }

    pub(crate) fn run(&self, arguments: &str) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// The same, with all deadlines shrunk.
    pub(crate) fn run_hurried(&self, scale: &str, arguments: &str) -> Ran {
        let mut command = self.command(arguments);
        Ran::of(
            command
                .env("PROVISION_DEADLINE_SCALE", scale)
                .output()
                .unwrap(),
        )
    }

    /// Must succeed with JSON on stdout.
    pub(crate) fn json(&self, arguments: &str) -> Value {
        let ran = self.run(&format!("{arguments} --output json"));
        ran.succeeded().json()
    }

    /// What each run has journalled until now, the oldest first.
    pub(crate) fn journals(&self) -> Vec<String> {
        let runs = std::fs::read_dir(self.state().join("sandbox/runs"));
        let mut runs: Vec<PathBuf> = runs
            .into_iter()
            .flatten()
            .map(|run| run.unwrap().path())
            .collect();
        runs.sort();
        let read = |run: PathBuf| std::fs::read_to_string(run.join("journal.jsonl")).ok();
        runs.into_iter().filter_map(read).collect()
    }

    /// The servers that `list` finds.
    pub(crate) fn servers(&self) -> Vec<Value> {
        let list = self.json("list --sandbox");
        list["servers"].as_array().unwrap().clone()
    }

    /// Serves the world of the lab until it is dropped.
    pub(crate) fn serve(&self) -> Served {
        self.serve_with("")
    }

    /// The same with more flags.
    pub(crate) fn serve_with(&self, flags: &str) -> Served {
        let child = self
            .command(&format!("sandbox {flags} --output json"))
            .spawn();
        let mut served = Served {
            child: child.expect("the sandbox starts"),
            environment: Value::Null,
        };
        let out = BufReader::new(served.child.stdout.take().unwrap());
        let mut text = String::new();
        for line in out.lines() {
            text.push_str(&line.unwrap());
            if let Ok(value) = serde_json::from_str::<Value>(&text) {
                served.environment = value["environment"].clone();
                return served;
            }
        }
        panic!("the sandbox ended: {text}")
    }
}

/// Presses Ctrl-C for one process.
pub(crate) fn interrupt(id: u32) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        let Output {
            status,
            stdout,
            stderr,
        } = output;
        Self {
            code: status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }

    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "{self}");
        self
    }

    /// Ended with that code, one error, and each of these words in it.
    #[track_caller]
    pub(crate) fn failed(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, code, "{self}");
        let errors = self.stderr.lines().filter(|l| l.starts_with("error: "));
        assert_eq!(errors.count(), 1, "{self}");
        assert!(!self.stderr.contains("panicked"), "{self}");
        for word in words {
            assert!(self.stderr.contains(word), "{word:?} is missing: {self}");
        }
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self}"))
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "exit {}\n--- stdout\n{}\n--- stderr\n{}",
            self.code, self.stdout, self.stderr
        )
    }
}

/// The program under test: the one that was built with the test, or one that was put aside because
/// another may be built while a long campaign runs.
fn program() -> PathBuf {
    let aside = std::env::var_os("PROVISION_UNDER_TEST");
    aside.map_or_else(|| env!("CARGO_BIN_EXE_provision").into(), PathBuf::from)
}

/// The repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Settings under which a machine with that host name misbehaves.
pub(crate) fn misbehaving(hostname: &str, faults: &Value) -> Value {
    json!({ "machine_faults": [{ "name": hostname, "faults": faults }] })
}
