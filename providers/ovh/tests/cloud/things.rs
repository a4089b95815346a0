//! Things that several of the tests say or want.

use crate::stub::*;
use provision_api::{Accepted, Intent};
use serde_json::{Value, json};

pub(crate) const INSTANCES: &str = "/cloud/project/p1/instance";
pub(crate) const KEYS: &str = "/cloud/project/p1/sshkey";

/// An instance as the list has it.
pub(crate) fn listed(change: impl FnOnce(&mut Value)) -> Value {
    let mut instance = said("GET /cloud/project/p1/instance")[0].take();
    instance["name"] = json!(RAW);
    change(&mut instance);
    instance
}

pub(crate) async fn list(stub: &Stub, instances: Value) {
    stub.instead(get(INSTANCES), ok(instances)).await;
}

pub(crate) const INSTANCE: &str = "/cloud/project/p1/instance/i-1";

pub(crate) fn tasks(accepted: &Accepted) -> Vec<&str> {
    accepted.tasks.iter().map(|task| task.id.as_str()).collect()
}

pub(crate) fn rescue() -> Intent {
    Intent::InRescue { keys: Vec::new() }
}

pub(crate) fn rebuilt() -> Intent {
    Intent::Rebuilt {
        image: "Debian 13".to_owned(),
        user_data: "#cloud-config\n".into(),
        keys: Vec::new(),
    }
}
