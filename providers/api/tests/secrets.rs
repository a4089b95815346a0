//! What goes out is proven and witnessed, and no secret of it comes back in an error or a log.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use async_trait::async_trait;
use common::*;
use provision_api::http::*;
use provision_api::{Result, http};
use secrecy::SecretString;
use serde_json::json;
use std::sync::{Arc, Mutex};
use wiremock::ResponseTemplate;

#[tokio::test]
async fn errors_are_redacted() {
    for leak in [
        format!("bad header Authorization: Bearer {TOKEN}"),
        format!("cannot parse user_data near 'ed25519_private: |' {KEY}"),
        "password hunter2hunter2 is weak".to_owned(),
        "line: b3BlbnNzaC1rZXktdjEAAAAA".to_owned(),
    ] {
        let vendor = always(ResponseTemplate::new(422).set_body_string(leak)).await;
        let error = client(&vendor.uri(), quick())
            .send(&order())
            .await
            .unwrap_err();
        assert!(error.message.contains("[redacted]"), "{error}");
        assert_clean(&format!("{error} {error:?}"));
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_redacted_too() {
    #[derive(Debug, serde::Deserialize)]
    struct Wrong {
        #[serde(rename = "root_password")]
        _password: u32,
    }
    let body = json!({ "root_password": "pa55word-back" });
    let vendor = always(ResponseTemplate::new(200).set_body_json(body)).await;
    let error = client(&vendor.uri(), quick())
        .call::<Wrong>(&order())
        .await
        .unwrap_err();
    assert_clean(&error.to_string());
}

/// Notes what it was given to sign.
#[derive(Debug, Default)]
struct Signer(Mutex<Vec<String>>);

#[async_trait]
impl Authenticate for Signer {
    async fn authenticate(&self, outgoing: &mut Outgoing<'_>) -> Result<()> {
        let body = String::from_utf8(outgoing.body.to_vec()).unwrap();
        let mut signed = self.0.lock().unwrap();
        signed.push(format!("{} {} {body}", outgoing.method, outgoing.url));
        let number = http::HeaderValue::from(signed.len());
        outgoing.headers.insert("x-signature", number);
        Ok(())
    }

    fn secrets(&self) -> Vec<SecretString> {
        Vec::new()
    }
}

#[tokio::test]
async fn a_signature_covers_what_is_sent_and_is_fresh_each_try() {
    let vendor = always(ResponseTemplate::new(503)).await;
    let signer = Arc::new(Signer::default());
    let limits = Limits {
        tries: 3,
        ..quick()
    };
    let http = Http::new(Settings {
        authenticate: signer.clone(),
        ..settings(&format!("{}/1.0", vendor.uri()), limits)
    })
    .unwrap();
    let request = Request::put("/vps/x", "set")
        .query("a", "b c")
        .json(&json!({ "n": 1 }))
        .unwrap();
    http.send(&request).await.unwrap_err();
    let sent: Vec<String> = vendor
        .received_requests()
        .await
        .unwrap()
        .iter()
        .map(|request| {
            let body = String::from_utf8(request.body.clone()).unwrap();
            format!("{} {} {body}", request.method, request.url)
        })
        .collect();
    assert_eq!(sent.len(), 3);
    // wiremock tells of the host as it was asked for
    let proven = signer.0.lock().unwrap().clone();
    let tail = |text: &String| text[text.find("/1.0").unwrap()..].to_owned();
    assert_eq!(
        sent.iter().map(tail).collect::<Vec<_>>(),
        proven.iter().map(tail).collect::<Vec<_>>()
    );
    assert_eq!(tail(&sent[0]), "/1.0/vps/x?a=b+c {\"n\":1}");
    let last = vendor.received_requests().await.unwrap().pop().unwrap();
    assert_eq!(last.headers["x-signature"], "3");
}

#[derive(Debug, Default)]
struct Notes(Mutex<Vec<String>>);

impl Witness for Notes {
    fn saw(&self, exchange: &Exchange<'_>) {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        self.0.lock().unwrap().push(format!(
            "{} {} {:?} {} → {} {}",
            exchange.method,
            exchange.path,
            exchange.query,
            text(exchange.request.unwrap_or_default()),
            exchange.status,
            text(exchange.response)
        ));
    }
}

#[tokio::test]
async fn a_witness_sees_every_exchange() {
    let vendor = always(ResponseTemplate::new(503).set_body_string("no")).await;
    let notes = Arc::new(Notes::default());
    let limits = Limits {
        tries: 2,
        ..quick()
    };
    let http = Http::new(Settings {
        witness: Some(notes.clone()),
        ..settings(&vendor.uri(), limits)
    })
    .unwrap();
    let request = Request::put("/x", "set")
        .query("a", "b")
        .json(&json!({ "n": 1 }))
        .unwrap();
    http.send(&request).await.unwrap_err();
    let one = "PUT /x [(\"a\", \"b\")] {\"n\":1} → 503 no";
    assert_eq!(*notes.0.lock().unwrap(), [one, one]);
}
