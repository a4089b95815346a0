//! Nobody else may be at work on what is removed.
//!
//! A lock that somebody holds counts; one that cannot be taken because nothing can be written here
//! keeps no server running.

use super::choose::Removal;
use super::{Told, again, still};
use crate::cli::Teardown;
use crate::context::Context;
use crate::failure::{Exit, Outcome};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;

/// All of them; else nothing at all is removed.
pub(super) fn all(
    context: &Context,
    flags: &Teardown,
    removals: &[Removal],
) -> Outcome<Vec<Option<File>>> {
    let servers = removals.iter().flat_map(|r| &r.servers);
    // one that was made twice is locked once
    let names: BTreeSet<&str> = servers.map(|s| s.server().name.as_str()).collect();
    let locks: Outcome<Vec<Option<File>>> =
        names.into_iter().map(|name| one(context, name)).collect();
    locks.map_err(|mut failure| {
        failure
            .remains
            .extend(removals.iter().flat_map(Removal::lines));
        failure.remove.get_or_insert(again(context, flags));
        failure
    })
}

/// Whoever runs by the clock removes what is free, and leaves the rest to the next time.
pub(super) fn each(
    context: &Context,
    removals: &mut [Removal],
    told: &mut Told,
) -> Vec<Option<File>> {
    let mut locks = BTreeMap::new();
    for removal in removals {
        for server in std::mem::take(&mut removal.servers) {
            let name = server.server().name.clone();
            if locks.contains_key(&name) {
                removal.servers.push(server);
                continue;
            }
            match one(context, &name) {
                Ok(lock) => {
                    locks.insert(name, lock);
                    removal.servers.push(server);
                }
                Err(failure) => {
                    still::stays(context, removal, told, &server, failure.to_string());
                }
            }
        }
    }
    locks.into_values().collect()
}

/// The lock of one; none where it cannot be had, and nobody is known to hold it.
fn one(context: &Context, name: &str) -> Outcome<Option<File>> {
    let kept = context.state.server(name);
    match kept.and_then(|kept| kept.lock(name)) {
        Ok(lock) => Ok(Some(lock)),
        Err(failure) if failure.exit == Exit::State => {
            // all of it was said when the folder was opened
            if context.state.is_writable() {
                let text = format!("{failure}; {name} is removed without its lock");
                context.teller.warn(text);
            }
            Ok(None)
        }
        Err(busy) => Err(busy),
    }
}
