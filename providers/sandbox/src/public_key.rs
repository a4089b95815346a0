//! OpenSSH public keys, as every vendor takes them.

use data_encoding::{BASE64, BASE64_NOPAD};
use md5::{Digest, Md5};

const TYPES: &[&str] = &[
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// The MD5 of the key's blob, as `ab:cd:…`; none for what is no public key.
pub(crate) fn fingerprint(public_key: &str) -> Option<String> {
    let mut words = public_key.split_ascii_whitespace();
    let (kind, blob) = (words.next()?, words.next()?);
    let blob = BASE64
        .decode(blob.as_bytes())
        .or_else(|_| BASE64_NOPAD.decode(blob.as_bytes()))
        .ok()?;
    // the blob names its type itself, after the length of that name, and something follows
    let (length, rest) = blob.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (name, rest) = rest.split_at_checked(length)?;
    let whole = match kind {
        "ssh-ed25519" => rest.len() == 4 + 32,
        _ => !rest.is_empty(),
    };
    if !TYPES.contains(&kind)
        || name != kind.as_bytes()
        || !whole
        || public_key.trim().contains('\n')
    {
        return None;
    }
    let digest = Md5::digest(&blob);
    Some(
        digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>()
            .join(":"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_those_of_openssh() {
        // made with ssh-keygen, and read with `ssh-keygen -l -E md5`
        let key =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAt44Iro0Ta/t4VxRHCoj1oESE2TQVy/DdvZMXNITezS a@b";
        assert_eq!(
            fingerprint(key).unwrap(),
            "7f:9c:1a:d6:1a:bf:70:45:0d:73:85:6e:75:56:13:a5"
        );
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            "",
            "ssh-ed25519",
            "ssh-ed25519 !!!",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5",
            "ssh-dss AAAAB3NzaC1kc3MAAACB",
            "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAt44Iro0Ta/t4VxRHCoj1oESE2TQVy/DdvZMXNITezS",
        ] {
            assert_eq!(fingerprint(text), None, "{text}");
        }
    }
}
