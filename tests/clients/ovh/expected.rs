//! What the sessions ask for, and what they have to see.

use crate::seen::public_key;
use serde_json::{Value, json};

pub(crate) const VPS: &str = "vps-0a1b2c3d.vps.ovh.net";
pub(crate) const OTHER_VPS: &str = "vps-0a1b2c3e.vps.ovh.net";
pub(crate) const LEGACY: &str = "ns3000001.ip-203-0-113.eu";
pub(crate) const UEFI: &str = "ns3000002.ip-198-51-100.eu";

/// A session, what it wants, and what it sees.
pub(crate) type Session = (&'static str, Value, Value);

pub(crate) fn cloud() -> Session {
    let wanted = json!({
        "region": "GRA11", "flavor": "d2-2", "image": "Debian 13", "name": "web-1",
        "other_name": "web-1, renamed", "key_name": "a-key", "public_key": public_key(),
    });
    let seen = json!({
        "project": "ok",
        "region is there": true,
        "flavor": { "available": true, "osType": "linux", "region": "GRA11", "vcpus": 1 },
        "image": { "region": "GRA11", "user": "debian" },
        "key": public_key(),
        "keys": ["a-key"],
        "instance": { "name": "web-1", "region": "GRA11", "flavor": "d2-2", "image": "Debian 13",
            "key": "a-key", "versions": [4, 6] },
        "instances": ["web-1"],
        "renamed": "web-1, renamed",
        "rescue": { "password": true, "shown while there": true, "shown afterwards": false },
        "left": [],
    });
    ("cloud", wanted, seen)
}

pub(crate) fn vps() -> Session {
    let wanted = json!({ "service": VPS, "image": "Debian 13", "public_key": public_key() });
    let seen = json!({
        "is there": true,
        "contract": "ok",
        "before": { "name": VPS, "netbootMode": "local", "state": "running" },
        "versions": ["v4", "v6"],
        "gateways": true,
        "tags": tags(),
        "rescue": ["rebootVm", "rescue", "rescued"],
        "back": ["rebootVm", "local", "running"],
        "rebuilt": ["reinstallVm", "running", "Debian 13"],
    });
    ("vps", wanted, seen)
}

pub(crate) fn dedicated(service: &str, firmware: &str) -> Session {
    let wanted = json!({ "service": service, "public_key": public_key() });
    let seen = json!({
        "is there": true,
        "contract": "ok",
        "before": { "name": service, "powerState": "poweron", "state": "ok" },
        "firmware": firmware,
        "address": true,
        "tags": tags(),
        "kinds": ["rescue"],
        "armed": [true, true, "hardReboot"],
        "back": [true, "hardReboot"],
    });
    ("dedicated", wanted, seen)
}

/// Two, then one, then those of before.
fn tags() -> Value {
    json!([
        { "provision/owner": "me", "provision/run": "a b" },
        { "provision/owner": "me" },
        true,
    ])
}

/// How the world has to be made for what is refused in it.
pub(crate) fn refusing_world() -> Value {
    let key = |name: &str, status: &str| json!({ "key": name, "status": status });
    let read = json!([{ "method": "GET", "path": "/*" }]);
    json!({ "ovh": {
        "consumer_keys": [
            key("expired-key", "expired"),
            key("pending-key", "pendingValidation"),
            { "key": "read-only-key", "rules": read },
        ],
        "vps": [{ "name": OTHER_VPS, "status": "expired" }],
    } })
}

pub(crate) fn refusals() -> Session {
    let wanted = json!({
        "expired": "expired-key", "pending": "pending-key", "read_only": "read-only-key",
        "suspended": OTHER_VPS, "public_key": public_key(),
    });
    let credential = json!(["InvalidCredential", 403, "INVALID_CREDENTIAL"]);
    let late = json!(["BadParametersError", 400, "QUERY_TIME_OUT"]);
    let missing = json!(["ResourceNotFoundError", 404, null]);
    let seen = json!({
        "wrong secret": ["BadParametersError", 400, "INVALID_SIGNATURE"],
        "unknown application": ["InvalidKey", 403, "INVALID_KEY"],
        "unknown consumer key": credential,
        "expired consumer key": credential,
        "pending consumer key": credential,
        "clock slow": late,
        "clock fast": late,
        "not granted": ["NotGrantedCall", 403, "NOT_GRANTED_CALL"],
        "not ours": missing,
        "no such instance": missing,
        "no such vps": missing,
        "no such dedicated": missing,
        "suspended vps": ["ResourceExpiredError", 460, null],
        "wrong client secret": ["OAuth2FailureError"],
        "unknown client": ["OAuth2FailureError"],
    });
    ("refusals", wanted, seen)
}
