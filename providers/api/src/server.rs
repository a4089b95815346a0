//! Servers as the cloud tells of them, and the proof that one is ours.

mod bear;

pub use bear::Looks;

use crate::{Arch, HostName, Marks, Owner, ServerId};
use ipnet::Ipv6Net;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A server as the cloud tells of it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// The vendor's id.
    pub id: ServerId,
    /// Its name at the vendor.
    pub name: String,
    /// What it is doing.
    pub status: ServerStatus,
    /// Its public IPv4 address.
    pub ipv4: Option<Ipv4Addr>,
    /// Its public IPv6 prefix (`2001:db8:1::/64`).
    pub ipv6: Option<Ipv6Net>,
    /// The next hop to the world for IPv6, where the vendor tells of it; it may lie outside of
    /// the prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway6: Option<Ipv6Addr>,
    /// The vendor's name of its type.
    pub server_type: String,
    /// The vendor's name of its place.
    pub location: String,
    /// Its processor.
    pub arch: Arch,
    /// When it was made.
    pub created: Timestamp,
    /// Whether a rescue system is armed for its next boot.
    pub rescue_armed: bool,
    /// Whether the vendor refuses to delete it.
    pub protected: bool,
    /// What is written on it, if it is a mark of `provision` (whoever's).
    pub marks: Option<Marks>,
    /// Why something on it that looks like a mark of `provision` is not taken for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
    /// Every label on it, ours and foreign, where the vendor has labels; else empty.
    ///
    /// Who replaces the marks keeps the foreign ones.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// What a server is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerStatus {
    /// It is being made or is starting.
    Starting,
    /// It is on.
    Running,
    /// It is off.
    Off,
    /// It is being deleted.
    Deleting,
    /// The vendor is writing an image to its disk.
    Rebuilding,
    /// The vendor gave up on it.
    Failed,
    /// A word that this program does not know.
    Other(String),
}

/// A server that bears our mark.
///
/// Whatever changes or deletes a server takes this, and only a check of the marks makes it:
/// a server without our mark cannot be touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedServer {
    server: Server,
    marks: Marks,
}

/// Why a server is not ours to touch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("server {name} ({id}) is not ours: {why}")]
pub struct NotOurs {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: ServerId,
    /// What the marks say.
    pub why: String,
}

impl OwnedServer {
    /// Checks the marks on the server.
    pub fn claim(server: Server, owner: &Owner) -> Result<Self, NotOurs> {
        let why = match &server.marks {
            Some(marks) if marks.owner == *owner => {
                let marks = marks.clone();
                return Ok(Self { server, marks });
            }
            Some(marks) => format!("it belongs to {}", marks.owner),
            None => match &server.doubt {
                Some(doubt) => doubt.clone(),
                None => "it bears no mark of provision".to_owned(),
            },
        };
        Err(NotOurs {
            name: server.name,
            id: server.id,
            why,
        })
    }

    /// Checks the server as it is now: the view that it was claimed by may be old, and by now
    /// another owner may have it, or another run of the same owner. Answers with it as it is now.
    pub fn still(&self, now: Server) -> Result<Self, NotOurs> {
        let (id, name) = (now.id.clone(), now.name.clone());
        let refuse = |by_now: String| NotOurs {
            name,
            id,
            why: format!("it is not {} any more: {by_now}", self.marks.whose()),
        };
        match Self::claim(now, &self.marks.owner) {
            Ok(own) if own.marks.same_server(&self.marks) => Ok(own),
            Ok(other) => Err(refuse(format!("it is {}", other.marks.whose()))),
            Err(not_ours) => Err(refuse(not_ours.why)),
        }
    }

    /// The vendor's id.
    pub fn id(&self) -> &ServerId {
        &self.server.id
    }

    /// What the cloud said of it.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// What is written on it.
    pub fn marks(&self) -> &Marks {
        &self.marks
    }
}

/// Something of ours that can outlive its server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftover {
    /// What it is.
    pub kind: LeftoverKind,
    /// The vendor's id.
    pub id: String,
    /// Its name at the vendor.
    pub name: String,
    /// Whose it is.
    pub owner: Owner,
    /// The host of the flake that it is for, if a mark on it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostName>,
    /// The server that still uses it, if one does.
    pub in_use_by: Option<ServerId>,
}

/// The kinds of things that can outlive a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LeftoverKind {
    /// A login key; costs nothing.
    Key,
    /// A public address; costs money.
    Address,
    /// A volume; costs money.
    Volume,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Phase, Role};

    pub(super) fn marks(change: impl FnOnce(&mut Marks)) -> Marks {
        let mut marks = Marks {
            owner: "ann".parse().unwrap(),
            run: "r1".parse().unwrap(),
            host: "web-1".parse().unwrap(),
            role: Role::Server,
            phase: Phase::Created,
            expires: None,
            host_key: None,
            lease: None,
        };
        change(&mut marks);
        marks
    }

    pub(super) fn server(marks: Option<Marks>) -> Server {
        Server {
            id: ServerId::new("7"),
            name: "web-1".to_owned(),
            status: ServerStatus::Running,
            ipv4: None,
            ipv6: None,
            gateway6: None,
            server_type: String::new(),
            location: String::new(),
            arch: Arch::X86_64,
            created: Timestamp::UNIX_EPOCH,
            rescue_armed: false,
            protected: false,
            marks,
            doubt: None,
            labels: BTreeMap::new(),
        }
    }

    pub(super) fn owned(marks: Marks) -> OwnedServer {
        let owner = marks.owner.clone();
        OwnedServer::claim(server(Some(marks)), &owner).unwrap()
    }

    #[test]
    fn a_server_that_changed_hands_is_not_ours() {
        type Change = fn(&mut Marks);
        let then = owned(marks(|_| ()));
        let cases: [(Change, Option<&str>); 7] = [
            (|_| (), None),
            (|marks| marks.phase = Phase::Proven, None),
            (|marks| marks.expires = Some(Timestamp::UNIX_EPOCH), None),
            (|marks| marks.owner = "bob".parse().unwrap(), Some("bob")),
            (|marks| marks.run = "r2".parse().unwrap(), Some("of run r2")),
            (|marks| marks.host = "web-2".parse().unwrap(), Some("web-2")),
            (|marks| marks.role = Role::Test, Some("test")),
        ];
        for (change, why) in cases {
            let found = then.still(server(Some(marks(change))));
            let found = found.map_err(|not_ours| not_ours.to_string());
            match (found, why) {
                (Ok(_), None) => {}
                (Err(found), Some(why)) => assert!(found.contains(why), "{found}"),
                other => panic!("{other:?}"),
            }
        }
        let bare = then.still(server(None)).unwrap_err();
        assert!(bare.why.contains("no mark"), "{bare}");
    }
}
