//! The flake, written and evaluated. Nix is asked where it is on PATH (Debian's nix-bin is
//! enough), in a store of its own.

use super::*;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use tempfile::TempDir;

const DISK: &str = "/dev/disk/by-path/pci-0000:00:03.0-scsi-0:0:0:0";

fn small(layout: &str) -> Small {
    Small {
        host: "web-1".to_owned(),
        admin: "ada".to_owned(),
        admin_keys: vec!["ssh-ed25519 AAAA it's ada".to_owned()],
        layout: layout.to_owned(),
        disk: DISK.to_owned(),
    }
}

/// A folder with parts that look like the real ones, and the flake in `flake/`.
struct World(TempDir);

impl World {
    fn new(small: &Small, layouts: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let parts = folder.path().join("parts");
        fs::create_dir_all(parts.join("bin")).unwrap();
        fs::create_dir_all(parts.join("usr/bin")).unwrap();
        let busybox = parts.join("bin/busybox");
        fs::write(&busybox, "no program").unwrap();
        fs::set_permissions(&busybox, fs::Permissions::from_mode(0o755)).unwrap();
        let flake = folder.path().join("flake");
        write_from(&flake, &parts, layouts, small).unwrap();
        Self(folder)
    }

    /// With the project's own layouts.
    fn of(layout: &str) -> Self {
        Self::new(&small(layout), &layouts())
    }

    /// With a layout of one disk with these partitions.
    fn cut(partitions: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "{{host, ...}}: {{ disko.devices.disk.main = {{ type = \"disk\"; device = host.disk; \
             content = {{ type = \"gpt\"; partitions = {{ {partitions} }}; }}; }}; }}"
        );
        fs::write(folder.path().join("own.nix"), text).unwrap();
        Self::new(&small("own"), folder.path())
    }

    /// What Nix says of an attribute of the host, or why it says nothing; none without Nix.
    fn eval(&self, attribute: &str, form: &str) -> Option<Result<String, String>> {
        let flake = self.0.path().join("flake");
        let run = Command::new("nix")
            .args(["eval", form, "--store"])
            .arg(self.0.path().join("store"))
            .args(["--extra-experimental-features", "nix-command flakes"])
            .args(["--option", "substituters", ""])
            .arg(format!(
                "path:{}#nixosConfigurations.web-1.{attribute}",
                flake.display()
            ))
            .env("HOME", self.0.path())
            .output();
        let Ok(output) = run else {
            println!("skipped: nix is not on PATH (Debian: apt-get install nix-bin)");
            return None;
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Some(if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        })
    }

    /// The commands of the disko script, without the words that they are made of.
    fn commands(&self) -> Option<Result<Vec<String>, String>> {
        let script = self.eval("config.system.build.diskoScript.script", "--raw")?;
        Some(script.map(|script| {
            let (_, commands) = script.split_once("  umount -R \"$root\"\nfi\n").unwrap();
            let (commands, _) = commands.split_once("findmnt -R").unwrap();
            let one_blank = |l: &str| l.split_whitespace().collect::<Vec<_>>().join(" ");
            let lines = commands.lines().map(one_blank);
            lines
                .map(|line| line.replace(DISK, "DISK"))
                .filter(|line| !line.is_empty() && !line.starts_with("step"))
                .collect()
        }))
    }
}

fn layouts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../hosts/layouts")
}

fn below(folder: &Path, top: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            below(&path, top, found);
        } else {
            let inside = path.strip_prefix(top).unwrap();
            found.insert(inside.display().to_string());
        }
    }
}

#[test]
fn no_file_is_left_out() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("small");
    let mut found = BTreeSet::new();
    below(&top, &top, &mut found);
    let named: BTreeSet<String> = files::ALL.iter().map(|(p, _)| (*p).to_owned()).collect();
    assert_eq!(named, found);
}

#[test]
fn the_scripts_can_be_read_by_a_shell() {
    let is_script = |path: &str| Path::new(path).extension().is_some_and(|e| e == "sh");
    for (path, text) in files::ALL.iter().filter(|(p, _)| is_script(p)) {
        let read = Command::new("sh")
            .args(["-n", "-c", text])
            .output()
            .unwrap();
        assert!(read.status.success(), "{path}: {read:?}");
    }
}

#[test]
fn what_could_be_misread_is_refused() {
    type Change = fn(&mut Small);
    let table: &[(Change, &str)] = &[
        (|s| s.host = "web 1".into(), "the host's name"),
        (|s| s.host = String::new(), "the host's name"),
        (|s| s.admin = "a:b".into(), "the admin user's name"),
        (|s| s.layout = "../x".into(), "the layout's name"),
        (|s| s.disk = "/dev/sda; true".into(), "the disk"),
        (|s| s.disk = "sda".into(), "the disk"),
        (|s| s.admin_keys.push("a\nb".into()), "more than one line"),
        (|s| s.layout = "lvm".into(), "there is no layout \"lvm\""),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (change, expected) in table {
        let mut small = small("uefi");
        change(&mut small);
        let why = write_from(folder.path(), folder.path(), &layouts(), &small).unwrap_err();
        assert!(why.to_string().contains(expected), "{why}");
    }
    // and so are images that are not whole
    let why = write_from(folder.path(), folder.path(), &layouts(), &small("uefi")).unwrap_err();
    assert!(why.to_string().contains("build the images again"), "{why}");
}

/// The root partition's number, its type and how the others come before it.
const ROOT: &str = "subvolumes \"$(node 'DISK' N)\" '/home' '/log' '/nix' '/root'";
const MOUNTS: [&str; 4] = [
    "attach 'DISK' 'N' 'btrfs' 'compress=zstd,noatime,subvol=/root' '/'",
    "attach 'DISK' 'N' 'btrfs' 'compress=zstd,noatime,subvol=/home' '/home'",
    "attach 'DISK' 'N' 'btrfs' 'compress=zstd,noatime,subvol=/nix' '/nix'",
    "attach 'DISK' 'N' 'btrfs' 'compress=zstd,noatime,subvol=/log' '/var/log'",
];

#[test]
fn the_projects_layouts_become_commands() {
    let bios = "'--new=1:0:+1M' '--change-name=1:disk-main-bios' '--typecode=1:EF02'";
    let esp = "'--new=N:0:+512M' '--change-name=N:disk-main-ESP' '--typecode=N:EF00'";
    let root = "'--new=N:0:-0' '--change-name=N:disk-main-root' '--typecode=N:8300'";
    let table: &[(&str, &[&str], Option<&str>)] = &[
        ("uefi", &[esp, root], Some("1")),
        ("bios", &[bios, root], None),
        ("hybrid", &[bios, esp, root], Some("2")),
    ];
    for (layout, partitions, esp_at) in table {
        let Some(commands) = World::of(layout).commands() else {
            return;
        };
        let count = partitions.len().to_string();
        let numbered: Vec<String> = (1..)
            .zip(*partitions)
            .map(|(n, p)| p.replace('N', &n.to_string()))
            .collect();
        let mut expected = vec![
            "need 'DISK'".to_owned(),
            "wipe 'DISK'".to_owned(),
            format!(
                "sgdisk --align-end {} 'DISK' >/dev/null",
                numbered.join(" ")
            ),
            format!("settle 'DISK' {count}"),
        ];
        let mut mounts: Vec<String> = MOUNTS.map(|m| m.replace('N', &count)).to_vec();
        if let Some(at) = esp_at {
            expected.push(format!("mkfs.vfat \"$(node 'DISK' {at})\""));
            mounts.insert(
                1,
                format!("attach 'DISK' '{at}' 'vfat' 'umask=0077' '/boot'"),
            );
        }
        expected.push(format!("mkfs.btrfs -f '-f' \"$(node 'DISK' {count})\""));
        expected.push(ROOT.replace('N', &count));
        expected.extend(mounts);
        assert_eq!(commands.unwrap(), expected, "{layout}");
    }
}

#[test]
fn grub_goes_where_nixos_puts_it() {
    let table = [
        ("uefi", r#"["nodev",true]"#.to_owned()),
        ("bios", format!(r#"["{DISK}",false]"#)),
        ("hybrid", format!(r#"["{DISK}",true]"#)),
    ];
    for (layout, expected) in table {
        let Some(grub) = World::of(layout).eval("config.boot.loader.grub", "--json") else {
            return;
        };
        let grub: serde_json::Value = serde_json::from_str(&grub.unwrap()).unwrap();
        let seen = json!([grub["devices"][0], grub["efiSupport"]]);
        assert_eq!(seen.to_string(), expected, "{layout}");
    }
}

#[test]
fn other_layouts_are_cut_or_refused() {
    let root = "size = \"100%\"; content = { type = \"filesystem\"; format = \"ext4\"; mountpoint = \"/\"; };";
    let bios = "z = { size = \"1M\"; type = \"EF02\"; };";
    let plain = World::cut(&format!("{bios} a = {{ {root} }};"));
    let Some(commands) = plain.commands() else {
        return;
    };
    let commands = commands.unwrap();
    assert!(commands[2].contains("'--typecode=1:EF02'"), "{commands:?}");
    assert!(commands.contains(&"mkfs.ext4 -q -F \"$(node 'DISK' 2)\"".to_owned()));
    assert_eq!(
        commands.last().unwrap(),
        "attach 'DISK' '2' 'ext4' 'defaults' '/'"
    );
    let table = [
        (
            "a = { size = \"1G\"; content.type = \"swap\"; };",
            "content.type = \"swap\"; it knows btrfs, filesystem",
        ),
        (
            "a = { size = \"1G\"; hybrid = {}; };",
            "partitions.a.hybrid",
        ),
        (
            "a = { start = \"1M\"; size = \"1G\"; };",
            "partitions.a.start",
        ),
        ("a = { };", "partitions.a without a size"),
        (
            "a = { size = \"100%\"; content = { type = \"filesystem\"; format = \"xfs\"; mountpoint = \"/\"; }; };",
            "format = \"xfs\"",
        ),
        (
            "a = { size = \"100%\"; content = { type = \"btrfs\"; swap = {}; }; };",
            "content.swap",
        ),
    ];
    for (partitions, expected) in table {
        let why = World::cut(partitions).commands().unwrap().unwrap_err();
        assert!(why.contains(expected), "{partitions}: {why}");
    }
}

#[test]
fn what_nixos_anywhere_asks_for_is_answered() {
    let world = World::of("hybrid");
    let table = [
        ("config.pkgs.system", "x86_64-linux"),
        ("config.networking.hostName", "web-1"),
        (
            "config.users.users.ada.openssh.authorizedKeys.keys",
            "[\"ssh-ed25519 AAAA it's ada\"]",
        ),
        ("config.nix.settings.substituters", "[]"),
        ("config.nix.settings.trusted-public-keys", "[]"),
        (
            "config.system.build.toplevel.name",
            "nixos-system-web-1-small",
        ),
    ];
    for (attribute, expected) in table {
        let form = if expected.starts_with('[') {
            "--json"
        } else {
            "--raw"
        };
        let Some(answer) = world.eval(attribute, form) else {
            return;
        };
        assert_eq!(answer.unwrap().trim(), expected, "{attribute}");
    }
}
