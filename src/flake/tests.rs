//! Flakes in temporary folders, with and without git.

use super::*;
use crate::facts::tests::facts;
use crate::host::Layout;
use std::os::unix::fs::symlink;
use std::process::Command;
use tempfile::TempDir;

const ADMIN: &str = include_str!("../../fixtures/keys/admin.pub");
const OTHER: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGxeBoRkInh8FTKQeZ5Lh40Oa4Ypt3rl7E4tepXlh31P ada";

fn put(root: &Path, name: &str, text: &str) {
    let file = root.join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "flake.nix", "{ outputs = _: { }; }");
    for host in ["web-2", "web-1"] {
        let file = format!("hosts/servers/{host}/host.toml");
        put(folder.path(), &file, "provider = \"hetzner\"");
    }
    folder
}

fn git(folder: &Path, args: &[&str]) -> String {
    let out = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=a", "-c", "user.email=a@b.example"])
        .args(args)
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stdout).unwrap()
}

fn name(name: &str) -> HostName {
    name.parse().unwrap()
}

fn error<T>(result: Result<T, impl std::fmt::Display>) -> String {
    result.map(drop).unwrap_err().to_string()
}

#[test]
fn hosts_are_found_from_the_folders() {
    let folder = folder();
    put(folder.path(), "hosts/servers/README.md", "");
    put(folder.path(), "hosts/servers/not-a-host/notes.txt", "");
    let flake = Flake::open(folder.path()).unwrap();
    assert_eq!(flake.host_names().unwrap(), [name("web-1"), name("web-2")]);
    assert_eq!(flake.hosts().unwrap().len(), 2);
    put(
        folder.path(),
        "hosts/servers/web-2/host.toml",
        "provider = 1",
    );
    assert!(error(flake.hosts()).contains("web-2/host.toml:1: "));
    assert_eq!(flake.host(&name("web-1")).unwrap().name, name("web-1"));
    let missing = error(flake.host(&name("web-3")));
    assert!(missing.contains("the flake has web-1, web-2"), "{missing}");
    put(folder.path(), "hosts/servers/Web/host.toml", "");
    assert!(error(flake.host_names()).contains("rename the folder"));
}

#[test]
fn what_is_no_flake_is_told() {
    let folder = tempfile::tempdir().unwrap();
    assert!(error(Flake::open(&folder.path().join("x"))).starts_with("cannot read"));
    assert!(error(Flake::open(folder.path())).contains("has no flake.nix"));
    put(folder.path(), "flake.nix", "{ }");
    assert!(error(Flake::open(folder.path())).contains("has no hosts"));
}

#[test]
fn admin_keys_are_read_and_weighed() {
    let folder = folder();
    let flake = Flake::open(folder.path()).unwrap();
    let keys = flake.admin_keys().unwrap();
    assert!(error(keys.fit_for_a_real_cloud()).contains("nobody could log in"));
    put(folder.path(), "hosts/keys/README.md", "no key");
    put(
        folder.path(),
        "hosts/keys/ada.pub",
        &format!("# mine\n\n{OTHER}\n"),
    );
    let keys = flake.admin_keys().unwrap();
    assert_eq!(keys.lines(), [OTHER]);
    keys.fit_for_a_real_cloud().unwrap();
    put(folder.path(), "hosts/keys/test.pub", ADMIN);
    let keys = flake.admin_keys().unwrap();
    assert_eq!(
        keys.0.iter().map(|k| k.fixture).collect::<Vec<_>>(),
        [false, true]
    );
    assert!(error(keys.fit_for_a_real_cloud()).contains("test.pub is a test key"));
    put(folder.path(), "hosts/keys/bad.pub", "\nssh-ed25519 AAAA");
    assert!(error(flake.admin_keys()).contains("bad.pub:2: "));
    fs::remove_file(folder.path().join("hosts/keys/bad.pub")).unwrap();
    let private = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n";
    put(folder.path(), "hosts/keys/id_ed25519", private);
    let refused = error(flake.admin_keys());
    assert!(
        refused.contains("is a private key") && !refused.contains("b3Bl"),
        "{refused}"
    );
}

fn tree(root: &Path) -> Vec<String> {
    let out = Command::new("find")
        .arg(root)
        .args(["-not", "-type", "d", "-printf", "%P\n"])
        .output();
    let text = String::from_utf8(out.unwrap().stdout).unwrap();
    let mut names: Vec<String> = text.lines().map(str::to_owned).collect();
    names.sort();
    names
}

#[test]
fn a_copy_has_what_git_has_or_would_have() {
    let folder = folder();
    let root = folder.path();
    for (file, text) in [
        (".gitignore", "*.log\n/target\n"),
        ("a.log", ""),
        ("target/x", ""),
        ("new file", ""),
    ] {
        put(root, file, text);
    }
    symlink("flake.nix", root.join("link")).unwrap();
    symlink("/nowhere", root.join("dangling")).unwrap();
    let to = tempfile::tempdir().unwrap();
    Flake::open(root)
        .unwrap()
        .copy_to(&to.path().join("plain"))
        .unwrap();
    let plain = tree(&to.path().join("plain"));
    assert!(
        plain.contains(&"a.log".into()) && !plain.contains(&"target/x".into()),
        "{plain:?}"
    );

    git(root, &["init", "-q"]);
    put(root, "gone", "");
    git(root, &["add", "gone", "flake.nix"]);
    fs::remove_file(root.join("gone")).unwrap();
    let flake = Flake::open(root).unwrap();
    let copy = to.path().join("git");
    flake.copy_to(&copy).unwrap();
    let host = |n| format!("hosts/servers/{n}/host.toml");
    let want = [
        ".gitignore",
        "dangling",
        "flake.nix",
        &host("web-1"),
        &host("web-2"),
        "link",
        "new file",
    ];
    assert_eq!(tree(&copy), want);
    assert_eq!(
        fs::read_link(copy.join("link")).unwrap(),
        Path::new("flake.nix")
    );
    flake.copy_to(&copy).unwrap();
    let again = Flake::open(&copy).unwrap();
    assert_eq!(again.source_hash().unwrap(), flake.source_hash().unwrap());
}

#[test]
fn a_copy_inside_the_flake_does_not_hold_itself() {
    let folder = folder();
    let flake = Flake::open(folder.path()).unwrap();
    let copy = flake.root().join("runs/1");
    flake.copy_to(&copy).unwrap();
    flake.copy_to(&copy).unwrap();
    assert!(!copy.join("runs").exists());
}

#[test]
fn the_hash_knows_names_content_and_modes() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let flake = Flake::open(folder.path()).unwrap();
    let mut seen = vec![flake.source_hash().unwrap()];
    assert_eq!(seen[0].len(), 64);
    let file = folder.path().join("x");
    let steps: [&dyn Fn(); 4] = [
        &|| fs::write(&file, "a").unwrap(),
        &|| fs::write(&file, "b").unwrap(),
        &|| fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap(),
        &|| fs::rename(&file, folder.path().join("y")).unwrap(),
    ];
    for step in steps {
        step();
        let hash = flake.source_hash().unwrap();
        assert!(!seen.contains(&hash));
        seen.push(hash);
    }
}

#[test]
fn facts_are_shown_to_nix_and_not_staged() {
    let folder = folder();
    let root = folder.path();
    let file = "hosts/servers/web-1/facts.json";
    let one = facts("1", Layout::Bios);
    let plain = Flake::open(root).unwrap();
    assert!(plain.write_facts(&name("web-1"), &one).unwrap());
    assert!(!plain.write_facts(&name("web-1"), &one).unwrap());
    assert_eq!(
        plain.reference(),
        format!("path:{}", plain.root().display())
    );

    fs::remove_file(root.join(file)).unwrap();
    git(root, &["init", "-q"]);
    git(root, &["add", "."]);
    git(root, &["commit", "-qm", "a"]);
    let flake = Flake::open(root).unwrap();
    assert!(flake.write_facts(&name("web-1"), &one).unwrap());
    assert_eq!(
        git(root, &["status", "--porcelain"]),
        format!(" A {file}\n")
    );
    assert!(flake.unseen(&name("web-1")).unwrap().is_empty());
    assert!(!flake.write_facts(&name("web-1"), &one).unwrap());
    assert_eq!(flake.host(&name("web-1")).unwrap().facts, Some(one));
    put(root, "hosts/servers/web-2/disko.nix", "{ }");
    assert_eq!(
        flake.unseen(&name("web-2")).unwrap(),
        [Path::new("disko.nix")]
    );
    put(root, ".gitignore", "facts.json\n");
    let refused = error(flake.write_facts(&name("web-2"), &facts("2", Layout::Bios)));
    assert!(refused.contains("take it out of .gitignore"), "{refused}");
}

#[test]
fn many_hosts_facts_can_be_written_at_once() {
    let folder = folder();
    let root = folder.path();
    for number in 0..8 {
        put(
            root,
            &format!("hosts/servers/h{number}/host.toml"),
            "provider = \"a\"",
        );
    }
    git(root, &["init", "-q"]);
    git(root, &["add", "."]);
    let flake = Flake::open(root).unwrap();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let flake = &flake;
            scope.spawn(move || {
                let host = name(&format!("h{number}"));
                flake.write_facts(&host, &facts("1", Layout::Bios)).unwrap();
            });
        }
    });
    let tracked = git(root, &["ls-files", "*facts.json"]);
    assert_eq!(tracked.lines().count(), 8, "{tracked}");
}

#[test]
fn a_flake_below_the_top_of_a_git_tree_is_named_so() {
    let outer = tempfile::tempdir().unwrap();
    let inner = outer.path().join("my infra");
    fs::rename(folder().keep(), &inner).unwrap();
    git(outer.path(), &["init", "-q"]);
    // Nix sees nothing of what git does not track, so it is not asked to look there
    let flake = Flake::open(&inner).unwrap();
    assert!(flake.reference().starts_with("path:/"));
    assert!(
        flake
            .write_facts(&name("web-1"), &facts("1", Layout::Bios))
            .unwrap()
    );
    assert_eq!(git(outer.path(), &["ls-files"]), "");
    git(outer.path(), &["add", "."]);
    let flake = Flake::open(&inner).unwrap();
    let top = outer.path().canonicalize().unwrap();
    assert_eq!(
        flake.reference(),
        format!("git+file://{}?dir=my%20infra", top.display())
    );
}

#[test]
fn a_copy_in_an_ignored_folder_of_a_git_tree_is_whole() {
    let folder = folder();
    let root = folder.path();
    put(root, ".gitignore", "/target\n");
    git(root, &["init", "-q"]);
    git(root, &["add", "."]);
    let flake = Flake::open(root).unwrap();
    flake.copy_to(&root.join("target/runs/1")).unwrap();
    let copy = Flake::open(&root.join("target/runs/1")).unwrap();
    assert!(copy.reference().starts_with("path:/"));
    assert_eq!(copy.source_hash().unwrap(), flake.source_hash().unwrap());
    copy.write_facts(&name("web-1"), &facts("1", Layout::Bios))
        .unwrap();
    assert!(
        git(root, &["status", "--porcelain"])
            .lines()
            .all(|line| line.starts_with("A "))
    );
}
