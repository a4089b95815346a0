//! Emulated machines and the system's own `ssh` against them.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod install;

use provision_sandbox::machine::emulated::{Emulated, EmulatedOptions};
use provision_sandbox::machine::{
    Boot, Firmware, Image, Machine, Maker, Platform, RescueSystem, Spec,
};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// The port of all machines.
pub(crate) const PORT: u16 = 22022;
/// No wait in a test is longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

static NEXT: AtomicU32 = AtomicU32::new(1);

/// A folder with a login key, and a maker of machines.
pub(crate) struct Lab {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) maker: Emulated,
    pub(crate) public: String,
}

/// What a child said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self::with(EmulatedOptions::default())
    }

    pub(crate) fn with(options: EmulatedOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let public = keygen(&folder.path().join("key"), "me");
        Self {
            folder,
            maker: Emulated::new(options),
            public,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A fresh key pair in the folder; its public line.
    pub(crate) fn key(&self, name: &str) -> String {
        keygen(&self.path(name), name)
    }

    /// A machine that is off, its disk empty.
    pub(crate) async fn machine(&self, firmware: Firmware) -> Arc<dyn Machine> {
        self.maker.make(spec(firmware)).await.unwrap()
    }

    /// A machine with the stock image, on.
    pub(crate) async fn stock(
        &self,
        firmware: Firmware,
        user_data: Option<String>,
    ) -> Arc<dyn Machine> {
        let machine = self.machine(firmware).await;
        machine.write_image(self.image(user_data)).await.unwrap();
        machine.power_on(Boot::Disk).await.unwrap();
        machine
    }

    pub(crate) fn image(&self, user_data: Option<String>) -> Image {
        Image {
            os: "debian".into(),
            version: "12".into(),
            user_data,
            authorized_keys: vec![self.public.clone()],
            user: None,
        }
    }

    pub(crate) fn rescue(&self) -> Boot {
        Boot::Rescue {
            authorized_keys: vec![self.public.clone()],
            password: None,
            system: RescueSystem::default(),
        }
    }

    /// The ssh client with the lab's key and no trust but the given options.
    pub(crate) fn client(
        &self,
        spec: &Spec,
        user: &str,
        options: &[&str],
    ) -> tokio::process::Command {
        let mut command = tokio::process::Command::new("ssh");
        command.args(["-F", "none", "-o", "IdentitiesOnly=yes", "-i"]);
        command.arg(self.path("key"));
        for option in options {
            command.args(["-o", option]);
        }
        for option in [
            "BatchMode=yes",
            "ConnectTimeout=10",
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "LogLevel=ERROR",
        ] {
            command.args(["-o", option]);
        }
        command.args(["-p", &spec.ssh_port.to_string()]);
        command.arg(format!("{user}@{}", spec.ipv4));
        command
    }

    /// What a command says to someone who has a password and no key.
    pub(crate) async fn with_password(
        &self,
        spec: &Spec,
        password: &str,
        script: &str,
        input: &[u8],
    ) -> Said {
        let helper = self.path("askpass");
        let draft = self.path("askpass.draft");
        std::fs::write(&draft, "#!/bin/sh\nprintf '%s\\n' \"$LAB_PASSWORD\"\n").unwrap();
        // a child of another test may hold what we have written open: then it cannot be run
        let mut copy = std::process::Command::new("install");
        assert!(copy.arg(&draft).arg(&helper).status().unwrap().success());
        let mut command = tokio::process::Command::new("ssh");
        command.args(["-F", "none"]);
        for option in [
            "PubkeyAuthentication=no",
            "NumberOfPasswordPrompts=1",
            "ConnectTimeout=10",
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "LogLevel=ERROR",
        ] {
            command.args(["-o", option]);
        }
        command
            .args(["-p", &spec.ssh_port.to_string()])
            .arg(format!("root@{}", spec.ipv4))
            .arg(script)
            .env("SSH_ASKPASS", helper)
            .env("SSH_ASKPASS_REQUIRE", "force")
            .env("LAB_PASSWORD", password);
        run(command, input).await
    }

    /// Runs a command as a user.
    pub(crate) async fn ssh(&self, machine: &Arc<dyn Machine>, user: &str, script: &str) -> Said {
        self.ssh_with(machine, user, script, &[], b"").await
    }

    /// The same with ssh options that come first, and standard input.
    pub(crate) async fn ssh_with(
        &self,
        machine: &Arc<dyn Machine>,
        user: &str,
        script: &str,
        options: &[&str],
        input: &[u8],
    ) -> Said {
        let mut command = self.client(machine.spec(), user, options);
        command.arg(script);
        run(command, input).await
    }

    /// What root's command says, which must succeed.
    pub(crate) async fn root(&self, machine: &Arc<dyn Machine>, script: &str) -> String {
        let said = self.ssh(machine, "root", script).await;
        assert_eq!(
            said.status,
            0,
            "{script}: {said:?}\n{:#?}",
            machine.console().await
        );
        said.out
    }

    /// The boot id, once the machine answers with another than this one.
    pub(crate) async fn next_boot(
        &self,
        machine: &Arc<dyn Machine>,
        user: &str,
        old: &str,
    ) -> String {
        let wait = async {
            loop {
                let said = self
                    .ssh(machine, user, "cat /proc/sys/kernel/random/boot_id")
                    .await;
                if said.status == 0 && said.out != old {
                    return said.out;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .expect("a new boot")
    }

    /// The host key that answers, as ssh-keyscan sees it (`type base64`).
    pub(crate) async fn host_key(&self, machine: &Arc<dyn Machine>) -> String {
        let mut command = tokio::process::Command::new("ssh-keyscan");
        let spec = machine.spec();
        command.args([
            "-T",
            "10",
            "-t",
            "ed25519",
            "-p",
            &spec.ssh_port.to_string(),
        ]);
        command.arg(spec.ipv4.to_string());
        let said = run(command, b"").await;
        let line = said.out.lines().find(|l| !l.starts_with('#'));
        let line = line.unwrap_or_else(|| panic!("no key: {said:?}"));
        line.split_once(' ').unwrap().1.to_owned()
    }
}

/// A machine of this make with the stock image, on.
pub(crate) async fn make(lab: &Lab, spec: Spec) -> Arc<dyn Machine> {
    let machine = lab.maker.make(spec).await.unwrap();
    machine.write_image(lab.image(None)).await.unwrap();
    machine.power_on(Boot::Disk).await.unwrap();
    machine
}

/// Runs a child with this input, in bounded time.
pub(crate) async fn run(mut command: tokio::process::Command, input: &[u8]) -> Said {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writing = tokio::spawn(async move {
        let _ = stdin.write_all(&input).await;
    });
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output())
        .await
        .expect("the child ends")
        .unwrap();
    writing.abort();
    Said {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Makes a key pair; its public line.
pub(crate) fn keygen(path: &std::path::Path, comment: &str) -> String {
    let status = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f"])
        .arg(path)
        .status()
        .unwrap();
    assert!(status.success());
    let public = std::fs::read_to_string(path.with_extension("pub")).unwrap();
    public.trim().to_owned()
}

/// A machine with an address that no other test has.
pub(crate) fn spec(firmware: Firmware) -> Spec {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let process = std::process::id();
    let octet = |n: u32| u8::try_from(n).unwrap();
    Spec {
        id: format!("lab-{number}"),
        hostname: "web-1".into(),
        ipv4: Ipv4Addr::new(
            127,
            octet(100 + process % 100),
            octet(process / 100 % 200),
            octet(number),
        ),
        ipv6: "2001:db8:1::1".into(),
        ssh_port: PORT,
        arch: "x86_64".into(),
        firmware,
        memory_mib: 4096,
        disk_gib: 40,
        platform: Platform::default(),
    }
}
