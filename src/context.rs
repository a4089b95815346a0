//! What every command works with: owner, state, flake, reporter, cancellation, and the sandbox.

pub mod sandbox;

use crate::cli::{Global, Machines, Output};
use crate::config;
use crate::deadlines::Deadlines;
use crate::event::Teller;
use crate::failure::{Exit, Failure, Outcome};
use crate::flake::Flake;
use crate::identity::{self, KeyFile};
use crate::report;
use crate::state::{State, refuse_shared};
use provision_api::{HostName, Owner};
use provision_sandbox::images::Images;
use provision_sandbox::{MachineKind, Options, Sandbox};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use tokio_util::sync::CancellationToken;

/// Whose servers they are in the sandbox, if nobody says.
const SANDBOX_OWNER: &str = "sandbox";

/// What every command works with.
#[derive(Debug)]
pub struct Context {
    /// The flags that every command takes.
    pub global: Global,
    /// Whose servers.
    pub owner: Owner,
    /// What is kept between runs.
    pub state: State,
    /// Who is told what happens.
    pub teller: Teller,
    /// Ctrl-C.
    pub cancel: CancellationToken,
    /// How long anything may take.
    pub deadlines: Deadlines,
    /// The embedded cloud, if that is used.
    pub sandbox: Option<Sandbox>,
    /// What its machines boot, if they are real.
    pub images: Option<Images>,
    /// Evaluations of the flake: each takes memory and a core, so few run at a time.
    pub evaluations: Evaluations,
}

/// Whether a command can do without writing anything down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It cannot.
    Always,
    /// It looks at what costs, or ends that: whose it is comes from the cloud's marks.
    IfPossible,
}

/// What the evaluations of one process share.
#[derive(Debug)]
pub struct Evaluations {
    places: tokio::sync::Semaphore,
    lack: OnceLock<String>,
}

impl Default for Evaluations {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            places: tokio::sync::Semaphore::new((cores / 2).clamp(1, 4)),
            lack: OnceLock::new(),
        }
    }
}

impl Evaluations {
    /// A place to evaluate at, held until it is dropped.
    pub async fn place(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        self.places.acquire().await.ok()
    }

    /// Whether it was found out that the flake cannot be evaluated here: what this machine lacks
    /// does not come while it works, and is the same for all hosts.
    pub fn are_lacking(&self) -> bool {
        self.lack.get().is_some()
    }

    /// Remembers what this machine lacks.
    pub fn lack(&self, why: &str) {
        let _ = self.lack.set(why.to_owned());
    }
}

impl Context {
    /// Opens what the flags name; starts or joins the sandbox.
    pub async fn open(global: Global, kept: Kept, cancel: CancellationToken) -> Outcome<Arc<Self>> {
        let owner = match config::owner(global.owner.as_ref(), &global.flake)? {
            Some(owner) => owner,
            None if global.sandbox => SANDBOX_OWNER.parse().map_err(|_| config::no_owner())?,
            None => return Err(config::no_owner()),
        };
        let teller = report::choose(global.verbose);
        let state = match kept {
            Kept::IfPossible if !global.sandbox => open_if_possible(&global, &teller)?,
            _ => open_state(&global, global.sandbox)?,
        };
        let (sandbox, images) = if global.sandbox {
            let options = Options {
                machines: global.machines.map(Into::into),
                images: sandbox::images(global.machines, &teller, &cancel).await?,
                ..sandbox::options(state.root())?
            };
            let images = options.images.clone();
            (Some(sandbox::open(options).await?), images)
        } else {
            (None, None)
        };
        Ok(Arc::new(Self {
            teller,
            deadlines: Deadlines::from_environment(),
            owner,
            state,
            cancel,
            sandbox,
            images,
            evaluations: Evaluations::default(),
            global,
        }))
    }

    /// The flake whose hosts are meant.
    pub fn flake(&self) -> Outcome<Flake> {
        Flake::open(&self.global.flake).map_err(|e| {
            Failure::new(Exit::Config, "cannot use the flake", e)
                .mend("run it in the flake's folder, or name that with --flake")
        })
    }

    /// The user's login key; in the sandbox one is made if none is named.
    pub fn login_key(&self) -> Outcome<KeyFile> {
        if self.sandbox.is_some() && self.global.identity.is_none() {
            return KeyFile::ensure(&self.state.login_key(), "provision sandbox");
        }
        let home = etcetera::home_dir().ok();
        let named = self.global.identity.as_deref();
        let key = identity::login_key(named, home.as_deref())?;
        Ok(KeyFile {
            path: std::path::absolute(&key.path).map_err(|e| Failure::state(&key.path, &e))?,
            ..key
        })
    }

    /// The port that new machines answer SSH on: the sandbox's, or the one that a served sandbox
    /// has put into the environment.
    pub fn ssh_port(&self) -> u16 {
        let served = || std::env::var("PROVISION_SSH_PORT").ok()?.parse().ok();
        self.sandbox
            .as_ref()
            .map_or_else(|| served().unwrap_or(22), |s| s.access().ssh_port)
    }

    /// What the sandbox's machines are; nothing when the machines are a vendor's.
    pub fn machines(&self) -> Option<MachineKind> {
        self.sandbox.as_ref().map(|s| s.access().machines)
    }

    /// Whether stdout wants JSON.
    pub fn json(&self) -> bool {
        self.global.output == Output::Json
    }

    /// The flags that a command shown to the user has to repeat, quoted for a shell.
    pub fn flags(&self) -> String {
        let global = &self.global;
        let mut flags = String::new();
        if global.sandbox {
            flags.push_str(" --sandbox");
        }
        if global.machines == Some(Machines::Qemu) {
            flags.push_str(" --machines qemu");
        }
        let mut flag = |name: &str, value: &OsStr| {
            flags.push_str(&format!(" --{name} {}", report::quote(value)));
        };
        if let Some(provider) = &global.provider {
            flag("provider", provider.as_ref());
        }
        if global.flake.as_os_str() != "." {
            flag("flake", global.flake.as_os_str());
        }
        if let Some(owner) = &global.owner {
            flag("owner", owner.as_str().as_ref());
        }
        if let Some(identity) = &global.identity {
            flag("identity", identity.as_os_str());
        }
        if let Some(dir) = &global.state_dir {
            flag("state-dir", dir.as_os_str());
        }
        flags
    }

    /// The work, unless the run is stopped first; nothing may be lost when that is dropped.
    pub async fn unless_stopped<T>(
        &self,
        what: impl Into<String>,
        work: impl Future<Output = Outcome<T>>,
    ) -> Outcome<T> {
        unless(&self.cancel, what, work).await
    }

    /// Asks before something that cannot be undone. The sandbox never asks.
    pub async fn confirm(&self, yes: bool, question: &str, wanted: Option<&HostName>) -> Outcome {
        if yes || self.sandbox.is_some() {
            return Ok(());
        }
        self.teller.pause();
        let (prompt, word) = match wanted {
            Some(host) => (format!("{question} Type {host} to go on:"), host.as_str()),
            None => (format!("{question} Type yes to go on:"), "yes"),
        };
        let answer = self
            .unless_stopped("nothing was done", async { Ok(report::ask(&prompt).await) })
            .await;
        if answer.is_err() {
            // what is told now begins on a line of its own
            report::complain("");
        }
        match answer? {
            Some(answer) if answer == word => Ok(()),
            Some(_) => Err(Failure::new(
                Exit::Refused,
                "nothing was done",
                "it was not confirmed",
            )),
            None => Err(Failure::new(
                Exit::Refused,
                "nothing was done",
                "there is no terminal to ask on",
            )
            .mend("give --yes (for up, look at it with --dry-run first)")),
        }
    }

    /// Saves the sandbox's world.
    pub async fn close(self: Arc<Self>) -> Outcome {
        let Some(context) = Arc::into_inner(self) else {
            return Ok(());
        };
        match context.sandbox {
            Some(sandbox) => sandbox.close().await.map_err(|e| sandbox::failure(&e)),
            None => Ok(()),
        }
    }
}

/// The work, unless it is cancelled first; `what` is told then.
pub async fn unless<T>(
    cancel: &CancellationToken,
    what: impl Into<String>,
    work: impl Future<Output = Outcome<T>>,
) -> Outcome<T> {
    tokio::select! {
        biased;
        done = work => done,
        () = cancel.cancelled() => Err(Failure::interrupted(what)),
    }
}

/// Opens the state folder, and says if nothing can be written into it.
fn open_if_possible(global: &Global, teller: &Teller) -> Outcome<State> {
    let (state, unwritable) = State::open_if_possible(&root(global)?)?;
    if let Some(why) = unwritable {
        teller.warn(format!(
            "{why}; it goes on: what is ours is known from the cloud's marks, and nothing is \
             written down here"
        ));
    }
    Ok(state)
}

/// The state folder that the flags name.
fn root(global: &Global) -> Outcome<PathBuf> {
    match &global.state_dir {
        Some(dir) => std::path::absolute(dir).map_err(|e| Failure::state(dir, &e)),
        None => State::default_root(),
    }
}

/// Opens the state folder; the sandbox has one of its own in it.
pub fn open_state(global: &Global, sandbox: bool) -> Outcome<State> {
    let root = root(global)?;
    if !sandbox {
        return State::open(&root);
    }
    refuse_shared(&root)?;
    State::open(&root.join("sandbox"))
}
