//! SSH keys that `provision` makes and reads: hosts' identities, first-boot keys, login keys.

use crate::failure::{Exit, Failure, Outcome};
use crate::state::{private_dir, write_private, write_private_once};
use provision_api::Fingerprint;
use secrecy::{ExposeSecret as _, SecretString};
use ssh_key::{Algorithm, LineEnding, PrivateKey, PublicKey};
use std::path::{Path, PathBuf};

/// An Ed25519 key pair whose private half lies in a file of 0600.
#[derive(Debug, Clone)]
pub struct KeyFile {
    /// Where the private half lies.
    pub path: PathBuf,
    /// The public half.
    pub public: PublicKey,
}

impl KeyFile {
    /// Reads the key that lies there, or makes one; of several who make one at once, all get
    /// the same.
    pub fn ensure(path: &Path, comment: &str) -> Outcome<Self> {
        if !path.exists() {
            let text = new_key(path, comment)?;
            write_private_once(path, text.expose_secret().as_bytes())?;
        }
        Self::read(path)
    }

    /// Makes a new key, over whatever lies there.
    pub fn make(path: &Path, comment: &str) -> Outcome<Self> {
        let text = new_key(path, comment)?;
        write_private(path, text.expose_secret().as_bytes())?;
        Self::read(path)
    }

    /// Takes over a private key that came from elsewhere, if it is the expected one; another that
    /// lies there is kept beside it.
    pub fn adopt(path: &Path, private: &SecretString, expected: Fingerprint) -> Outcome<Self> {
        let key = PrivateKey::from_openssh(private.expose_secret())
            .map_err(|e| Failure::new(Exit::Trust, "that is no OpenSSH private key", e))?;
        let found = Fingerprint::of_key(key.public_key());
        if found != expected {
            return Err(Failure::new(
                Exit::Trust,
                "the identity on the host is not the one that it shows",
                format!("{found} instead of {expected}"),
            ));
        }
        if let Ok(other) = Self::read(path)
            && other.fingerprint() != expected
        {
            let aside = path.with_extension(&other.fingerprint().to_label()[..8]);
            std::fs::rename(path, &aside).map_err(|e| Failure::state(&aside, &e))?;
        }
        write_private(path, private.expose_secret().as_bytes())?;
        Ok(Self {
            path: path.to_owned(),
            public: key.public_key().clone(),
        })
    }

    /// Reads the key that lies there; one with a passphrase cannot be used unattended.
    pub fn read(path: &Path) -> Outcome<Self> {
        let text = std::fs::read(path).map_err(|e| {
            Failure::new(
                Exit::Config,
                format!("cannot read the key {}", path.display()),
                e,
            )
            .mend("name a private key with --identity")
        })?;
        let key = PrivateKey::from_openssh(&text).map_err(|e| {
            Failure::new(
                Exit::Config,
                format!("{} is no OpenSSH private key", path.display()),
                e,
            )
            .mend("name the private half (not the .pub file), in OpenSSH's format (ssh-keygen -p -f FILE converts)")
        })?;
        if key.is_encrypted() {
            return Err(Failure::new(
                Exit::Config,
                format!("{} has a passphrase", path.display()),
                "an installation logs in unattended and hands no agent to its children",
            )
            .mend("name a key without one: ssh-keygen -t ed25519 -f ~/.ssh/provision -N '', then --identity ~/.ssh/provision"));
        }
        Ok(Self {
            path: path.to_owned(),
            public: key.public_key().clone(),
        })
    }

    /// `ssh-ed25519 AAAA…`, without a comment.
    pub fn public_line(&self) -> String {
        public_line(&self.public)
    }

    /// The SHA-256 fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of_key(&self.public)
    }

    /// The private half as OpenSSH writes it.
    pub fn private(&self) -> Outcome<SecretString> {
        std::fs::read_to_string(&self.path)
            .map(SecretString::from)
            .map_err(|e| Failure::state(&self.path, &e))
    }
}

fn new_key(path: &Path, comment: &str) -> Outcome<SecretString> {
    let mut key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519)
        .map_err(|e| Failure::new(Exit::Other, "cannot make an SSH key", e))?;
    key.set_comment(comment);
    if let Some(dir) = path.parent() {
        private_dir(dir)?;
    }
    let text = key
        .to_openssh(LineEnding::LF)
        .map_err(|e| Failure::new(Exit::Other, "cannot write an SSH key", e))?;
    Ok(SecretString::from(text.as_str()))
}

/// `ssh-ed25519 AAAA…`, without a comment.
pub fn public_line(key: &PublicKey) -> String {
    let mut bare = key.clone();
    bare.set_comment("");
    bare.to_openssh().unwrap_or_default().trim_end().to_owned()
}

/// The user's own login key: the named one, else the first usable of `~/.ssh`.
pub fn login_key(named: Option<&Path>, home: Option<&Path>) -> Outcome<KeyFile> {
    if let Some(path) = named {
        return KeyFile::read(path);
    }
    let mut first_refusal = None;
    for name in ["id_ed25519", "id_ecdsa", "id_rsa"] {
        let Some(path) = home.map(|h| h.join(".ssh").join(name)) else {
            break;
        };
        if path.exists() {
            match KeyFile::read(&path) {
                Ok(key) => return Ok(key),
                Err(refusal) => {
                    first_refusal.get_or_insert(refusal);
                }
            }
        }
    }
    Err(first_refusal.unwrap_or_else(|| {
        Failure::new(
            Exit::Config,
            "there is no SSH key to log in with",
            "neither --identity nor a key in ~/.ssh",
        )
        .mend("ssh-keygen -t ed25519 -f ~/.ssh/provision -N '', then --identity ~/.ssh/provision")
    }))
}

/// The age recipient that belongs to an Ed25519 host key, as `ssh-to-age` computes it: the
/// Montgomery form of the public point, in Bech32 with the prefix `age`.
pub fn age_recipient(key: &PublicKey) -> Option<String> {
    let point = key.key_data().ed25519()?.0;
    let montgomery = curve25519_dalek::edwards::CompressedEdwardsY(point)
        .decompress()?
        .to_montgomery();
    let hrp = bech32::Hrp::parse("age").ok()?;
    bech32::encode::<bech32::Bech32>(hrp, montgomery.as_bytes()).ok()
}

/// cloud-init's user data: the host key of the first boot and the login key, nothing else.
///
/// Written as JSON, which is YAML: no value can break out of its quotes. The private key in it
/// stays readable from the machine's metadata service, so it is good for the first boot only.
pub fn user_data(host_key: &KeyFile, login: &KeyFile) -> Outcome<SecretString> {
    let config = serde_json::json!({
        "disable_root": false,
        "ssh_pwauth": false,
        "ssh_deletekeys": true,
        "ssh_genkeytypes": ["ed25519"],
        "ssh_keys": {
            "ed25519_private": host_key.private()?.expose_secret(),
            "ed25519_public": host_key.public_line(),
        },
        "ssh_authorized_keys": [login.public_line()],
    });
    Ok(SecretString::from(format!("#cloud-config\n{config}\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_recipients_are_those_of_another_implementation() {
        // computed with libsodium (PyNaCl's crypto_sign_ed25519_pk_to_curve25519) and an
        // independent Bech32, for the seeds 00 01 … 1f and 07 × 32
        for (key, age) in [
            (
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
                "age1guqappygg504gkjqn76c4cl9skqu5s9v8al3z35ce4caatrnegqsayk6a2",
            ),
            (
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs",
                "age1wcwc3myrqsfer807n4x364h30ejneryegzpd7kcn0wg2ptnwma6qfgnx5h",
            ),
        ] {
            let key = PublicKey::from_openssh(key).unwrap();
            assert_eq!(age_recipient(&key).as_deref(), Some(age));
        }
    }

    #[test]
    fn a_key_with_a_passphrase_is_named_as_such() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("k");
        let status = std::process::Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "secret", "-f"])
            .arg(&path)
            .status();
        if status.is_ok_and(|s| s.success()) {
            let refusal = KeyFile::read(&path).unwrap_err();
            assert!(refusal.what.contains("has a passphrase"), "{refusal}");
        }
    }

    #[test]
    fn user_data_is_cloud_config_with_both_keys() {
        let dir = tempfile::tempdir().unwrap();
        let host = KeyFile::make(&dir.path().join("h"), "").unwrap();
        let login = KeyFile::make(&dir.path().join("l"), "").unwrap();
        let text = user_data(&host, &login).unwrap();
        let body = text
            .expose_secret()
            .strip_prefix("#cloud-config\n")
            .unwrap();
        let value: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(value["ssh_keys"]["ed25519_public"], host.public_line());
        assert_eq!(value["ssh_authorized_keys"][0], login.public_line());
    }
}
