//! The login key goes where the installer finds it, as ssh-copy-id puts it.

use crate::stand_in::Aborted;
use crate::stand_in::args::Request;
use crate::stand_in::phases::must;
use crate::stand_in::remote::{Remote, wait};
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

/// Adds the line that comes in, unless it is there; the folder and the file are the user's alone.
const ADD: &str = r#"
umask 077
mkdir -p "$HOME/.ssh" && cd "$HOME/.ssh" && touch authorized_keys || exit 1
read -r key
grep -qxF -e "$key" authorized_keys && exit 0
test -z "$(tail -c 1 authorized_keys)" || echo >> authorized_keys
printf '%s\n' "$key" >> authorized_keys
"#;

/// Puts the public half of the identity into the user's authorized keys. Without an identity the
/// logins work by keys that are there already, and nothing is added.
pub(super) fn upload(request: &Request, remote: &Remote) -> Result<(), Aborted> {
    let Some(identity) = &request.identity else {
        return Ok(());
    };
    let line = public_half(identity)?;
    must(remote, ADD, line.into_bytes(), "the upload of the key")
}

fn public_half(identity: &Path) -> Result<String, Aborted> {
    let mut command = Command::new("ssh-keygen");
    command
        .args(["-y", "-f"])
        .arg(identity)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = command
        .spawn()
        .map_err(|e| format!("ssh-keygen cannot be run ({e}): is it installed, and on PATH?"))?;
    let ended = wait(&mut child, PATIENCE)?;
    let mut line = String::new();
    if let Some(mut out) = child.stdout.take() {
        drop(out.read_to_string(&mut line));
    }
    let ok = ended.is_some_and(|status| status.success());
    let first = line.lines().next().unwrap_or_default();
    if !ok || first.is_empty() {
        return Err(format!("{} has no public half that can be read", identity.display()).into());
    }
    Ok(format!("{first}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn add(home: &Path, line: &str) {
        let mut child = Command::new("sh")
            .args(["-c", ADD])
            .env("HOME", home)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
        drop(stdin);
        assert!(child.wait().unwrap().success());
    }

    #[test]
    fn a_key_is_added_once_and_others_are_kept() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join(".ssh/authorized_keys");
        add(home.path(), "ssh-ed25519 AAAA one");
        add(home.path(), "ssh-ed25519 AAAA one");
        assert_eq!(
            std::fs::read_to_string(&file).unwrap(),
            "ssh-ed25519 AAAA one\n"
        );
        // a last line that does not end is not run together with the new one
        std::fs::write(&file, "ssh-ed25519 BBBB two").unwrap();
        add(home.path(), "ssh-ed25519 AAAA one");
        assert_eq!(
            std::fs::read_to_string(&file).unwrap(),
            "ssh-ed25519 BBBB two\nssh-ed25519 AAAA one\n"
        );
    }
}
