//! A sandbox whose machines are QEMU guests, of a test's own, that leaves none behind.

use crate::lab::{Lab, Ran, Served};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Hetzner's type whose firmware is a BIOS, and the one whose is UEFI.
pub(crate) const BIOS: &str = "cx23";
pub(crate) const UEFI: &str = "ccx13";

/// A lab with real machines in it.
pub(crate) struct Guests {
    pub(crate) lab: Lab,
    served: Option<Served>,
}

impl Guests {
    /// With a world served until the end, so that the test can talk to it while `provision` works.
    pub(crate) fn new(world: &Value) -> Self {
        let mut guests = Self::unserved(world);
        guests.served = Some(guests.lab.serve_with("--machines qemu"));
        guests
    }

    /// With a world that each command opens for itself.
    pub(crate) fn unserved(world: &Value) -> Self {
        let lab = Lab::with_world(world);
        let served = None;
        Self { lab, served }
    }

    pub(crate) fn served(&self) -> &Served {
        self.served.as_ref().expect("the world is served")
    }

    /// A host `box` at Hetzner on a type with that layout.
    pub(crate) fn host(&self, server_type: &str, layout: &str) {
        self.lab.add_host(
            "box",
            &format!(
                "provider = 'hetzner'\nlayout = '{layout}'\n[hetzner]\ntypes = ['{server_type}']\n\
                 locations = ['fsn1', 'nbg1', 'hel1', 'ash']\nimage = 'debian-13'\n"
            ),
        );
    }

    /// Brings it up; what the document says of it.
    pub(crate) fn up(&self, arguments: &str) -> Value {
        let ran = self.lab.run(&format!(
            "up {arguments} --sandbox --machines qemu --output json"
        ));
        let ran = ran.succeeded();
        eprintln!("{}", ran.stderr);
        ran.json()["hosts"][0].clone()
    }

    /// What a command prints on the host, run by its admin.
    pub(crate) fn on(&self, host: &str, command: &str) -> String {
        let ran = self
            .lab
            .run(&format!("ssh {host} --sandbox -- {command}"))
            .succeeded();
        ran.stdout.trim().to_owned()
    }

    /// Tears down what there is, and finds that nothing is left: no process, no disk.
    pub(crate) fn teardown(&self, host: &str) {
        self.lab
            .run(&format!("teardown {host} --sandbox"))
            .succeeded();
        assert_eq!(
            self.running(),
            Vec::<String>::new(),
            "guests of removed servers"
        );
        assert_eq!(
            self.folders(),
            Vec::<PathBuf>::new(),
            "disks of removed servers"
        );
    }

    /// The command lines of the QEMU processes that work in this lab.
    pub(crate) fn running(&self) -> Vec<String> {
        let own = self.lab.state();
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        processes
            .filter_map(|process| {
                let line = std::fs::read(process.path().join("cmdline")).ok()?;
                let line = String::from_utf8_lossy(&line).replace('\0', " ");
                let open = std::fs::read_dir(process.path().join("fd")).ok()?;
                let is_ours = open
                    .flatten()
                    .filter_map(|fd| std::fs::read_link(fd.path()).ok())
                    .any(|file| file.starts_with(&own));
                (line.contains("qemu-system") && is_ours).then_some(line)
            })
            .collect()
    }

    /// What machines have on the disk.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let machines = self.lab.state().join("sandbox/world/machines");
        let entries = std::fs::read_dir(machines).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    }

    /// One request to the sandbox itself.
    pub(crate) fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        self.served().control(method, path, body)
    }

    /// One request to Hetzner's face.
    pub(crate) fn hetzner(&self, method: &str, path: &str, body: &Value) -> Value {
        self.served().hetzner(method, path, body)
    }

    /// The only machine's id in the sandbox.
    pub(crate) fn machine(&self) -> String {
        let machines = self.control("GET", "/machines", &Value::Null);
        let all = machines["machines"].as_array().unwrap();
        assert_eq!(all.len(), 1, "{machines}");
        all[0]["id"].as_str().unwrap().to_owned()
    }
}

impl Drop for Guests {
    fn drop(&mut self) {
        self.served = None;
        let stopped = self.lab.run("sandbox stop");
        if std::thread::panicking() {
            eprintln!("{stopped}");
            self.consoles();
        } else {
            stopped.succeeded();
            assert_eq!(self.running(), Vec::<String>::new(), "guests after a stop");
        }
    }
}

impl Guests {
    /// Shows the last words of every machine, for who reads why a test failed.
    fn consoles(&self) {
        for folder in self.folders() {
            let text = std::fs::read(folder.join("serial.log")).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let lines: Vec<&str> = text.lines().rev().take(60).collect();
            eprintln!("--- {}", folder.display());
            for line in lines.iter().rev() {
                eprintln!("{}", line.escape_debug());
            }
        }
        show(&self.lab.state().join("sandbox/runs"), "installer.log");
    }
}

/// Every file of that name below a folder.
fn show(folder: &Path, name: &str) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir()
            && path
                .file_name()
                .is_some_and(|n| n != "flake" && n != "small")
        {
            show(&path, name);
        } else if path.file_name().is_some_and(|n| n == name) {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let from = text.len().saturating_sub(6000);
            let from = (from..text.len())
                .find(|at| text.is_char_boundary(*at))
                .unwrap_or(0);
            eprintln!("--- {}\n{}", path.display(), &text[from..]);
        }
    }
}

/// No settings.
pub(crate) fn plain() -> Value {
    json!({})
}

/// Must have failed with that code, and without a panic.
#[track_caller]
pub(crate) fn ended(ran: Ran, code: i32, words: &[&str]) -> Ran {
    eprintln!("{}", ran.stderr);
    ran.failed(code, words)
}
