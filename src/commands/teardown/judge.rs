//! Which servers are meant, and which of those stay all the same.

use crate::cli::Teardown;
use crate::clouds::Cloud;
use crate::context::Context;
use jiff::{SignedDuration, Timestamp};
use provision_api::{HostName, OwnedServer, Role, RunId, Server, ServerId};
use serde::Serialize;

/// A server counts as expired this long after its time: vendors' times are whole seconds, and
/// whoever is about to give it a new end may still be under way.
const GRACE: SignedDuration = SignedDuration::from_secs(60);

/// What becomes of a server of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is removed.
    Goes,
    /// It is not what the flags mean.
    Stays,
    /// It is what they mean, and stays because of this.
    Kept(String),
}

/// Something that is meant, or may be, and stays.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Kept {
    pub(super) name: String,
    pub(super) provider: String,
    pub(super) id: ServerId,
    pub(super) why: String,
}

/// Judges by what is written on the server; `now` is the vendor's time, if that is known.
pub(super) fn judge(flags: &Teardown, server: &OwnedServer, now: Option<Timestamp>) -> Verdict {
    if flags.expired {
        return by_time(server, now);
    }
    let marks = server.marks();
    if is_meant(flags, &marks.run, &marks.host, marks.role) {
        Verdict::Goes
    } else {
        Verdict::Stays
    }
}

/// Whether a server of that run, for that host, in that role is what the flags mean, whatever its
/// time.
pub(super) fn is_meant(flags: &Teardown, run: &RunId, host: &HostName, role: Role) -> bool {
    let is_named = flags.hosts.contains(host);
    match &flags.run {
        Some(wanted) => run == wanted,
        None if flags.test => role == Role::Test && (flags.hosts.is_empty() || is_named),
        None => role == Role::Server && is_named,
    }
}

/// Where nobody can tell the time, nothing is over.
fn by_time(server: &OwnedServer, now: Option<Timestamp>) -> Verdict {
    let marks = server.marks();
    let (Some(end), Some(now)) = (marks.expires, now) else {
        return Verdict::Stays;
    };
    // an end so far ahead that a minute more is no date any more is not over
    let is_over = end.checked_add(GRACE).is_ok_and(|over| over < now);
    match marks.lease_at(Some(now)) {
        _ if !is_over => Verdict::Stays,
        Some(lease) => Verdict::Kept(format!("its time is over, but {lease}")),
        None => Verdict::Goes,
    }
}

impl Kept {
    /// What looks as if it were somebody's, and cannot be read: nobody's teardown takes it.
    pub(super) fn doubtful(cloud: &Cloud, servers: &[Server]) -> Vec<Self> {
        let kept = |server: &Server| {
            Some(Self {
                name: server.name.clone(),
                provider: cloud.name().to_owned(),
                id: server.id.clone(),
                why: server.doubt.clone()?,
            })
        };
        servers.iter().filter_map(kept).collect()
    }

    /// Says that it stays.
    pub(super) fn said(
        context: &Context,
        cloud: &Cloud,
        server: &OwnedServer,
        why: String,
    ) -> Self {
        let name = server.server().name.clone();
        context.teller.note(format!("{name} stays: {why}"));
        Self {
            name,
            provider: cloud.name().to_owned(),
            id: server.id().clone(),
            why,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use provision_api::{Arch, Lease, Marks, Phase, ServerStatus};

    const NOW: i64 = 1_783_670_400;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(NOW + seconds).unwrap()
    }

    fn server(role: Role, expires: Option<Timestamp>, lease: Option<i64>) -> OwnedServer {
        let owner = "me".parse().unwrap();
        let marks = Marks {
            owner,
            run: "r1".parse().unwrap(),
            host: "web-1".parse().unwrap(),
            role,
            phase: Phase::Created,
            expires,
            host_key: None,
            lease: lease.map(|seconds| Lease {
                until: at(seconds),
                run: "r2".parse().unwrap(),
            }),
        };
        let server = Server {
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
            marks: Some(marks),
            doubt: None,
            labels: std::collections::BTreeMap::new(),
        };
        OwnedServer::claim(server, &"me".parse().unwrap()).unwrap()
    }

    fn flags(change: impl FnOnce(&mut Teardown)) -> Teardown {
        let mut flags = Teardown {
            hosts: Vec::new(),
            test: false,
            expired: true,
            run: None,
            rented: crate::cli::Rented::Leave,
            yes: true,
        };
        change(&mut flags);
        flags
    }

    #[test]
    fn only_what_is_over_and_nobodys_work_goes() {
        let kept = Verdict::Kept(format!(
            "its time is over, but run r2 is at work on it until {}",
            at(10)
        ));
        for (expires, lease, expected) in [
            (None, None, Verdict::Stays),
            (None, Some(-10), Verdict::Stays),
            (Some(at(3600)), None, Verdict::Stays),
            (Some(at(0)), None, Verdict::Stays),
            (Some(at(-60)), None, Verdict::Stays),
            (Some(at(-61)), None, Verdict::Goes),
            (Some(at(-86_400)), None, Verdict::Goes),
            (Some(Timestamp::MAX), None, Verdict::Stays),
            (Some(at(-61)), Some(10), kept.clone()),
            (Some(at(-86_400)), Some(10), kept),
            (Some(at(-61)), Some(0), Verdict::Goes),
            (Some(at(-61)), Some(-10), Verdict::Goes),
            // no run takes one for so long
            (Some(at(-61)), Some(86_400), Verdict::Goes),
            (Some(at(61)), Some(10), Verdict::Stays),
        ] {
            for role in [Role::Server, Role::Test] {
                let server = server(role, expires, lease);
                let found = judge(&flags(|_| ()), &server, Some(at(0)));
                assert_eq!(found, expected, "{expires:?} {lease:?}");
                let timeless = judge(&flags(|_| ()), &server, None);
                assert_eq!(timeless, Verdict::Stays, "nobody told the time");
            }
        }
    }

    #[test]
    fn what_is_named_goes_whatever_the_time() {
        let named = |flags: &mut Teardown| {
            flags.expired = false;
            flags.hosts = vec!["web-1".parse().unwrap()];
        };
        let alive = server(Role::Server, Some(at(3600)), Some(10));
        assert_eq!(judge(&flags(named), &alive, None), Verdict::Goes);
        let test = server(Role::Test, None, None);
        assert_eq!(judge(&flags(named), &test, None), Verdict::Stays);
        let tests = flags(|flags| (flags.expired, flags.test) = (false, true));
        assert_eq!(judge(&tests, &test, None), Verdict::Goes);
        assert_eq!(judge(&tests, &alive, None), Verdict::Stays);
    }
}
