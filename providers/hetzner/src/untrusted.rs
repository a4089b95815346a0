//! Every reader and converter over bytes that anybody may have sent, for property tests and fuzz
//! targets: none of them may panic, whatever the vendor (or who stands in its place) answers.

use crate::convert::{catalog, labels, progress, server, tasks};
use crate::dialect::Hetzners;
use crate::wire::{
    Action, ActionAnswer, Actions, ConsoleAnswer, CreateAnswer, Held, KeyAnswer, Keys, Page,
    PricingAnswer, PrimaryIps, ServerAnswer, ServerTypes, Servers, Volumes,
};
use provision_api::http::{Answer, Dialect as _, HeaderMap, HeaderValue, StatusCode};
use provision_api::{OwnedServer, Server};
use serde::de::DeserializeOwned;

/// Reads the bytes as every kind of answer, and converts what can be read.
///
/// # Panics
///
/// If what was converted contradicts itself.
pub fn answers(bytes: &[u8]) {
    servers(bytes);
    actions(bytes);
    things(bytes);
    if let (Some(types), Some(pricing)) = (page::<ServerTypes>(bytes), read::<PricingAnswer>(bytes))
        && let Ok(catalog) = catalog(types, &pricing.pricing)
    {
        let named = catalog.types.iter();
        named.for_each(|kind| assert!(catalog.server_type(&kind.name).is_some()));
    }
    problems(bytes);
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}

fn page<P: Page>(bytes: &[u8]) -> Option<Vec<P::Item>> {
    Some(read::<P>(bytes)?.turn().0)
}

fn servers(bytes: &[u8]) {
    let mut all = page::<Servers>(bytes).unwrap_or_default();
    all.extend(read::<ServerAnswer>(bytes).map(|answer| answer.server));
    if let Some(answer) = read::<CreateAnswer>(bytes) {
        all.push(answer.server);
        told(std::iter::once(answer.action).chain(answer.next_actions));
    }
    for wire in &all {
        is_whole(server(wire));
    }
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

fn actions(bytes: &[u8]) {
    told(page::<Actions>(bytes).unwrap_or_default());
    told(read::<ActionAnswer>(bytes).and_then(|answer| answer.action));
}

fn told(actions: impl IntoIterator<Item = Action>) {
    let actions: Vec<Action> = actions.into_iter().collect();
    for action in &actions {
        let _ = format!("{:?}", progress(action));
    }
    let _ = tasks(actions).map_err(|error| error.to_string());
}

fn things(bytes: &[u8]) {
    let _ = page::<Keys>(bytes);
    let _ = read::<KeyAnswer>(bytes);
    let _ = page::<PrimaryIps>(bytes);
    let _ = page::<Volumes>(bytes);
    let _ = read::<Held>(bytes).map(|held| held.by());
    let _ = read::<ConsoleAnswer>(bytes);
}

/// Errors, and what headers tell of limits.
fn problems(bytes: &[u8]) {
    let dialect = Hetzners {
        token_source: "nowhere".to_owned(),
    };
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(bytes.get(..32).unwrap_or(bytes)) {
        for name in [
            "ratelimit-limit",
            "ratelimit-remaining",
            "ratelimit-reset",
            "date",
            "retry-after",
            "x-correlation-id",
            "content-type",
        ] {
            headers.insert(name, value.clone());
        }
    }
    let _ = dialect.rate(&headers);
    for status in [400, 401, 404, 409, 423, 429, 500, 503] {
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap_or_default(),
            headers: headers.clone(),
            body: bytes.to_vec(),
        };
        let _ = dialect.classify("look", &answer).error.to_string();
        let _ = answer.retry_after();
    }
}

#[cfg(test)]
mod tests;
