//! IAM: the labels of rented servers, by their URN.

use super::Routes;
use axum::Router;

/// Below `/v2`.
pub(super) fn routes() -> Routes {
    Router::new()
}
