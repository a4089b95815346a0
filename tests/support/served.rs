//! A sandbox that is served: what it printed, and requests to it as any other client sends them.

use super::interrupt;
use serde_json::Value;
use std::process::{Child, Command};

/// A running `provision sandbox`.
pub(crate) struct Served {
    pub(super) child: Child,
    pub(super) environment: Value,
}

impl Served {
    /// One of the variables that it printed.
    pub(crate) fn variable(&self, name: &str) -> String {
        self.environment[name].as_str().unwrap().to_owned()
    }

    /// Makes a client of the vendor's use it.
    pub(crate) fn enter(&self, command: &mut Command) {
        for (name, value) in self.environment.as_object().unwrap() {
            command.env(name, value.as_str().unwrap());
        }
    }

    /// One request to Hetzner's face; `null` is no body.
    #[track_caller]
    pub(crate) fn hetzner(&self, method: &str, path: &str, body: &Value) -> Value {
        self.request("HCLOUD_ENDPOINT", method, path, body)
    }

    /// One request to the sandbox itself; `null` is no body.
    #[track_caller]
    pub(crate) fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        self.request("PROVISION_SANDBOX_CONTROL", method, path, body)
    }

    /// From now on the machines that there are misbehave like that.
    pub(crate) fn spoil(&self, faults: &Value) {
        let machines = self.control("GET", "/machines", &Value::Null);
        for machine in machines["machines"].as_array().unwrap() {
            let id = machine["id"].as_str().unwrap();
            self.control("POST", &format!("/machines/{id}/faults"), faults);
        }
    }

    /// How often the only fault that is armed has hit.
    pub(crate) fn hits(&self) -> u64 {
        let faults = self.control("GET", "/faults", &Value::Null);
        faults["faults"][0]["hit"].as_u64().unwrap()
    }

    /// How many orders of what that path makes are over at the vendor, whatever came of them.
    pub(crate) fn carried_out(&self, path: &str) -> usize {
        let last = path.rsplit('/').next().unwrap();
        let requests = self.control("GET", "/requests", &Value::Null);
        let requests = requests["requests"].as_array().unwrap().iter();
        let is_order =
            |one: &&Value| one["method"] == "POST" && one["path"].as_str().unwrap().ends_with(last);
        requests.filter(is_order).count()
    }

    #[track_caller]
    fn request(&self, base: &str, method: &str, path: &str, body: &Value) -> Value {
        let url = self.variable(base) + path;
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (status, text) = runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let mut request = client
                .request(method.parse().unwrap(), url)
                .bearer_auth(self.variable("HCLOUD_TOKEN"));
            if !body.is_null() {
                request = request.json(body);
            }
            let answer = request.send().await.unwrap();
            (answer.status(), answer.text().await.unwrap())
        });
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        interrupt(self.child.id());
        let _ = self.child.wait();
    }
}
