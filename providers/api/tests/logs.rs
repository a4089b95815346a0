//! No secret is logged. Alone in its process: which log a call goes to is decided once for all
//! threads, so other tests beside it would decide now and then.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use common::*;
use serde_json::json;
use std::io::Write;
use std::sync::{Arc, Mutex};
use wiremock::ResponseTemplate;

/// Everything that is logged, as text.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn logs_are_redacted() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let body = json!({ "server": { "id": 42 }, "root_password": "pa55word-back" });
    let vendor = always(ResponseTemplate::new(201).set_body_json(body)).await;
    client(&vendor.uri(), quick()).send(&order()).await.unwrap();
    drop(guard);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    // the bodies were logged, so there was something to hide
    assert!(log.contains("web-1") && log.contains("[redacted]"), "{log}");
    assert_clean(&log);
}
