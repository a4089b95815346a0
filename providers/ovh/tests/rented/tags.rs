//! The vendor's access management: tags that are written are told of the service from then on.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use wiremock::{Request, Respond, ResponseTemplate};

/// The tags that were written, by resource.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tags(Arc<Mutex<BTreeMap<String, Value>>>);

impl Respond for Tags {
    /// A resource with the tags that were sent.
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut sent: Value = serde_json::from_slice(&request.body).unwrap();
        let tags = sent["tags"].take();
        let urn = request.url.path().rsplit('/').next().unwrap();
        let urn = urn.replace("%3A", ":");
        self.0.lock().unwrap().insert(urn.clone(), tags.clone());
        ResponseTemplate::new(200).set_body_json(json!({
            "id": "0b3d1f0e-6c2c-4b7e-9d5e-3f4a5b6c7d8e",
            "urn": urn,
            "name": "test",
            "tags": tags,
        }))
    }
}

/// An answer that tells the tags of its service as they are by then.
pub(crate) struct Dressed {
    body: Value,
    tags: Tags,
}

impl Dressed {
    pub(crate) fn new(body: &Value, tags: &Tags) -> Self {
        Self {
            body: body.clone(),
            tags: tags.clone(),
        }
    }
}

impl Respond for Dressed {
    fn respond(&self, _request: &Request) -> ResponseTemplate {
        let mut body = self.body.clone();
        let tags = self.tags.0.lock().unwrap();
        let urn = body.pointer("/iam/urn").and_then(Value::as_str);
        if let Some(tags) = urn.and_then(|urn| tags.get(urn)).cloned() {
            body["iam"]["tags"] = tags;
        }
        ResponseTemplate::new(200).set_body_json(body)
    }
}
