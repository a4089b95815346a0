//! Machines that misbehave from a moment on, and those that are still to be made.

use crate::lab::Served;
use serde_json::{Value, json};

/// All of them, like that.
pub(crate) fn all(served: &Served, faults: &Value) {
    let rule = json!([{ "name": "*", "faults": faults }]);
    served.control("POST", "/machine-faults", &rule);
    served.spoil(faults);
}

/// None of them any more.
pub(crate) fn none(served: &Served) {
    served.control("POST", "/machine-faults", &json!([]));
    served.spoil(&json!({}));
}
