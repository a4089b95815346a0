//! What a client has seen in its session, and what it has to be.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

pub(crate) const KEY_NAME: &str = "a-key";
pub(crate) const KEY_MD5: &str = "62:42:fc:f4:a1:42:1b:9b:39:31:18:0d:f3:c5:23:bb";
pub(crate) const SERVER_NAME: &str = "web-1";
pub(crate) const SERVER_TYPE: &str = "cx23";
pub(crate) const LOCATION: &str = "nbg1";
pub(crate) const IMAGE: &str = "debian-13";
pub(crate) const LABEL: (&str, &str) = ("purpose", "agreement");

/// The public key that every client uploads.
pub(crate) fn public_key() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/keys/admin.pub");
    std::fs::read_to_string(path).unwrap().trim().to_owned()
}

/// The session, in the order of its events.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seen {
    /// The key's fingerprint, as it was answered when the key was made.
    pub(crate) key_fingerprint: String,
    /// Names of all keys after that.
    pub(crate) keys: Vec<String>,
    /// Names of all servers after the creation.
    pub(crate) servers: Vec<String>,
    /// The server, described once it runs.
    pub(crate) server: Described,
    /// Whether the rescue system is armed: before that was asked, after it, and after the reset
    /// that boots it.
    pub(crate) rescue: [bool; 3],
    /// The server's status after that reset.
    pub(crate) after_reset: String,
    /// Names of what is there after everything was removed.
    pub(crate) left: Vec<String>,
}

/// A server, as its description has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Described {
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) server_type: String,
    pub(crate) location: String,
    pub(crate) image: String,
    pub(crate) ipv4: String,
    pub(crate) labels: BTreeMap<String, String>,
}

impl Seen {
    /// Everything is what was asked for.
    pub(crate) fn check(&self) {
        let address: Ipv4Addr = self.server.ipv4.parse().unwrap();
        assert!(address.is_loopback(), "{address} is not on this machine");
        let expected = Self {
            key_fingerprint: KEY_MD5.to_owned(),
            keys: vec![KEY_NAME.to_owned()],
            servers: vec![SERVER_NAME.to_owned()],
            server: Described {
                name: SERVER_NAME.to_owned(),
                status: "running".to_owned(),
                server_type: SERVER_TYPE.to_owned(),
                location: LOCATION.to_owned(),
                image: IMAGE.to_owned(),
                ipv4: address.to_string(),
                labels: BTreeMap::from([(LABEL.0.to_owned(), LABEL.1.to_owned())]),
            },
            // it disarms itself once it has booted
            rescue: [false, true, false],
            after_reset: "running".to_owned(),
            left: Vec::new(),
        };
        assert_eq!(*self, expected);
    }
}
