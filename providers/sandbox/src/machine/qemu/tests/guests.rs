//! Real guests: they boot, reboot, and are found again.

use super::{images, spec};
use crate::images::Images;
use crate::machine::qemu::process::Process;
use crate::machine::qemu::{Qemu, QemuOptions, stop, sweep};
use crate::machine::{
    Board, Boot, DiskBus, Faults, Firmware, Image, Machine, Maker, RescueSystem, Spec, SshFault,
};
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
const BOOT: Duration = Duration::from_secs(300);
const PACE: Duration = Duration::from_millis(300);

/// A folder with machines, a login key and a host key.
struct Lab {
    home: tempfile::TempDir,
    maker: Qemu,
    login: String,
    host: (String, String),
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
    fn new(images: Images) -> Self {
        let home = tempfile::tempdir().unwrap();
        let (private, login) = key();
        let file = home.path().join("login");
        crate::files::replace(&file, private.as_bytes()).unwrap();
        let folder = home.path().join("machines");
        Self {
            maker: Qemu::new(QemuOptions { images, folder }),
            home,
            login,
            host: key(),
        }
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("machines")
    }

    /// A machine of its own address; `change` says what is special about it.
    async fn machine(&self, change: impl FnOnce(&mut Spec)) -> Arc<dyn Machine> {
        let mut spec = spec();
        spec.ipv4 = Ipv4Addr::new(127, fastrand::u8(60..250), fastrand::u8(..), 9);
        spec.ssh_port = 20_000 + fastrand::u16(..9000);
        change(&mut spec);
        self.maker.make(spec).await.unwrap()
    }

    /// The vendor's image with a host key that is known beforehand.
    fn image(&self, user: Option<&str>) -> Image {
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

    fn rescue(&self, disk_gib: Option<u64>) -> Boot {
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
    async fn once(
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
    async fn after(
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
fn key() -> (String, String) {
    let seed = std::array::from_fn(|_| fastrand::u8(..));
    let pair = KeypairData::from(Ed25519Keypair::from_seed(&seed));
    let key = PrivateKey::new(pair, "test").unwrap();
    let public = key.public_key().to_openssh().unwrap();
    (key.to_openssh(LineEnding::LF).unwrap().to_string(), public)
}

fn process(lab: &Lab, id: &str) -> Option<Process> {
    let folder = lab.folder().canonicalize().unwrap();
    Process::of_file(&folder.join(id).join("qemu.pid"))
}

async fn console_says(machine: &dyn Machine, words: &str) {
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
static ROOM: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

const BY_PATH: &str = "ls -l /dev/disk/by-path | awk '{print $9, $11}'";

async fn a_life(firmware: Firmware) {
    let Some(images) = images() else { return };
    let _room = ROOM.lock().await;
    let lab = Lab::new(images);
    let machine = lab.machine(|spec| spec.firmware = firmware).await;
    let id = machine.spec().id.clone();
    assert!(!machine.is_on().await);
    machine.write_image(lab.image(None)).await.unwrap();
    machine.power_on(Boot::Disk).await.unwrap();
    let known = lab.host.1.clone();
    let known = Some(known.as_str());
    let first = lab.after(&*machine, "root", known, "").await;
    let run = async |command: &str| {
        let said = lab.once(&*machine, "root", known, command).await;
        said.unwrap_or_else(|error| panic!("{command}: {error}"))
    };
    let efi = run("test -d /sys/firmware/efi && echo uefi || echo bios").await;
    assert_eq!(efi == "uefi", firmware == Firmware::Uefi);
    assert_eq!(run("hostname").await, "web-1");
    assert_eq!(run("cat /sys/class/dmi/id/sys_vendor").await, "Hetzner");
    assert_eq!(
        run("lsblk -dnbo SIZE /dev/sda").await,
        (8_u64 << 30).to_string()
    );
    assert_eq!(
        run("readlink -f /dev/disk/by-path/*scsi-0:0:1:0").await,
        "/dev/sda"
    );
    // nothing that could be read by anybody else
    let told = run("find /sys/firmware/qemu_fw_cfg/by_name/opt -type f -perm /044 -name raw").await;
    assert_eq!(told, "");

    // in place: the same process
    let before = process(&lab, &id).unwrap();
    drop(lab.once(&*machine, "root", known, "systemctl reboot").await);
    let second = lab.after(&*machine, "root", known, &first).await;
    assert_eq!(process(&lab, &id), Some(before));

    // armed: another boot, once
    machine.arm(Some(lab.rescue(None))).await;
    drop(lab.once(&*machine, "root", known, "systemctl reboot").await);
    let rescued = lab.after(&*machine, "root", None, &second).await;
    assert!(!machine.armed().await);
    assert_ne!(process(&lab, &id), Some(before));
    let said = lab.once(
        &*machine,
        "root",
        None,
        "hostname; readlink -f /dev/disk/by-path/*scsi-0:0:1:0",
    );
    assert_eq!(said.await.unwrap(), "rescue\n/dev/sda");

    // whoever opens the world next takes charge of the guest that runs
    let snapshot = machine.snapshot().await;
    let runs = process(&lab, &id);
    drop(machine);
    let machine = lab.maker.restore(snapshot).await.unwrap();
    assert!(machine.is_on().await);
    assert_eq!(process(&lab, &id), runs);
    let same = lab.once(
        &*machine,
        "root",
        None,
        "cat /proc/sys/kernel/random/boot_id",
    );
    assert_eq!(same.await.unwrap(), rescued);
    drop(lab.once(&*machine, "root", None, "systemctl reboot").await);
    let third = lab.after(&*machine, "root", known, &rescued).await;

    // a power failure while nobody looks
    let snapshot = machine.snapshot().await;
    drop(machine);
    assert_eq!(stop(&lab.folder()).await.len(), 1);
    assert_eq!(process(&lab, &id), None);
    let machine = lab.maker.restore(snapshot).await.unwrap();
    assert!(machine.is_on().await);
    lab.after(&*machine, "root", known, &third).await;
    machine.shutdown().await.unwrap();
    let until = Instant::now() + BOOT;
    while machine.is_on().await {
        assert!(Instant::now() < until, "{:#?}", machine.console().await);
        tokio::time::sleep(PACE).await;
    }
    assert_eq!(process(&lab, &id), None);
    machine.destroy().await.unwrap();
    assert!(sweep(&lab.folder(), &[]).await.is_empty());
    assert_eq!(std::fs::read_dir(lab.folder()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts guests"]
async fn a_life_with_bios() {
    a_life(Firmware::Bios).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts guests"]
async fn a_life_with_uefi() {
    a_life(Firmware::Uefi).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts guests"]
async fn volumes_come_first_or_last_and_go_while_it_runs() {
    let Some(images) = images() else { return };
    let _room = ROOM.lock().await;
    let lab = Lab::new(images);
    let machine = lab.machine(|_| {}).await;
    machine.attach_volume("101", 10, true).await.unwrap();
    machine.power_on(lab.rescue(None)).await.unwrap();
    lab.after(&*machine, "root", None, "").await;
    let run = async |command: &str| {
        let said = lab.once(&*machine, "root", None, command).await;
        said.unwrap_or_else(|error| panic!("{command}: {error}"))
    };
    let names = "lsblk -dno NAME,SERIAL,VENDOR,MODEL,FSTYPE /dev/sd?";
    let said = run(names).await;
    let lines: Vec<&str> = said.lines().collect();
    assert!(
        lines[0].starts_with("sda") && lines[0].contains("101"),
        "{said}"
    );
    assert!(
        lines[0].contains("HC") && lines[0].contains("ext4"),
        "{said}"
    );
    assert!(
        lines[1].starts_with("sdb") && lines[1].contains("QEMU"),
        "{said}"
    );
    let link = "readlink -f /dev/disk/by-id/scsi-0HC_Volume_";
    assert_eq!(run(&format!("{link}101")).await, "/dev/sda");
    assert_eq!(
        run("readlink -f /dev/disk/by-path/*-scsi-0:0:1:0").await,
        "/dev/sdb"
    );

    machine.attach_volume("102", 10, false).await.unwrap();
    let there = format!(
        "for i in $(seq 50); do [ -e {}102 ] && break; sleep .2; done; {link}102",
        &link[12..]
    );
    assert_eq!(run(&there).await, "/dev/sdc");
    run("mount /dev/sdc /mnt && echo kept > /mnt/file && umount /mnt").await;
    machine.detach_volume("102").await.unwrap();
    let gone = "for i in $(seq 50); do [ -e /dev/sdc ] || break; sleep .2; done; ls /dev/sd?";
    assert_eq!(run(gone).await, "/dev/sda\n/dev/sdb");
    assert!(machine.detach_volume("102").await.is_err());
    machine.attach_volume("102", 10, false).await.unwrap();
    run(&there).await;
    assert_eq!(run("mount /dev/sdc /mnt && cat /mnt/file").await, "kept");
    machine.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts guests"]
async fn each_bus_has_its_names() {
    let Some(images) = images() else { return };
    let _room = ROOM.lock().await;
    let lab = Lab::new(images);
    for (board, bus, disk, path) in [
        (
            Board::HetznerCloud,
            Some(DiskBus::Nvme),
            "nvme0n1",
            "pci-0000:00:08.0-nvme-1",
        ),
        (
            Board::OpenStack,
            Some(DiskBus::Virtio),
            "vda",
            "pci-0000:00:08.0",
        ),
        (
            Board::OpenStack,
            None,
            "sda",
            "pci-0000:00:05.0-scsi-0:0:1:0",
        ),
        (Board::Metal, None, "sda", "pci-0000:00:17.0-ata-1"),
    ] {
        let machine = lab
            .machine(|spec| {
                spec.platform.board = board;
                spec.platform.disks = bus;
                spec.platform.more_disks_gib = vec![3];
            })
            .await;
        machine.power_on(lab.rescue(None)).await.unwrap();
        lab.after(&*machine, "root", None, "").await;
        let said = lab.once(&*machine, "root", None, BY_PATH).await.unwrap();
        let has = said
            .lines()
            .any(|line| line == format!("{path} ../../{disk}"));
        assert!(has, "{disk}: {said}");
        machine.destroy().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts guests"]
async fn a_rescue_disk_is_the_first_and_the_own_disk_keeps_its_path() {
    let Some(images) = images() else { return };
    let _room = ROOM.lock().await;
    let lab = Lab::new(images);
    let machine = lab
        .machine(|spec| spec.platform.board = Board::OpenStack)
        .await;
    machine
        .write_image(lab.image(Some("debian")))
        .await
        .unwrap();
    machine.power_on(lab.rescue(Some(3))).await.unwrap();
    lab.after(&*machine, "root", None, "").await;
    let said = lab.once(&*machine, "root", None, BY_PATH).await.unwrap();
    let has = |line: &str| said.lines().any(|found| found == line);
    assert!(has("pci-0000:00:04.0-scsi-0:0:0:0 ../../sda"), "{said}");
    assert!(has("pci-0000:00:05.0-scsi-0:0:1:0 ../../sdb"), "{said}");
    let root = lab
        .once(
            &*machine,
            "root",
            None,
            "findmnt -no SOURCE / && touch /kept",
        )
        .await;
    assert!(root.unwrap().starts_with("/dev/sda"));
    machine.power_off().await.unwrap();

    machine.power_on(Boot::Disk).await.unwrap();
    let known = lab.host.1.clone();
    lab.after(&*machine, "debian", Some(&known), "").await;
    let said = lab
        .once(&*machine, "debian", Some(&known), BY_PATH)
        .await
        .unwrap();
    assert!(
        said.contains("pci-0000:00:05.0-scsi-0:0:1:0 ../../sda"),
        "{said}"
    );
    let root = lab.once(&*machine, "root", Some(&known), "id -u").await;
    assert!(root.is_err() || root.unwrap() != "0", "root is sent away");
    machine.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts guests"]
async fn a_chained_loader_is_started_and_one_that_is_not_there_is_not() {
    let Some(images) = images() else { return };
    let _room = ROOM.lock().await;
    let lab = Lab::new(images);
    let machine = lab.machine(|spec| spec.firmware = Firmware::Uefi).await;
    machine.write_image(lab.image(None)).await.unwrap();
    let chain = |loader: &str| Boot::Chain {
        loader: loader.to_owned(),
    };
    let known = lab.host.1.clone();
    machine
        .power_on(chain(r"\efi\debian\grubx64.efi"))
        .await
        .unwrap();
    lab.after(&*machine, "root", Some(&known), "").await;
    machine.power_off().await.unwrap();
    machine
        .power_on(chain(r"\efi\none\grubx64.efi"))
        .await
        .unwrap();
    console_says(&*machine, "efi/none/grubx64.efi").await;
    machine.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts guests"]
async fn nothing_to_boot_is_said_on_the_console() {
    let Some(images) = images() else { return };
    let _room = ROOM.lock().await;
    let lab = Lab::new(images);
    for (firmware, words) in [
        (Firmware::Bios, "No bootable device"),
        (Firmware::Uefi, "BdsDxe: failed to load Boot"),
    ] {
        let machine = lab.machine(|spec| spec.firmware = firmware).await;
        machine.power_on(Boot::Disk).await.unwrap();
        console_says(&*machine, words).await;
        machine.shutdown().await.unwrap();
        assert!(machine.is_on().await, "nobody listens to the button");
        let windows = Boot::Rescue {
            authorized_keys: Vec::new(),
            password: None,
            system: RescueSystem {
                linux: false,
                ..RescueSystem::default()
            },
        };
        machine.power_off().await.unwrap();
        machine.power_on(windows).await.unwrap();
        console_says(&*machine, "Windows PE").await;
        machine.destroy().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts guests"]
async fn faults_of_its_port_come_and_go() {
    let Some(images) = images() else { return };
    let _room = ROOM.lock().await;
    let lab = Lab::new(images);
    let machine = lab.machine(|_| {}).await;
    machine.write_image(lab.image(None)).await.unwrap();
    machine.power_on(Boot::Disk).await.unwrap();
    let known = lab.host.1.clone();
    let known = Some(known.as_str());
    let boot = lab.after(&*machine, "root", known, "").await;
    let faulty = |ssh| Faults {
        ssh,
        ..Faults::default()
    };
    for (fault, words) in [
        (SshFault::Refuse, "refused"),
        (SshFault::Close, "closed"),
        (SshFault::Impostor, "verification failed"),
        (SshFault::Password, "Permission denied"),
        (SshFault::Hang, "timed out"),
    ] {
        machine.misbehave(faulty(Some(fault))).await.unwrap();
        let error = lab
            .once(&*machine, "root", known, "true")
            .await
            .unwrap_err();
        assert!(error.contains(words), "{fault:?}: {error}");
    }
    // a fault outlives the process
    let snapshot = machine.snapshot().await;
    drop(machine);
    let machine = lab.maker.restore(snapshot).await.unwrap();
    machine
        .misbehave(faulty(Some(SshFault::Refuse)))
        .await
        .unwrap();
    assert!(lab.once(&*machine, "root", known, "true").await.is_err());
    machine.misbehave(faulty(None)).await.unwrap();
    let command = "cat /proc/sys/kernel/random/boot_id";
    assert_eq!(
        lab.once(&*machine, "root", known, command).await.unwrap(),
        boot
    );

    let lost = Faults {
        no_return: true,
        ..Faults::default()
    };
    machine.misbehave(lost).await.unwrap();
    drop(lab.once(&*machine, "root", known, "systemctl reboot").await);
    console_says(&*machine, "does not come back").await;
    assert!(machine.is_on().await);
    let error = lab
        .once(&*machine, "root", known, "true")
        .await
        .unwrap_err();
    assert!(error.contains("refused"), "{error}");
    machine.destroy().await.unwrap();
}
