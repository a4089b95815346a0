//! What will be done, paid for and wiped: decided before any of it happens.
//!
//! A pure value, made from the host's `host.toml`, the flags and what the cloud answers; making
//! it touches nothing, and what it refuses has cost nothing.

mod choose;

pub use choose::{Choice, choices};

use crate::cli::UpFlags;
use crate::failure::{Exit, Failure, Outcome};
use crate::host::Host;
use jiff::SignedDuration;
use provision_api::{
    Capabilities, Catalog, HostName, NotOurs, OwnedServer, Owner, Phase, Role, RunId, Server,
};
use rust_decimal::Decimal;

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
}

/// What has to be done for a host.
#[derive(Debug, Clone)]
pub enum Action {
    /// Nothing exists: one of these is created, the first that can be had.
    Create(Vec<Choice>),
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
        let wishes = Wishes::of(&host, known.provider);
        let found = existing(&host.name, &name, role, known)?;
        if let Some(server) = &found {
            as_wished(server.server(), flags)?;
        }
        let action = match found {
            Some(server) if flags.reinstall => Action::Reinstall(server),
            Some(server) if server.marks().phase != Phase::Proven => Action::Resume(server),
            Some(server) => Action::Nothing(server),
            None if known.capabilities.create => {
                Action::Create(choices(&host, &wishes, flags, known.catalog)?)
            }
            None => {
                return Err(Failure::new(
                    Exit::Refused,
                    format!("{name}: there is no server for it"),
                    "servers of this product cannot be created by API",
                )
                .mend("rent one, and install it by its address: provision install --help"));
            }
        };
        Ok(Self {
            host,
            name,
            role,
            ttl,
            renews: flags.ttl.is_some(),
            image: wishes.image,
            action,
        })
    }

    /// The server that exists already.
    pub fn server(&self) -> Option<&OwnedServer> {
        match &self.action {
            Action::Create(_) => None,
            Action::Resume(server) | Action::Reinstall(server) | Action::Nothing(server) => {
                Some(server)
            }
        }
    }

    /// Whether anything will be done at all.
    pub fn is_work(&self) -> bool {
        !matches!(self.action, Action::Nothing(_))
    }

    /// One line that says what will be done and what it costs.
    pub fn line(&self, currency: &str) -> String {
        let until = self
            .ttl
            .map(|ttl| format!(", removable after {ttl:#}"))
            .unwrap_or_default();
        match &self.action {
            Action::Create(choices) => {
                let first = choices.first().map(Choice::to_string).unwrap_or_default();
                let others = match choices.len() {
                    0 | 1 => String::new(),
                    many => format!(" (or {} more if sold out)", many - 1),
                };
                let price = choices
                    .iter()
                    .map(|c| c.hourly)
                    .max()
                    .unwrap_or(Decimal::ZERO);
                format!(
                    "create {first}{others}, at most {} {currency}/h{until}, install {}, reboot, prove",
                    price.normalize(),
                    self.host.name
                )
            }
            Action::Resume(server) => format!(
                "go on with server {} ({}), stopped when it was {}{until}",
                server.id(),
                server.server().server_type,
                server.marks().phase
            ),
            Action::Reinstall(server) => format!(
                "WIPE server {} ({}), which is {}, and install it again{until}",
                server.id(),
                server.server().server_type,
                server.marks().phase
            ),
            Action::Nothing(server) => {
                let id = server.id();
                if self.renews {
                    format!("set the end of server {id}, which is proven{until}")
                } else {
                    format!("nothing to do: server {id} is proven")
                }
            }
        }
    }
}

/// What `host.toml` asks for at one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wishes {
    /// The section of `host.toml` that says so.
    pub section: &'static str,
    /// Server types, in the order in which they are tried.
    pub types: Vec<String>,
    /// Places, in the order in which they are tried; empty: any.
    pub locations: Vec<String>,
    /// The vendor's image that the server is made from.
    pub image: String,
}

impl Wishes {
    /// What the host wishes at that provider, whichever its `host.toml` names.
    pub fn of(host: &Host, provider: &str) -> Self {
        let (hetzner, ovh) = (&host.spec.hetzner, &host.spec.ovh);
        let (section, types, locations, image) = if provider == "ovh" {
            ("ovh", &ovh.flavors, &ovh.regions, &ovh.image)
        } else {
            (
                "hetzner",
                &hetzner.types,
                &hetzner.locations,
                &hetzner.image,
            )
        };
        Self {
            section,
            types: types.clone(),
            locations: locations.clone(),
            image: image.clone(),
        }
    }

    /// What that section calls the types.
    pub fn key(&self) -> &'static str {
        if self.section == "ovh" {
            "flavors"
        } else {
            "types"
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

/// A new run's id: begins with the time, so that runs sort.
pub fn new_run() -> Outcome<RunId> {
    let now = jiff::Timestamp::now()
        .strftime("%Y%m%dt%H%M%Sz")
        .to_string();
    let suffix: u32 = rand::random_range(0..0x0010_0000);
    format!("{now}-{suffix:05x}")
        .parse()
        .map_err(|e| Failure::new(Exit::Other, "cannot name the run", e))
}

/// The server of that host and role, by its marks; a stranger of the same name is refused.
fn existing(
    host: &HostName,
    name: &str,
    role: Role,
    known: Known<'_>,
) -> Outcome<Option<OwnedServer>> {
    let mut ours = Vec::new();
    for server in known.servers {
        let meant = server
            .marks
            .as_ref()
            .is_some_and(|m| m.owner == *known.owner && m.host == *host && m.role == role);
        if meant {
            ours.extend(OwnedServer::claim(server.clone(), known.owner).ok());
        } else if server.name == name {
            return Err(stranger(name, server, known.owner));
        }
    }
    match ours.len() {
        0 | 1 => Ok(ours.pop()),
        _ => {
            let ids: Vec<_> = ours.iter().map(|s| s.id().to_string()).collect();
            Err(Failure::new(
                Exit::Refused,
                format!("{name}: there are {} servers of it", ours.len()),
                format!("servers {} all bear its marks", ids.join(", ")),
            )
            .mend(format!("remove them: provision teardown {host}")))
        }
    }
}

/// A server that exists keeps its type and its place: flags that say otherwise are not dropped.
fn as_wished(server: &Server, flags: &UpFlags) -> Outcome {
    for (flag, given, is) in [
        ("--type", &flags.server_type, &server.server_type),
        ("--location", &flags.location, &server.location),
    ] {
        if let Some(given) = given.as_ref().filter(|given| *given != is) {
            return Err(Failure::new(
                Exit::Refused,
                format!("{}: exists, and is not as {flag} says", server.name),
                format!("server {} is {is}, and {given} is asked for", server.id),
            )
            .mend(format!(
                "leave {flag} out, or remove the server first: provision teardown --help"
            )));
        }
    }
    Ok(())
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

fn stranger(name: &str, server: &Server, owner: &Owner) -> Failure {
    let why = match OwnedServer::claim(server.clone(), owner) {
        Err(NotOurs { why, .. }) => why,
        Ok(own) => format!("it is for {}", own.marks().host),
    };
    Failure::new(
        Exit::Refused,
        format!("{name}: a server of that name exists and is not ours"),
        format!("server {}: {why}", server.id),
    )
    .mend("rename the host, or that server; provision never touches what does not bear its mark")
}

#[cfg(test)]
mod tests;
