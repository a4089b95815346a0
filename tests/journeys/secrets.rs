//! Every byte that a full run writes, searched for what must never be in it.

use crate::lab::Lab;
use std::path::{Path, PathBuf};

#[test]
fn no_secret_is_printed_or_left_where_it_does_not_belong() {
    let lab = Lab::new();
    let loud = lab.run("up hetzner-cloud --sandbox -vvv").succeeded();
    let token = token(&lab);
    let rescue = lab.run("rescue hetzner-cloud --sandbox -vvv").succeeded();
    let printed = [loud.stdout, loud.stderr, rescue.stdout, rescue.stderr].concat();
    assert!(!printed.contains(&token), "the token is printed");
    assert!(!printed.contains("PRIVATE KEY"), "a private key is printed");
    assert!(!printed.contains("#cloud-config"), "user_data is printed");

    for file in files(&lab.state().join("sandbox")) {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        let name = file
            .strip_prefix(lab.state())
            .unwrap()
            .display()
            .to_string();
        let world = name.contains("/world/");
        assert!(world || !text.contains(&token), "the token is in {name}");
        let key = name.ends_with("id_ed25519") || name.ends_with("/identity");
        assert!(
            world || key || !text.contains("PRIVATE KEY"),
            "a private key is in {name}"
        );
        assert!(
            world || !text.contains("#cloud-config"),
            "user_data is in {name}"
        );
    }
    // the first boot's key is forgotten once the installed system is up
    assert!(
        !lab.state()
            .join("sandbox/servers/hetzner-cloud/first-boot")
            .exists()
    );
}

#[test]
fn what_is_kept_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let lab = Lab::new();
    lab.run("up hetzner-cloud --sandbox").succeeded();
    let state = lab.state().join("sandbox");
    let open = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o077;
    for name in ["servers/hetzner-cloud", "runs", "keys", "world"] {
        assert_eq!(open(&state.join(name)), 0, "{name}");
    }
    for file in files(&state)
        .iter()
        .filter(|f| !f.display().to_string().contains("/flake/"))
    {
        assert_eq!(open(file), 0, "{}", file.display());
    }
}

fn token(lab: &Lab) -> String {
    let served = lab.serve();
    let token = served.variable("HCLOUD_TOKEN");
    assert_eq!(token.len(), 64);
    token
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            all.extend(files(&entry.path()));
        } else if kind.is_file() {
            all.push(entry.path());
        }
    }
    all
}
