//! What the vendor answers when it does not do what was asked.

use super::or_default;
use serde::Deserialize;

/// `{"error": {…}}`
#[derive(Debug, Deserialize)]
pub(crate) struct Problem {
    pub(crate) error: Trouble,
}

/// The error's code, message and, sometimes, the fields that it is about.
#[derive(Debug, Deserialize)]
pub(crate) struct Trouble {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) code: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) details: serde_json::Value,
}

impl Trouble {
    /// The fields that are wrong, with what is wrong about them, where the vendor says so.
    pub(crate) fn fields(&self) -> Vec<String> {
        let fields = self.details.get("fields").and_then(|f| f.as_array());
        fields
            .into_iter()
            .flatten()
            .filter_map(|field| {
                let name = field.get("name")?.as_str()?;
                let messages = field.get("messages").and_then(|m| m.as_array());
                let said: Vec<_> = messages
                    .into_iter()
                    .flatten()
                    .filter_map(|m| m.as_str())
                    .collect();
                Some(if said.is_empty() {
                    name.to_owned()
                } else {
                    format!("{name}: {}", said.join(", "))
                })
            })
            .collect()
    }
}
