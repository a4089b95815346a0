//! The HTTP core against connections that are refused, lost, or led astray.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use common::*;
use provision_api::ErrorKind;
use provision_api::http::*;
use serde_json::json;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

fn get() -> Request {
    Request::get("/thing", "read the thing")
}

fn post() -> Request {
    Request::post("/thing", "make a thing")
        .json(&json!({}))
        .unwrap()
}

/// A server that reads a request, writes this, and hangs up; and how often it was asked.
async fn that_hangs_up(says: &'static str) -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            if stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                counter.fetch_add(1, Ordering::SeqCst);
            }
            let _ = stream.write_all(says.as_bytes()).await;
        }
    });
    (uri, asked)
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_only_where_that_is_harmless() {
    let begun = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"n\":";
    for says in ["", begun] {
        let (uri, asked) = that_hangs_up(says).await;
        let http = client(&uri, quick());
        let error = http.send(&post()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unavailable);
        assert!(
            error.message.contains("was lost before the answer came"),
            "{error}"
        );
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        http.send(&get()).await.unwrap_err();
        assert_eq!(asked.load(Ordering::SeqCst), 6);
    }
}

#[tokio::test]
async fn a_connection_that_is_refused_took_no_effect() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let http = client(&uri, quick());
    let error = http.send(&post()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(
        error.message.starts_with("cannot connect to 127.0.0.1: "),
        "{error}"
    );
    assert!(error.message.ends_with("(tried 5 times)"), "{error}");
}

#[tokio::test]
async fn tls_is_verified() {
    // a server that speaks no TLS stands for one that cannot prove itself
    let (uri, _) = that_hangs_up("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    let http = client(&uri.replace("http:", "https:"), quick());
    let error = http.send(&get()).await.unwrap_err();
    assert!(
        error.message.starts_with("cannot connect to 127.0.0.1"),
        "{error}"
    );
}

/// Loopback is reached without the proxy that the environment names. The environment of this
/// process cannot be changed safely, so the test runs itself again with another one.
#[test]
fn loopback_needs_no_proxy() {
    const PROXY: &str = "http://127.0.0.1:9";
    if std::env::var("http_proxy").is_ok_and(|proxy| proxy == PROXY) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let server = MockServer::start().await;
            let good = ResponseTemplate::new(200).set_body_json(json!({}));
            Mock::given(any()).respond_with(good).mount(&server).await;
            client(&server.uri(), quick()).send(&get()).await.unwrap();
        });
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "loopback_needs_no_proxy"])
        .envs([
            ("http_proxy", PROXY),
            ("HTTP_PROXY", PROXY),
            ("ALL_PROXY", PROXY),
        ])
        .env_remove("no_proxy")
        .env_remove("NO_PROXY")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}
