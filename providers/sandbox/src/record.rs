//! The record of exchanges: whole, but for what is secret, so that tests can hold every one of
//! them against the vendor's schema.

use crate::error::SandboxError;
use crate::files;
use crate::journal::Noted;
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use tokio::sync::Mutex;

/// Fields whose content is nobody's business; null stays null.
const SECRET: &[&str] = &[
    "user_data",
    "userData",
    "configDriveUserData",
    "adminPassword",
    "rescuePassword",
    "access_token",
    "client_secret",
    "root_password",
    "password",
    "private_key",
    "token",
    "wss_url",
];

/// A file that gets one line for each exchange.
#[derive(Debug)]
pub(crate) struct Record {
    file: Mutex<File>,
}

impl Record {
    /// Opens the file, behind what is in it.
    pub(crate) fn open(path: &Path) -> Result<Self, SandboxError> {
        let file = files::private_file(path, true)?;
        Ok(Self {
            file: Mutex::new(file),
        })
    }

    /// Writes an exchange; one that cannot be written is only said, since the request had its
    /// effect already.
    pub(crate) async fn write(
        &self,
        noted: &Noted,
        query: Option<&str>,
        request: &[u8],
        answer: &[u8],
    ) {
        let line = line(noted, query, request, answer);
        // in one call, so that lines of two processes do not mix
        if let Err(error) = self.file.lock().await.write_all(line.as_bytes()) {
            tracing::error!(%error, "an exchange could not be recorded");
        }
    }
}

fn line(noted: &Noted, query: Option<&str>, request: &[u8], answer: &[u8]) -> String {
    let line = json!({
        "method": noted.method,
        "path": noted.path,
        "query": query,
        "request_body": body(request),
        "status": noted.status,
        "response_body": body(answer),
    });
    format!("{line}\n")
}

/// JSON without its secrets; something else by its length alone, since nobody knows what it is.
fn body(content: &[u8]) -> Value {
    if content.is_empty() {
        return Value::Null;
    }
    match serde_json::from_slice::<Value>(content) {
        Ok(mut value) => {
            hide(&mut value);
            value
        }
        Err(_) => Value::String(format!("<{} bytes that are no JSON>", content.len())),
    }
}

fn hide(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if SECRET.contains(&name.as_str()) && !value.is_null() {
                    *value = Value::String("***".to_owned());
                } else {
                    hide(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        // a console's address lets whoever has it in
        Value::String(text) if text.contains("PRIVATE KEY") || text.contains("token=") => {
            "***".clone_into(text);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_wherever_they_are() {
        let noted = Noted {
            method: "POST".to_owned(),
            path: "/hetzner/v1/servers".to_owned(),
            status: Some(201),
            request_id: "x".to_owned(),
        };
        let request = br#"{"name":"a","user_data":"geheim","deep":[{"password":"geheim"}]}"#;
        let answer =
            br#"{"root_password":"geheim","note":"-----BEGIN OPENSSH PRIVATE KEY-----","x":1}"#;
        let line = line(&noted, Some("a=b"), request, answer);
        assert!(
            !line.contains("geheim") && !line.contains("BEGIN"),
            "{line}"
        );
        assert!(line.ends_with('\n') && line.matches('\n').count() == 1);
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["request_body"]["user_data"], "***");
        assert_eq!(value["response_body"]["x"], 1);
        assert_eq!(value["query"], "a=b");
    }

    #[test]
    fn what_is_missing_and_what_is_no_json() {
        assert_eq!(body(b""), Value::Null);
        assert_eq!(
            body(b"{\"root_password\":null}"),
            json!({"root_password": null})
        );
        assert!(body(b"half {").as_str().unwrap().contains("6 bytes"));
    }
}
