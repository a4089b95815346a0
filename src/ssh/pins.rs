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
use std::time::{Duration, Instant};

/// Who is turned away tries again after this time.
const PAUSE: Duration = Duration::from_secs(2);

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

/// What is at an address now.
#[derive(Debug, Clone)]
pub enum Shown {
    /// Somebody with this Ed25519 host key.
    Key(PublicKey),
    /// Somebody who takes connections and ends them at once, as sshd does to who tried too often
    /// (`PerSourcePenalties`), or when too many try (`MaxStartups`).
    TurnedAway,
    /// Nobody who speaks SSH.
    Nobody,
}

/// The Ed25519 host key that whoever is at the address shows now. Not to be trusted by itself.
///
/// `None` when nothing answers, or turns us away until the deadline.
pub async fn shown_by(host: &str, port: u16, deadline: Duration) -> Outcome<Option<PublicKey>> {
    let end = Instant::now() + deadline;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        match look(host, port, left).await? {
            Shown::Key(key) => return Ok(Some(key)),
            Shown::TurnedAway if left > PAUSE => tokio::time::sleep(PAUSE).await,
            Shown::TurnedAway | Shown::Nobody => return Ok(None),
        }
    }
}

/// Looks once.
pub async fn look(host: &str, port: u16, deadline: Duration) -> Outcome<Shown> {
    let output = child::command("ssh-keyscan")
        .args(["-t", "ed25519", "-p", &port.to_string(), "-T", "5", "--"])
        .arg(host)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output();
    let output = match tokio::time::timeout(deadline, output).await {
        Err(_) => return Ok(Shown::Nobody),
        Ok(Err(error)) => {
            return Err(Failure::new(Exit::Tool, "ssh-keyscan is missing", error)
                .mend("install OpenSSH's client (Debian: apt install openssh-client)"));
        }
        Ok(Ok(output)) => output,
    };
    let printed = String::from_utf8_lossy(&output.stdout);
    let key = printed
        .lines()
        .filter(|line| !line.starts_with('#'))
        .find_map(|line| PublicKey::from_openssh(line.split_once(' ')?.1).ok());
    Ok(match key {
        Some(key) => Shown::Key(key),
        None if is_turned_away(&output.stderr) => Shown::TurnedAway,
        None => Shown::Nobody,
    })
}

/// `ssh-keyscan` prints nothing of a connection that is refused, lost or never answered.
fn is_turned_away(stderr: &[u8]) -> bool {
    let text = String::from_utf8_lossy(stderr);
    text.contains("Connection closed by remote host") || text.contains("Connection reset by peer")
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
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn to_be_turned_away_is_not_silence() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let within = Duration::from_secs(10);
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let _ = stream.try_write(b"Not allowed at this time\r\n");
            }
        });
        let shown = look("127.0.0.1", port, within).await.unwrap();
        assert!(matches!(shown, Shown::TurnedAway), "{shown:?}");
        // whoever asks for a key waits for it, and not past the deadline
        let shown = shown_by("127.0.0.1", port, Duration::from_secs(1)).await;
        assert!(shown.unwrap().is_none());
        serving.abort();
        let _ = serving.await;
        let shown = look("127.0.0.1", port, within).await.unwrap();
        assert!(matches!(shown, Shown::Nobody), "{shown:?}");
    }

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
