//! What will be done, paid for and wiped: decided before any of it happens.
//!
//! A pure value, made from the host's `host.toml`, the flags and what the cloud answers; making
//! it touches nothing, and what it refuses has cost nothing.

mod choose;
mod known;
mod line;
mod rented;
mod wishes;

pub use choose::{Choice, choices};
pub use known::rank;
pub use wishes::Wishes;

use crate::cli::UpFlags;
use crate::failure::{Exit, Failure, Outcome};
use crate::host::Host;
use jiff::SignedDuration;
use provision_api::{
    Capabilities, Catalog, HostName, OwnedServer, Owner, Phase, RebuildKey, Role, RunId, Server,
    ServerId, ServerStatus,
};

/// A test machine lives this long unless `--ttl` says otherwise.
const TEST_TTL: SignedDuration = SignedDuration::from_hours(2);

/// What will be done for one host.
#[derive(Debug, Clone)]
pub struct HostPlan {
    /// The host of the flake.
    pub host: Host,
    /// The server's name at the vendor.
    pub name: String,
    /// A server that stays, or a machine for a test.
    pub role: Role,
    /// How long it may live from now on.
    pub ttl: Option<SignedDuration>,
    /// Whether a server that is proven gets a new end, because `--ttl` was given.
    pub renews: bool,
    /// The vendor's image that it is made from.
    pub image: String,
    /// What has to be done.
    pub action: Action,
    /// Servers of ours that are of no use, removed first: more of the same run, which lost answers
    /// have left behind, and one that the vendor gave up making.
    pub surplus: Vec<OwnedServer>,
    /// What the product can do.
    pub able: Capabilities,
    /// Whether a layout against the firmware is installed all the same.
    pub force_layout: bool,
}

/// What has to be done for a host.
#[derive(Debug, Clone)]
pub enum Action {
    /// Nothing exists: one of these is created, the first that can be had.
    Create(Vec<Choice>),
    /// Servers are not created here: this one, which the user rents, is taken over and wiped.
    Adopt(Box<Server>),
    /// It exists and was never proven: go on where it stopped.
    Resume(OwnedServer),
    /// It was proven, and is to be wiped and installed again.
    Reinstall(OwnedServer),
    /// It was proven: nothing is to be done.
    Nothing(OwnedServer),
}

/// What the plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Whose servers.
    pub owner: &'a Owner,
    /// The provider that was chosen, which need not be the one that `host.toml` names.
    pub provider: &'a str,
    /// What the product can do.
    pub capabilities: Capabilities,
    /// What can be had for how much.
    pub catalog: &'a Catalog,
    /// All servers that there are.
    pub servers: &'a [Server],
}

impl HostPlan {
    /// Decides what has to be done for a host.
    pub fn make(host: Host, flags: &UpFlags, known: Known<'_>) -> Outcome<Self> {
        let role = Role::of(flags.test);
        let name = server_name(&host.name, role);
        let ttl = flags
            .ttl
            .or(host.spec.ttl)
            .or((role == Role::Test).then_some(TEST_TTL));
        if let Some(ttl) = ttl {
            is_date(&name, ttl)?;
        }
        if known.capabilities.create && flags.server.is_some() {
            return Err(created_here(&name, known.provider));
        }
        let wishes = Wishes::of(&host, known.provider, flags);
        let existing = known::existing(&host.name, &name, role, known)?;
        let mut surplus = existing.surplus;
        let server = existing.server.and_then(|server| {
            if known.capabilities.create && is_stillborn(&server) {
                surplus.push(server);
                return None;
            }
            Some(server)
        });
        if let Some(server) = &server {
            known::as_wished(server.server(), flags, &wishes)?;
        }
        let action = match server {
            Some(server) if flags.reinstall => Action::Reinstall(server),
            Some(server) if server.marks().phase != Phase::Proven => Action::Resume(server),
            Some(server) => Action::Nothing(server),
            None if known.capabilities.create => {
                Action::Create(choices(&host, &wishes, flags, known.catalog)?)
            }
            None => Action::Adopt(Box::new(rented::named(&name, &wishes, flags, known)?)),
        };
        Ok(Self {
            host,
            name,
            role,
            ttl,
            renews: flags.ttl.is_some(),
            image: wishes.image,
            action,
            surplus,
            able: known.capabilities,
            force_layout: flags.stage.force_layout,
        })
    }

    /// The server that exists already.
    pub fn server(&self) -> Option<&OwnedServer> {
        match &self.action {
            Action::Create(_) | Action::Adopt(_) => None,
            Action::Resume(server) | Action::Reinstall(server) | Action::Nothing(server) => {
                Some(server)
            }
        }
    }

    /// The id of the server that exists, ours already or to be taken over.
    pub fn server_id(&self) -> Option<&ServerId> {
        match &self.action {
            Action::Adopt(server) => Some(&server.id),
            _ => self.server().map(OwnedServer::id),
        }
    }

    /// Its name, and the vendor's where that is another.
    pub fn shown(&self) -> String {
        match self.server_id() {
            Some(id) if !self.able.create => format!("{} ({id})", self.name),
            _ => self.name.clone(),
        }
    }

    /// Whether anything will be done at all.
    pub fn is_work(&self) -> bool {
        !matches!(self.action, Action::Nothing(_)) || !self.surplus.is_empty()
    }

    /// Whether something that exists is wiped.
    pub fn wipes(&self) -> bool {
        matches!(
            self.action,
            Action::Adopt(_) | Action::Resume(_) | Action::Reinstall(_)
        )
    }

    /// Whether the machine may come up with a host key that nobody can know beforehand: then the
    /// first one that is shown is trusted, and the host's identity goes over that connection.
    pub fn trusts_first_use(&self) -> bool {
        match &self.action {
            Action::Create(_) => !self.able.host_key_at_first_boot,
            Action::Adopt(_) => self.able.rebuild_key != RebuildKey::Given,
            Action::Resume(server) => {
                let is_unknown = match self.able.rebuild_key {
                    RebuildKey::Given => false,
                    RebuildKey::Kept => server.marks().host_key.is_none(),
                    RebuildKey::Unknown => true,
                };
                is_unknown && server.marks().phase < Phase::Installed
            }
            Action::Reinstall(server) => match self.able.rebuild_key {
                RebuildKey::Given => false,
                // the key of its creation is spent once the installed system is up
                RebuildKey::Kept => server.marks().phase >= Phase::Installed,
                RebuildKey::Unknown => true,
            },
            Action::Nothing(_) => false,
        }
    }
}

/// The name at the vendor: a test machine never takes the name of a server that stays.
pub fn server_name(host: &HostName, role: Role) -> String {
    match role {
        Role::Server => host.to_string(),
        Role::Test => format!("{host}-test"),
    }
}

/// A new run's id.
pub fn new_run() -> Outcome<RunId> {
    run_begun(jiff::Timestamp::now())
}

/// It is the time: the second, and its part in units of 1/2^20, a microsecond. So runs sort, also
/// those that begin in the same second.
fn run_begun(now: jiff::Timestamp) -> Outcome<RunId> {
    let second = now.strftime("%Y%m%dt%H%M%Sz");
    let part = (i64::from(now.subsec_nanosecond()) << 20) / 1_000_000_000;
    format!("{second}-{part:05x}")
        .parse()
        .map_err(|e| Failure::new(Exit::Other, "cannot name the run", e))
}

/// The vendor gave up making it: nothing can be done with it but to remove it.
fn is_stillborn(server: &OwnedServer) -> bool {
    server.server().status == ServerStatus::Failed && server.marks().phase == Phase::Created
}

fn created_here(name: &str, provider: &str) -> Failure {
    Failure::new(
        Exit::Usage,
        format!("{name}: --server means nothing here"),
        format!("servers of {provider} are created"),
    )
    .mend("leave --server out, or name the product that it is one of: --provider ovh-vps, ovh-dedicated")
}

/// An end after the last date that there is would be no end.
fn is_date(name: &str, ttl: SignedDuration) -> Outcome {
    match jiff::Timestamp::now().checked_add(ttl) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::new(
            Exit::Config,
            format!("{name}: cannot live for {ttl:#}"),
            error,
        )
        .mend("a shorter ttl in host.toml, or none for no end")),
    }
}

#[cfg(test)]
mod tests;
