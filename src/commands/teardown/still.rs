//! Reads the marks once more, right before anything is removed: while it was asked, or waited,
//! a server may have been given a new end, another owner, or a run.

use super::Told;
use super::choose::Removal;
use super::judge::{Kept, Verdict, judge};
use crate::cli::Teardown;
use crate::context::Context;
use provision_api::LeftoverKind;

/// Leaves in the removal what is still to go. What the list does not show (any more) stays in it:
/// the adapter asks for each server by its id before it deletes it.
pub(super) async fn still(
    context: &Context,
    flags: &Teardown,
    removal: &mut Removal,
    told: &mut Told,
) {
    if removal.servers.is_empty() {
        return;
    }
    let listed = removal.cloud.servers();
    let seen = match context.unless_stopped("stopped", listed).await {
        Ok(seen) => seen,
        Err(failure) => {
            told.errors.push(format!(
                "{}: nothing was removed there, because the marks could not be read again: {failure}",
                removal.cloud.name()
            ));
            removal.servers.clear();
            removal.leftovers.clear();
            return;
        }
    };
    let now = removal.cloud.provider.now();
    for server in std::mem::take(&mut removal.servers) {
        let by_now = seen.iter().find(|other| other.id == *server.id());
        let Some(by_now) = by_now else {
            removal.servers.push(server);
            continue;
        };
        let verdict = match server.still(by_now.clone()) {
            Ok(fresh) => (judge(flags, &fresh, now), fresh),
            Err(not_ours) => (Verdict::Kept(not_ours.why), server),
        };
        match verdict {
            (Verdict::Goes, fresh) => removal.servers.push(fresh),
            (Verdict::Kept(why), server) => stays(context, removal, told, &server, why),
            (Verdict::Stays, server) => {
                let why = "it was given another end since it was looked at".to_owned();
                stays(context, removal, told, &server, why);
            }
        }
    }
}

/// What hangs on a server that stays does, and so do the login keys.
pub(super) fn stays(
    context: &Context,
    removal: &mut Removal,
    told: &mut Told,
    server: &provision_api::OwnedServer,
    why: String,
) {
    removal.leftovers.retain(|leftover| {
        let is_key = leftover.kind == LeftoverKind::Key && leftover.host.is_none();
        !is_key && leftover.in_use_by.as_ref() != Some(server.id())
    });
    let kept = Kept::said(context, &removal.cloud, server, why);
    told.kept.push(kept);
}
