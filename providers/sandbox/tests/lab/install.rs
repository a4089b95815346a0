//! The stand-in for nixos-anywhere as a child process, and what it installs.

use super::{Lab, Said};
use provision_sandbox::machine::Spec;
use serde_json::{Value, json};

/// The machine's own disk.
pub(crate) const OWN: &str = "/dev/disk/by-path/pci-0000:06:00.0-scsi-0:0:0:0";
/// The closure that is installed.
pub(crate) const SYSTEM: &str =
    "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-nixos-system-web-1-stand-in";
/// The variable through which a test binary that runs itself hands over the arguments.
const ARGS: &str = "STAND_IN_ARGS";

/// A disko description: `bios`, `uefi` or `hybrid`.
pub(crate) fn disko(layout: &str, device: &str) -> Value {
    let mut partitions = Vec::new();
    if layout != "uefi" {
        partitions.push(json!({"name": "boot", "type": "EF02", "size": "1M"}));
    }
    if layout != "bios" {
        partitions.push(json!({"name": "ESP", "type": "EF00", "size": "512M",
            "format": "vfat", "mountpoint": "/boot"}));
    }
    partitions.push(json!({"name": "root", "type": "8300", "size": "100%",
        "format": "btrfs", "mountpoint": "/"}));
    json!({"schema": 1, "disks": [
        {"device": device, "table": "gpt", "partitions": partitions}
    ]})
}

/// The system that fits the layout, with one administrator.
pub(crate) fn system(layout: &str, device: &str, key: &str) -> Value {
    let devices = if layout == "uefi" { "nodev" } else { device };
    let efi = layout != "bios";
    json!({"schema": 1, "system": SYSTEM, "hostname": "web-1", "arch": "x86_64",
        "grub": {"devices": [devices], "efi_support": efi, "efi_install_as_removable": efi},
        "users": [{"name": "hbohlen", "wheel": true, "authorized_keys": [key]},
                  {"name": "guest", "wheel": false, "authorized_keys": [key]}],
        "permit_root_login": false})
}

/// A call of the program that is being put together.
pub(crate) struct Call<'a> {
    lab: &'a Lab,
    args: Vec<String>,
    path: String,
}

impl<'a> Call<'a> {
    /// With the login key and the port.
    pub(crate) fn new(lab: &'a Lab, spec: &Spec) -> Self {
        Self::of(lab, spec, "root")
    }

    /// The same, with a login of this user.
    pub(crate) fn of(lab: &'a Lab, spec: &Spec, user: &str) -> Self {
        let port = spec.ssh_port.to_string();
        let key = lab.path("key").display().to_string();
        let target = format!("{user}@{}", spec.ipv4);
        let args = [
            "-i",
            &key,
            "-p",
            &port,
            "--post-kexec-ssh-port",
            &port,
            "--target-host",
            &target,
        ];
        Self {
            lab,
            args: args.map(str::to_owned).to_vec(),
            path: std::env::var("PATH").unwrap(),
        }
    }

    pub(crate) fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// These descriptions, as store paths.
    pub(crate) fn install(self, disko: &Value, system: &Value) -> Self {
        let paths = [self.lab.path("disko.json"), self.lab.path("system.json")];
        std::fs::write(&paths[0], disko.to_string()).unwrap();
        std::fs::write(&paths[1], system.to_string()).unwrap();
        let [disko, system] = paths.map(|p| p.display().to_string());
        self.arg("--store-paths").arg(disko).arg(system)
    }

    /// Puts a recording `ssh` ahead on `PATH`; its calls are the lines of the file `calls`.
    pub(crate) fn recorded(mut self) -> Self {
        let folder = self.lab.path("bin");
        std::fs::create_dir_all(&folder).unwrap();
        let script = format!(
            "#!/bin/sh\nprintf '%s ' \"$@\" >> '{0}'\necho >> '{0}'\nexec /usr/bin/ssh -F none \"$@\"\n",
            self.lab.path("calls").display()
        );
        let ssh = folder.join("ssh");
        let draft = folder.join("draft");
        std::fs::write(&draft, script).unwrap();
        // a child of another test may hold what we have written open: then it cannot be run
        let mut copy = std::process::Command::new("install");
        assert!(copy.arg(&draft).arg(&ssh).status().unwrap().success());
        self.path = format!("{}:{}", folder.display(), self.path);
        self
    }

    /// Runs it: this very test binary, told to be the program.
    pub(crate) async fn run(self) -> Said {
        super::run(self.command(), b"").await
    }

    /// The child that would be run.
    pub(crate) fn command(self) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "the_stand_in_as_a_program", "--nocapture"])
            .env(ARGS, serde_json::to_string(&self.args).unwrap())
            .env("PATH", self.path);
        command
    }
}

/// To be called by the test `the_stand_in_as_a_program`: ends the process as the program does,
/// if this process was started as one.
pub(crate) fn be_the_program() {
    if let Ok(args) = std::env::var(ARGS) {
        let args: Vec<String> = serde_json::from_str(&args).unwrap();
        let status = provision_sandbox::stand_in::run(args.into_iter().map(Into::into));
        std::process::exit(status.into());
    }
}
