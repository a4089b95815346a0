//! A file as a disk keeps it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// What a path holds, with its mode and owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct File {
    pub(crate) what: What,
    /// Permission bits, such as 0o644.
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// A file's nature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum What {
    Dir,
    Data(Bytes),
    Link(String),
    /// A block device.
    Block,
    /// A character device.
    Char,
}

/// Contents: shown by their length only, since they may be a private key; kept as base64.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.0.len())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&data_encoding::BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        data_encoding::BASE64
            .decode(text.as_bytes())
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

impl File {
    /// Root's file with these contents.
    pub(crate) fn data(contents: impl Into<Vec<u8>>, mode: u32) -> Self {
        Self::root(What::Data(Bytes(contents.into())), mode)
    }

    /// Root's directory.
    pub(crate) fn dir() -> Self {
        Self::root(What::Dir, 0o755)
    }

    /// A symbolic link.
    pub(crate) fn link(target: impl Into<String>) -> Self {
        Self::root(What::Link(target.into()), 0o777)
    }

    fn root(what: What, mode: u32) -> Self {
        Self {
            what,
            mode,
            uid: 0,
            gid: 0,
        }
    }

    /// Its contents, if it is a plain file.
    pub(crate) fn contents(&self) -> Option<&[u8]> {
        match &self.what {
            What::Data(bytes) => Some(&bytes.0),
            _ => None,
        }
    }

    /// Whether this user may read it.
    pub(crate) fn readable_by(&self, uid: u32) -> bool {
        match uid {
            0 => true,
            owner if owner == self.uid => self.mode & 0o400 != 0,
            _ => self.mode & 0o004 != 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_kept_and_never_shown() {
        let file = File::data(vec![0, 159, 146, 150], 0o600);
        let kept = serde_json::to_string(&file).unwrap();
        let back: File = serde_json::from_str(&kept).unwrap();
        assert_eq!(back, file);
        assert!(format!("{file:?}").contains("<4 bytes>"));
    }

    #[test]
    fn modes_decide_who_reads() {
        let mut file = File::data("x", 0o600);
        assert!(file.readable_by(0) && !file.readable_by(1000));
        file.uid = 1000;
        assert!(file.readable_by(1000) && !file.readable_by(1001));
        file.mode = 0o004;
        assert!(file.readable_by(1001) && !file.readable_by(1000));
    }
}
