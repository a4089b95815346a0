//! Where real guests are tried: a folder, keys, and SSH.

use super::spec;
use crate::images::Images;
use crate::machine::qemu::{Qemu, QemuOptions};
use crate::machine::{Boot, Image, Machine, Maker, RescueSystem, Spec};
use crate::process::Process;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::{Instant, timeout};

/// A guest without KVM may take so long to answer.
pub(super) const BOOT: Duration = Duration::from_secs(300);
pub(super) const PACE: Duration = Duration::from_millis(300);

/// A folder with machines, a login key and a host key.
pub(super) struct Lab {
    pub(super) home: tempfile::TempDir,
    pub(super) maker: Qemu,
    login: String,
    pub(super) host: (String, String),
}

// a test that fails leaves no guest behind
impl Drop for Lab {
    fn drop(&mut self) {
        for entry in std::fs::read_dir(self.folder()).into_iter().flatten() {
            let id = entry.unwrap().file_name().into_string().unwrap();
            if let Some(process) = process(self, &id) {
                process.signal(rustix::process::Signal::KILL);
            }
        }
    }
}

impl Lab {
    pub(super) fn new(images: Images) -> Self {
        let home = tempfile::tempdir().unwrap();
        let (private, login) = key();
        let file = home.path().join("login");
        crate::files::replace(&file, private.as_bytes()).unwrap();
        let folder = home.path().join("machines");
        Self {
            maker: Qemu::new(QemuOptions {
                images: Some(images),
                folder,
            }),
            home,
            login,
            host: key(),
        }
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.home.path().join("machines")
    }

    /// A machine of its own address; `change` says what is special about it.
    pub(super) async fn machine(&self, change: impl FnOnce(&mut Spec)) -> Arc<dyn Machine> {
        let mut spec = spec();
        spec.ipv4 = Ipv4Addr::new(127, fastrand::u8(60..250), fastrand::u8(..), 9);
        spec.ssh_port = 20_000 + fastrand::u16(..9000);
        change(&mut spec);
        self.maker.make(spec).await.unwrap()
    }

    /// The vendor's image with a host key that is known beforehand.
    pub(super) fn image(&self, user: Option<&str>) -> Image {
        let private = serde_json::to_string(&self.host.0).unwrap();
        let public = &self.host.1;
        Image {
            os: "debian".into(),
            version: "13".into(),
            user_data: Some(format!(
                "#cloud-config\nssh_keys:\n  ed25519_private: {private}\n  ed25519_public: {public}\n"
            )),
            authorized_keys: vec![self.login.clone()],
            user: user.map(str::to_owned),
        }
    }

    pub(super) fn rescue(&self, disk_gib: Option<u64>) -> Boot {
        Boot::Rescue {
            authorized_keys: vec![self.login.clone()],
            password: None,
            system: RescueSystem {
                disk_gib,
                ..RescueSystem::default()
            },
        }
    }

    /// A command by SSH, once; with a known host key only that one is taken.
    pub(super) async fn once(
        &self,
        machine: &dyn Machine,
        user: &str,
        known: Option<&str>,
        command: &str,
    ) -> Result<String, String> {
        let spec = machine.spec();
        let file = self.home.path().join("known");
        let line = known.map(|key| format!("[{}]:{} {key}\n", spec.ipv4, spec.ssh_port));
        std::fs::write(&file, line.unwrap_or_default()).unwrap();
        let mut ssh = Command::new("ssh");
        ssh.args([
            "-F",
            "none",
            "-o",
            "BatchMode=yes",
            "-o",
            "ConnectTimeout=10",
        ])
        .arg("-o")
        .arg(match known {
            Some(_) => "StrictHostKeyChecking=yes",
            None => "StrictHostKeyChecking=no",
        })
        .arg("-o")
        .arg(format!("UserKnownHostsFile={}", file.display()))
        .args(["-o", "IdentitiesOnly=yes", "-i"])
        .arg(self.home.path().join("login"))
        .args(["-p", &spec.ssh_port.to_string()])
        .arg(format!("{user}@{}", spec.ipv4))
        .arg(command)
        .env_remove("SSH_AUTH_SOCK")
        .stdin(Stdio::null())
        .kill_on_drop(true);
        let output = timeout(Duration::from_secs(60), ssh.output())
            .await
            .map_err(|_| "ssh hangs".to_owned())?
            .unwrap();
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// The same, as soon as it answers, to another boot than the one that is named.
    pub(super) async fn after(
        &self,
        machine: &dyn Machine,
        user: &str,
        known: Option<&str>,
        before: &str,
    ) -> String {
        let until = Instant::now() + BOOT;
        loop {
            let command = "cat /proc/sys/kernel/random/boot_id";
            let said = self.once(machine, user, known, command).await;
            match said {
                Ok(boot) if boot != before => return boot,
                other if Instant::now() > until => {
                    let console = machine.console().await.join("\n");
                    panic!("it does not come up: {other:?}\n{console}");
                }
                _ => tokio::time::sleep(PACE).await,
            }
        }
    }
}

/// A private and a public key.
pub(super) fn key() -> (String, String) {
    let seed = std::array::from_fn(|_| fastrand::u8(..));
    let pair = KeypairData::from(Ed25519Keypair::from_seed(&seed));
    let key = PrivateKey::new(pair, "test").unwrap();
    let public = key.public_key().to_openssh().unwrap();
    (key.to_openssh(LineEnding::LF).unwrap().to_string(), public)
}

pub(super) fn process(lab: &Lab, id: &str) -> Option<Process> {
    let folder = lab.folder().canonicalize().unwrap();
    Process::of_file(&folder.join(id).join("qemu.pid"))
}

pub(super) async fn console_says(machine: &dyn Machine, words: &str) {
    let until = Instant::now() + BOOT;
    loop {
        let lines = machine.console().await;
        if lines.iter().any(|line| line.contains(words)) {
            return;
        }
        assert!(Instant::now() < until, "{lines:#?}");
        tokio::time::sleep(PACE).await;
    }
}

/// One guest at a time: a small computer has no room for more.
pub(super) static ROOM: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
