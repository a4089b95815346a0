//! Public Cloud: instances by the hour, in one project.

mod project;

use super::Routes;
use crate::world::Held;
use axum::Router;
use axum::routing::get;

pub(crate) use project::Project;

/// Below `/1.0`.
pub(super) fn routes() -> Routes {
    Router::new()
        .route("/cloud/project", get(project::all))
        .route("/cloud/project/{service}", get(project::one))
}

/// Lets everything happen that is due; whether anything did.
#[expect(clippy::unused_async, reason = "no instances yet")]
pub(super) async fn settle(_: &mut Held<'_>) -> bool {
    false
}

/// A point in time, to the second.
fn time(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
