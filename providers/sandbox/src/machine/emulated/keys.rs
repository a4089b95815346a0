//! Host keys and login keys: made, read, told apart.

use data_encoding::BASE64;
use rand::Rng;
use serde::{Deserialize, Serialize};
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey, PublicKey};
use std::fmt;

/// A text that is never shown: a private key, a password, user data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<hidden>")
    }
}

/// A fresh ed25519 key as OpenSSH writes it: the private file and the public line.
#[derive(Debug, Clone)]
pub(crate) struct KeyFiles {
    pub(crate) private: Secret,
    pub(crate) public: String,
}

/// Makes one, with `root@hostname` as its comment.
pub(crate) fn generate(hostname: &str) -> Result<KeyFiles, ssh_key::Error> {
    let mut seed = [0_u8; 32];
    rand::rng().fill_bytes(&mut seed);
    let pair = KeypairData::from(Ed25519Keypair::from_seed(&seed));
    let key = PrivateKey::new(pair, format!("root@{hostname}"))?;
    Ok(KeyFiles {
        private: Secret(key.to_openssh(LineEnding::LF)?.to_string()),
        public: format!("{}\n", key.public_key().to_openssh()?),
    })
}

/// Reads a host key as sshd does; nothing when it is not one that can be served.
pub(crate) fn host_key(private: &[u8]) -> Option<PrivateKey> {
    PrivateKey::from_openssh(private)
        .ok()
        .filter(|key| !key.is_encrypted() && key.algorithm() == ssh_key::Algorithm::Ed25519)
}

/// The public line of a private file.
pub(crate) fn public_line(private: &[u8]) -> Option<String> {
    let key = host_key(private)?;
    key.public_key().to_openssh().ok().map(|l| l + "\n")
}

/// Whether one of these authorized-keys lines lets this key in. A line may begin with options,
/// so the key is looked for anywhere in it.
pub(crate) fn lets_in(lines: &[String], key: &PublicKey) -> bool {
    let Ok(wanted) = key.to_bytes() else {
        return false;
    };
    lines
        .iter()
        .map(|line| line.trim())
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .any(|word| BASE64.decode(word.as_bytes()).is_ok_and(|b| b == wanted))
}

/// So many random bytes in lower-case hexadecimal digits.
pub(crate) fn random_hex(bytes: usize) -> String {
    let mut raw = vec![0_u8; bytes];
    rand::rng().fill_bytes(&mut raw);
    data_encoding::HEXLOWER.encode(&raw)
}

/// A random UUID of version 4, as the kernel makes a boot id.
pub(crate) fn random_uuid() -> String {
    let hex = random_hex(16);
    let variant = match hex.as_bytes().get(16).map_or(0, |b| b % 4) {
        0 => '8',
        1 => '9',
        2 => 'a',
        _ => 'b',
    };
    format!(
        "{}-{}-4{}-{variant}{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..32]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_reads_back_and_is_not_shown() {
        let files = generate("web-1").unwrap();
        let key = host_key(files.private.0.as_bytes()).unwrap();
        assert_eq!(
            public_line(files.private.0.as_bytes()).unwrap(),
            files.public
        );
        assert!(files.public.ends_with(" root@web-1\n"));
        assert_eq!(format!("{:?}", files.private), "<hidden>");
        assert!(lets_in(
            std::slice::from_ref(&files.public),
            key.public_key()
        ));
        assert!(host_key(b"-----BEGIN NONSENSE-----").is_none());
    }

    #[test]
    fn lines_with_options_and_comments_are_read_as_sshd_does() {
        let files = generate("a").unwrap();
        let other = generate("b").unwrap();
        let key = PublicKey::from_openssh(&files.public).unwrap();
        let line = files.public.trim().to_owned();
        let table: &[(&str, String, bool)] = &[
            ("plain", line.clone(), true),
            (
                "options",
                format!("command=\"echo no\",no-pty {line}"),
                true,
            ),
            ("commented out", format!("#{line}"), false),
            ("another key", other.public, false),
            ("cut short", line[..40].to_owned(), false),
            ("empty", String::new(), false),
        ];
        for (what, line, expected) in table {
            assert_eq!(
                lets_in(std::slice::from_ref(line), &key),
                *expected,
                "{what}"
            );
        }
    }

    #[test]
    fn uuids_have_the_form_of_version_four() {
        for _ in 0..50 {
            let uuid = random_uuid();
            assert_eq!(uuid.len(), 36, "{uuid}");
            assert_eq!(&uuid[14..15], "4", "{uuid}");
            assert!("89ab".contains(&uuid[19..20]), "{uuid}");
        }
    }
}
