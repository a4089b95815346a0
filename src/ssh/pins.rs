//! Host keys that are pinned: written as `known_hosts`, or looked up and compared by fingerprint.

use crate::child;
use crate::failure::{Exit, Failure, Outcome};
use crate::identity::public_line;
use crate::ssh::alias;
use crate::state::write_private;
use provision_api::Fingerprint;
use ssh_key::PublicKey;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

/// Pins these keys, and no others, for the server of that name.
pub fn write(file: &Path, name: &str, keys: &[PublicKey]) -> Outcome {
    let mut text = String::new();
    for key in keys {
        text.push_str(&format!("{} {}\n", alias(name), public_line(key)));
    }
    write_private(file, text.as_bytes())
}

/// The keys that are pinned in the file.
pub fn read(file: &Path) -> Vec<PublicKey> {
    std::fs::read_to_string(file)
        .unwrap_or_default()
        .lines()
        .filter_map(|line| PublicKey::from_openssh(line.split_once(' ')?.1).ok())
        .collect()
}

/// The Ed25519 host key that whoever is at the address shows now. Not to be trusted by itself.
///
/// `None` when nothing answers.
pub async fn shown_by(host: &str, port: u16, deadline: Duration) -> Outcome<Option<PublicKey>> {
    let output = child::command("ssh-keyscan")
        .args([
            "-t",
            "ed25519",
            "-p",
            &port.to_string(),
            "-T",
            "5",
            "--",
            host,
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .output();
    let output = match tokio::time::timeout(deadline, output).await {
        Err(_) => return Ok(None),
        Ok(Err(error)) => {
            return Err(Failure::new(Exit::Tool, "ssh-keyscan is missing", error)
                .mend("install OpenSSH's client (Debian: apt install openssh-client)"));
        }
        Ok(Ok(output)) => output,
    };
    Ok(String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter(|line| !line.starts_with('#'))
        .find_map(|line| PublicKey::from_openssh(line.split_once(' ')?.1).ok()))
}

/// Pins the key that the machine shows, if it has the expected fingerprint.
///
/// This is how a machine that never saw the key itself (a second laptop) comes to trust it: the
/// fingerprint stands in the cloud's marks. `false` when nothing answers.
pub async fn pin_by_fingerprint(
    file: &Path,
    name: &str,
    host: &str,
    port: u16,
    expected: Fingerprint,
    deadline: Duration,
) -> Outcome<bool> {
    let Some(key) = shown_by(host, port, deadline).await? else {
        return Ok(false);
    };
    let shown = Fingerprint::of_key(&key);
    if shown != expected {
        return Err(Failure::new(
            Exit::Trust,
            format!("{name}: refused to talk to whoever answers at {host}"),
            format!("its host key is {shown}, expected was {expected}"),
        )
        .mend("find out who answers there (the vendor's console shows the machine); nothing was sent to it"));
    }
    write(file, name, &[key])?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::KeyFile;

    #[test]
    fn what_is_pinned_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let key = KeyFile::make(&dir.path().join("k"), "").unwrap();
        let file = dir.path().join("known_hosts");
        write(&file, "web-1", std::slice::from_ref(&key.public)).unwrap();
        let pinned = read(&file);
        assert_eq!(pinned.len(), 1);
        assert_eq!(Fingerprint::of_key(&pinned[0]), key.fingerprint());
    }
}
