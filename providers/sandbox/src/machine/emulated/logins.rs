//! Which keys let someone in: those that sshd finds in a home now.

use super::keys;
use super::state::{Account, Kind, State};
use ssh_key::PublicKey;

/// How cloud-init's `disable_root` ends a login; what it begins with tells such a line.
const SENT_AWAY: &str = "no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command=\"echo '";

/// The file where sshd looks for login keys below a home.
const FILE: &str = ".ssh/authorized_keys";

impl Account {
    /// The lines of its `authorized_keys` as the system's first boot wrote them.
    pub(crate) fn key_lines(&self) -> Vec<String> {
        match &self.turned_away {
            None => self.keys.clone(),
            Some(message) => {
                let message = message.replace('"', "\\\"");
                let away = format!("{SENT_AWAY}{message}';echo;sleep 10;exit 142\" ");
                self.keys.iter().map(|key| format!("{away}{key}")).collect()
            }
        }
    }
}

/// The lines that count for an account now: what is in its home, or what the system was made with
/// while nobody has changed that. A file that others may write to counts for nothing.
fn lines(state: &State, account: &Account) -> Vec<String> {
    let homes = state
        .running
        .as_ref()
        // NixOS from a disk keeps login keys outside homes, and looks nowhere else
        .is_some_and(|r| !matches!(r.kind, Kind::Installed { .. }));
    let folder = format!("{}/.ssh", account.home());
    let at = |path: &str| state.files().and_then(|files| files.get(path));
    let Some(file) = at(&format!("{}/{FILE}", account.home())).filter(|_| homes) else {
        return account.key_lines();
    };
    let safe = [Some(file), at(&folder)]
        .into_iter()
        .flatten()
        .all(|f| f.mode & 0o022 == 0 && (f.uid == 0 || f.uid == account.uid));
    match file.contents() {
        Some(bytes) if safe => String::from_utf8_lossy(bytes)
            .lines()
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

/// The account as this key gets it, if the key lets it in.
pub(crate) fn with_key(state: &State, account: &Account, key: &PublicKey) -> Option<Account> {
    let line = lines(state, account)
        .into_iter()
        .find(|line| keys::lets_in(std::slice::from_ref(line), key))?;
    let mut account = account.clone();
    if !line.trim_start().starts_with(SENT_AWAY) {
        account.turned_away = None;
    }
    Some(account)
}

/// The keys that an installer takes along: root's and those of the user who asked for it, without
/// what stood before them.
pub(crate) fn to_take_along(state: &State, asked_by: &str) -> Vec<String> {
    let accounts = state.running.iter().flat_map(|r| &r.accounts);
    let mut taken: Vec<String> = Vec::new();
    for account in accounts.filter(|a| a.name == "root" || a.name == asked_by) {
        for line in lines(state, account) {
            if let Some(key) = bare(&line)
                && !taken.contains(&key)
            {
                taken.push(key);
            }
        }
    }
    taken
}

/// The key of a line, without options.
fn bare(line: &str) -> Option<String> {
    let line = line.trim();
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = words.iter().position(|w| {
        ["ssh-", "ecdsa-", "sk-"]
            .iter()
            .any(|kind| w.starts_with(kind))
    })?;
    (!line.starts_with('#')).then(|| words[at..].join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_of_a_line_is_taken_along() {
        let mut root = Account::root(vec!["ssh-ed25519 AAAA me".into()]);
        root.turned_away = Some("Please login as the user \"debian\" rather.".into());
        let sent_away = root.key_lines().remove(0);
        let table: &[(&str, Option<&str>)] = &[
            ("ssh-ed25519 AAAA me", Some("ssh-ed25519 AAAA me")),
            (&sent_away, Some("ssh-ed25519 AAAA me")),
            (
                "no-pty ecdsa-sha2-nistp256 BBBB",
                Some("ecdsa-sha2-nistp256 BBBB"),
            ),
            ("# ssh-ed25519 AAAA me", None),
            ("", None),
            ("rubbish", None),
        ];
        for (line, expected) in table {
            assert_eq!(bare(line).as_deref(), *expected, "{line}");
        }
        assert!(sent_away.contains("\\\"debian\\\""), "{sent_away}");
    }
}
