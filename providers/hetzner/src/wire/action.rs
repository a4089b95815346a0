//! What the vendor does in the background.

use super::or_default;
use super::page::page;
use serde::Deserialize;

/// One thing that is under way, or was.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Action {
    pub(crate) id: u64,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) command: String,
    /// `running`, `success` or `error`.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) progress: Option<f64>,
    #[serde(default)]
    pub(crate) error: Option<ActionError>,
}

/// Why an action failed.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ActionError {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) code: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) message: String,
}

/// The answer to most changes. Where the vendor's schema does not promise an action there may
/// be none.
#[derive(Debug, Deserialize)]
pub(crate) struct ActionAnswer {
    #[serde(default)]
    pub(crate) action: Option<Action>,
}

/// The answer to `request_console`.
#[derive(Debug, Deserialize)]
pub(crate) struct ConsoleAnswer {
    pub(crate) wss_url: String,
    #[serde(default)]
    pub(crate) password: Option<String>,
}

page! {
    /// `GET /actions` and `GET /servers/{id}/actions`.
    Actions, actions: Action
}
