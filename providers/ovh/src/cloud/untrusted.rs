//! What Public Cloud may be answered by anybody.

use super::catalog::{hourly, types};
use super::name::{self, KeyMarks};
use super::task::{self, Goal};
use super::wire::{Flavor, Image, Instance, Key, PriceList, Project, RescueAnswer, Vnc};
use super::{convert, sold};
use crate::untrusted::{many, read};
use provision_api::OwnedServer;

/// Reads the bytes as every kind of answer, and converts what can be read.
pub(crate) fn answers(bytes: &[u8]) {
    let flavors: Vec<Flavor> = many(bytes);
    let keys: Vec<Key> = many(bytes);
    let instances: Vec<Instance> = many(bytes);
    for instance in &instances {
        let server = convert::server(instance, &flavors, &keys);
        for key in &keys {
            convert::uses(instance, key);
        }
        for goal in [Goal::Made, Goal::Active, Goal::Rescue, Goal::Gone] {
            let id = goal.of(&instance.id).id;
            let _ = format!("{:?}", task::progress("ovh", &id, &instances));
        }
        // ours only by two names that say the same
        if let Some(marks) = server.marks.clone() {
            assert!(server.doubt.is_none());
            assert!(OwnedServer::claim(server, &marks.owner).is_ok());
        }
        names(&instance.name);
    }
    let prices: Option<PriceList> = read(bytes);
    let prices = prices.unwrap_or_default();
    let _ = types(&flavors, &hourly(&prices));
    for flavor in &flavors {
        sold::spent(flavor);
    }
    let _ = many::<Image>(bytes);
    let _ = read::<Project>(bytes);
    let _ = read::<RescueAnswer>(bytes);
    let _ = read::<Vnc>(bytes);
}

/// A name that is read is the one that would be written.
pub(crate) fn names(text: &str) {
    if let Ok(Some(told)) = name::read(text) {
        let written = name::write(&told.name, &told.marks);
        assert!(
            written.is_err() || written.as_deref() == Ok(text),
            "{text:?}"
        );
    }
    if let Some(KeyMarks { owner, run, host }) = name::read_key(text) {
        assert!(
            text.ends_with(&format!("_{owner}_{run}_{host}")),
            "{text:?}"
        );
    }
}
