//! Servers.

use super::labels;
use crate::wire;
use jiff::Timestamp;
use provision_api::{Arch, Server, ServerId, ServerStatus};

/// A server in the project's words.
pub(crate) fn server(wire: &wire::Server) -> Server {
    let (marks, doubt) = match labels::read(&wire.labels) {
        Ok(marks) => (marks, None),
        Err(why) => (None, Some(why)),
    };
    let (ipv4, ipv6) = (&wire.public_net.ipv4, &wire.public_net.ipv6);
    Server {
        id: ServerId::new(wire.id.to_string()),
        name: wire.name.clone(),
        status: status(&wire.status),
        ipv4: ipv4.as_ref().and_then(|address| address.ip.parse().ok()),
        ipv6: ipv6.as_ref().and_then(|address| address.ip.parse().ok()),
        gateway6: None,
        server_type: wire.server_type.name.clone(),
        location: wire.location.name.clone(),
        arch: Arch::from(wire.server_type.architecture.clone()),
        // a server whose age is unknown counts as old, so that nothing treats it as fresh
        created: time(wire.created.as_deref()).unwrap_or(Timestamp::UNIX_EPOCH),
        rescue_armed: wire.rescue_enabled,
        protected: wire.protection.delete,
        marks,
        doubt,
        labels: wire.labels.clone(),
    }
}

fn status(word: &str) -> ServerStatus {
    match word {
        "initializing" | "starting" => ServerStatus::Starting,
        "running" => ServerStatus::Running,
        "off" => ServerStatus::Off,
        "deleting" => ServerStatus::Deleting,
        "rebuilding" => ServerStatus::Rebuilding,
        other => ServerStatus::Other(other.to_owned()),
    }
}

/// RFC 3339, if it is.
pub(crate) fn time(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}
