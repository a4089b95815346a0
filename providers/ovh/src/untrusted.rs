//! Every reader and converter over bytes that anybody may have sent, for property tests and fuzz
//! targets: none of them may panic, whatever the vendor (or who stands in its place) answers.

use crate::labels;
use crate::{cloud, dedicated, rented, vps};
use provision_api::{OwnedServer, Server};
use serde::de::DeserializeOwned;

/// Reads the bytes as every kind of answer, and converts what can be read.
pub fn answers(bytes: &[u8]) {
    cloud::untrusted::answers(bytes);
    rented::untrusted::answers(bytes);
    let servers = [
        vps::untrusted::answers(bytes),
        dedicated::untrusted::answers(bytes),
    ];
    servers.into_iter().flatten().for_each(is_whole);
}

/// Reads a name as an instance's and as a key's.
pub fn names(text: &str) {
    cloud::untrusted::names(text);
}

/// A server is ours only by marks that are written as they were read.
fn is_whole(server: Server) {
    let Some(marks) = server.marks.clone() else {
        return;
    };
    let again = labels::read(&labels::replace(&server.labels, &marks));
    assert_eq!(again, Ok(Some(marks.clone())));
    assert!(OwnedServer::claim(server, &marks.owner).is_ok());
}

pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}

/// A list of them, or one by itself.
pub(crate) fn many<T: DeserializeOwned>(bytes: &[u8]) -> Vec<T> {
    let one = || read(bytes).map(|one| vec![one]);
    read(bytes).or_else(one).unwrap_or_default()
}

#[cfg(test)]
mod tests;
