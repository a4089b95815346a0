//! What a user does at `OVHcloud`: instances that are made, servers that are rented.

mod cloud;
mod dedicated;
mod refused;
mod twice;
mod vps;

use crate::lab::Lab;
use serde_json::Value;

/// The servers of that product that `list` finds.
fn listed(lab: &Lab, provider: &str) -> Vec<Value> {
    let list = lab.json(&format!("list --provider {provider} --sandbox"));
    list["servers"].as_array().unwrap().clone()
}

/// The one server of that product.
#[track_caller]
fn the_one(lab: &Lab, provider: &str) -> Value {
    let mut all = listed(lab, provider);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}
