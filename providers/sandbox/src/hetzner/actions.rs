//! Actions: what was begun, how far it is, how it ended.

use super::call::{Answer, Call};
use super::error::ApiError;
use super::list;
use super::project::{Action, Effect, Resource};
use super::view::time;
use crate::latency::Work;
use crate::world::Held;
use axum::Json;
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

const SORTABLE: &[&str] = &["id", "command", "status", "started", "finished"];

impl Held<'_> {
    /// Begins an action that starts now; answers what the client sees of it.
    pub(super) fn begin(
        &mut self,
        command: &str,
        work: Work,
        resources: &[Resource],
        effect: Effect,
    ) -> Value {
        self.begin_after(Duration::ZERO, command, work, resources, effect)
    }

    /// Begins an action whose work starts when something else has taken that long.
    pub(super) fn begin_after(
        &mut self,
        other: Duration,
        command: &str,
        work: Work,
        resources: &[Resource],
        effect: Effect,
    ) -> Value {
        let id = self.hetzner.next_id();
        // a request starts one action of its own; what follows from it is not hit as well
        let fault = std::mem::take(&mut self.on_action);
        let takes = other.saturating_add(self.settings.latency.of(work));
        let action = Action {
            id,
            command: command.to_owned(),
            started: self.now,
            due: (!fault.hangs).then(|| later(self.now, takes)),
            finished: None,
            error: None,
            resources: resources.to_vec(),
            effect: fault.error.map_or(effect, Effect::Fail),
            hidden: fault.vanishes,
        };
        let shown = json(&action, self.now);
        self.hetzner.actions.insert(id, action);
        shown
    }
}

/// Far away rather than an overflow.
fn later(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// An action as the vendor shows it.
pub(super) fn json(action: &Action, now: Timestamp) -> Value {
    let status = match (&action.finished, &action.error) {
        (None, _) => "running",
        (Some(_), None) => "success",
        (Some(_), Some(_)) => "error",
    };
    json!({
        "id": action.id,
        "command": action.command,
        "status": status,
        "progress": progress(action, now),
        "started": time(action.started),
        "finished": action.finished.map(time),
        "resources": action.resources.iter().map(resource).collect::<Vec<_>>(),
        "error": action.error.as_ref().map(|error| json!({
            "code": error.code,
            "message": error.message,
        })),
    })
}

fn progress(action: &Action, now: Timestamp) -> i64 {
    let Some(due) = action.due else {
        return if action.running() { 0 } else { 100 };
    };
    if !action.running() {
        return 100;
    }
    let whole = due.as_millisecond() - action.started.as_millisecond();
    let done = now.as_millisecond() - action.started.as_millisecond();
    if whole <= 0 {
        0
    } else {
        (done * 100 / whole).clamp(0, 99)
    }
}

fn resource(resource: &Resource) -> Value {
    let (kind, id) = match resource {
        Resource::Server(id) => ("server", id),
        Resource::Volume(id) => ("volume", id),
        Resource::PrimaryIp(id) => ("primary_ip", id),
        Resource::Image(id) => ("image", id),
    };
    json!({"type": kind, "id": id})
}

/// `GET /actions?id=…`: those that are asked for; the vendor lists no others here.
pub(super) async fn some(call: Call) -> Answer {
    let wanted = call.query.numbers("id")?;
    if wanted.is_empty() {
        return Err(ApiError::invalid_field("id", "is missing"));
    }
    let held = call.hold().await?;
    let found: Vec<Value> = held
        .hetzner
        .actions
        .values()
        .filter(|action| !action.hidden && wanted.contains(&action.id))
        .map(|action| json(action, held.now))
        .collect();
    Ok(Json(json!({ "actions": found })).into_response())
}

/// `GET /actions/{id}` and `GET /servers/actions/{id}`.
pub(super) async fn one(call: Call) -> Answer {
    let id = call.id("action")?;
    find(&call, id, |_| true).await
}

async fn find(call: &Call, id: u64, fits: impl Fn(&Action) -> bool) -> Answer {
    let held = call.hold().await?;
    let action = held
        .hetzner
        .actions
        .get(&id)
        .filter(|action| !action.hidden && fits(action))
        .ok_or_else(|| ApiError::not_found("action", id))?;
    Ok(Json(json!({"action": json(action, held.now)})).into_response())
}

async fn list_of(call: &Call, path: &str, fits: impl Fn(&Action) -> bool) -> Answer {
    let status = call
        .query
        .words("status", &["running", "success", "error"])?;
    let ids = call.query.numbers("id")?;
    let held = call.hold().await?;
    let found = held
        .hetzner
        .actions
        .values()
        .filter(|action| !action.hidden && fits(action))
        .filter(|action| ids.is_empty() || ids.contains(&action.id))
        .map(|action| json(action, held.now))
        .filter(|shown| {
            status.is_empty()
                || shown["status"]
                    .as_str()
                    .is_some_and(|s| status.contains(&s))
        })
        .collect();
    list::answer(&call.query, path, "actions", SORTABLE, found)
}

/// The routes that each kind of resource has for its actions.
macro_rules! of_kind {
    ($all:ident, $own:ident, $own_one:ident, $variant:ident, $plural:literal, $kind:literal, $map:ident) => {
        /// All actions on things of this kind.
        pub(super) async fn $all(call: Call) -> Answer {
            let path = concat!("/", $plural, "/actions");
            list_of(&call, path, |action| {
                action
                    .resources
                    .iter()
                    .any(|r| matches!(r, Resource::$variant(_)))
            })
            .await
        }

        /// All actions on one of them.
        pub(super) async fn $own(call: Call) -> Answer {
            let id = call.id($kind)?;
            if !call.hold().await?.hetzner.$map.contains_key(&id) {
                return Err(ApiError::not_found($kind, id));
            }
            let path = format!(concat!("/", $plural, "/{}/actions"), id);
            list_of(&call, &path, |action| {
                action.concerns(Resource::$variant(id))
            })
            .await
        }

        /// One action on one of them.
        pub(super) async fn $own_one(call: Call) -> Answer {
            let id = call.id($kind)?;
            let action = call.path_number("action_id", "action")?;
            find(&call, action, |action| {
                action.concerns(Resource::$variant(id))
            })
            .await
        }
    };
}

of_kind!(
    of_servers,
    of_server,
    of_server_one,
    Server,
    "servers",
    "server",
    servers
);
of_kind!(
    of_volumes,
    of_volume,
    of_volume_one,
    Volume,
    "volumes",
    "volume",
    volumes
);
of_kind!(
    of_addresses,
    of_address,
    of_address_one,
    PrimaryIp,
    "primary_ips",
    "primary IP",
    addresses
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_goes_from_nothing_to_all() {
        let started = Timestamp::from_second(1000).unwrap();
        let at = |s: i64| Timestamp::from_second(1000 + s).unwrap();
        let mut action = Action {
            id: 1,
            command: "x".to_owned(),
            started,
            due: Some(at(10)),
            finished: None,
            error: None,
            resources: vec![Resource::Server(7)],
            effect: Effect::None,
            hidden: false,
        };
        assert_eq!(progress(&action, at(0)), 0);
        assert_eq!(progress(&action, at(5)), 50);
        assert_eq!(
            progress(&action, at(30)),
            99,
            "all is only said of what is finished"
        );
        action.finished = Some(at(10));
        let shown = json(&action, at(30));
        assert_eq!(
            (&shown["progress"], &shown["status"]),
            (&json!(100), &json!("success"))
        );
        assert_eq!(shown["finished"], "1970-01-01T00:16:50Z");
        action.error = Some(crate::faults::ActionError::default());
        assert_eq!(json(&action, at(30))["status"], "error");
    }
}
