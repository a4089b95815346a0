//! A machine's power: the guest's process comes and goes, and outlives whoever started it.

use super::command::Start;
use super::events::{self, Ending};
use super::folder::Folder;
use super::kvm::{self, Accelerator};
use super::process::Process;
use super::qmp::Qmp;
use super::state::{Running, Saved, State};
use super::tools::{self, QEMU, Uefi};
use super::{QemuOptions, serial, told, watch};
use crate::machine::{Boot, Firmware, Machine, MachineError, Spec};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

/// How long QEMU may take until it has a guest.
const STARTING: Duration = Duration::from_secs(60);
/// How long it may take to end after it was told to.
const QUITTING: Duration = Duration::from_secs(5);

/// A machine, shared by its handle and by who watches its guest.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) spec: Spec,
    pub(super) options: QemuOptions,
    pub(super) folder: Folder,
    /// The firmware of a machine that has this kind.
    pub(super) uefi: Option<Uefi>,
    accelerator: Arc<OnceCell<Accelerator>>,
    state: Mutex<State>,
    /// Held while the power changes.
    gate: tokio::sync::Mutex<Live>,
    /// Held while the state is written.
    keeping: tokio::sync::Mutex<()>,
    /// Ends what watches when the machine is let go.
    root: CancellationToken,
}

/// What lives while the machine is on.
#[derive(Debug, Default)]
pub(super) struct Live {
    pub(super) guest: Option<Guest>,
    /// What answers at its address in place of the guest when a fault says so.
    pub(super) other: Option<Arc<dyn Machine>>,
}

/// A guest that runs.
#[derive(Debug)]
pub(super) struct Guest {
    pub(super) process: Process,
    pub(super) qmp: Qmp,
}

impl Inner {
    /// A machine; nothing of it is made or looked for yet.
    pub(super) fn new(
        spec: Spec,
        options: QemuOptions,
        accelerator: Arc<OnceCell<Accelerator>>,
        state: State,
    ) -> Result<Self, MachineError> {
        let uefi = (spec.firmware == Firmware::Uefi)
            .then(tools::uefi)
            .flatten();
        let inner = Self {
            folder: Folder::of(&options.folder, &spec.id),
            uefi,
            spec,
            options,
            accelerator,
            state: Mutex::new(state),
            gate: tokio::sync::Mutex::default(),
            keeping: tokio::sync::Mutex::default(),
            root: CancellationToken::new(),
        };
        if inner.spec.arch != "x86_64" {
            return Err(inner.error(format!(
                "real machines are x86_64 and it is {}: take another server type, or emulated \
                 machines",
                inner.spec.arch
            )));
        }
        if inner.spec.firmware == Firmware::Uefi && inner.uefi.is_none() {
            return Err(inner.error(
                "it boots by UEFI and this computer has no OVMF: install Debian's package ovmf",
            ));
        }
        Ok(inner)
    }

    /// Its state; held for moments only.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps its power as it is, until the guard is dropped.
    pub(super) async fn gate(&self) -> tokio::sync::MutexGuard<'_, Live> {
        self.gate.lock().await
    }

    /// An error of this machine.
    pub(super) fn error(&self, message: impl Into<String>) -> MachineError {
        MachineError {
            machine: self.spec.id.clone(),
            message: message.into(),
        }
    }

    /// Nobody watches it any more; the guest goes on.
    pub(super) fn let_go(&self) {
        self.root.cancel();
    }

    /// Says something on its console.
    pub(super) fn say(&self, line: &str) {
        serial::say(&self.folder.serial(), line);
    }

    /// The machine as it is kept.
    pub(super) fn saved(&self) -> Saved {
        Saved::new(self.spec.clone(), self.state().clone())
    }

    /// Keeps its state in its folder.
    pub(super) async fn keep(&self) -> Result<(), MachineError> {
        let _one_after_the_other = self.keeping.lock().await;
        self.state().turn += 1;
        let (folder, saved) = (self.folder.clone(), self.saved());
        let kept = tokio::task::spawn_blocking(move || folder.keep(&saved)).await;
        kept.unwrap_or_else(|error| Err(error.to_string()))
            .map_err(|why| self.error(why))
    }

    /// Switches it on.
    pub(super) async fn power_on(self: &Arc<Self>, boot: Boot) -> Result<(), MachineError> {
        let mut live = self.gate().await;
        if live.guest.is_some() {
            return Ok(());
        }
        self.start(&mut live, boot).await
    }

    /// Switches it off. It is off in its state before it is in truth: whoever opens the world in
    /// between ends the guest.
    pub(super) async fn power_off(&self) -> Result<(), MachineError> {
        let mut live = self.gate().await;
        let was_on = self.state().running.take().is_some();
        if was_on {
            self.keep().await?;
        }
        self.put_away(&mut live).await?;
        if was_on {
            self.say("the power is off");
        }
        Ok(())
    }

    /// Ends whatever runs or answers.
    async fn put_away(&self, live: &mut Live) -> Result<(), MachineError> {
        self.end_other(live).await;
        let process = match live.guest.take() {
            None => self.folder.process(),
            Some(guest) => {
                // one that does not listen is ended below
                drop(tokio::time::timeout(QUITTING, guest.qmp.call("quit", None)).await);
                guest.process.gone(QUITTING).await;
                Some(guest.process)
            }
        };
        match process {
            Some(process) if !process.end().await => Err(self.error(format!(
                "its guest, process {}, does not end: end it by hand",
                process.pid
            ))),
            _ => Ok(()),
        }
    }

    /// Starts a guest; nothing may run.
    pub(super) async fn start(
        self: &Arc<Self>,
        live: &mut Live,
        boot: Boot,
    ) -> Result<(), MachineError> {
        let started = self.try_start(live, &boot).await;
        told::remove(&self.folder);
        if let Err(why) = started {
            self.say(&format!("it cannot be started: {why}"));
            self.state().running = None;
            drop(self.put_away(live).await);
            return Err(self.error(format!("it cannot be started: {why}")));
        }
        self.keep().await
    }

    async fn try_start(self: &Arc<Self>, live: &mut Live, boot: &Boot) -> Result<(), String> {
        if let Some(left) = self.folder.process() {
            left.end().await;
        }
        serial::cut(&self.folder.serial());
        let (state, silent) = {
            let state = self.state();
            (state.clone(), state.boots > 0 && state.faults.no_return)
        };
        self.say(&match boot {
            Boot::Disk => "the power is on: it boots from its disk".to_owned(),
            Boot::Chain { loader } => format!("the power is on: it boots {loader} of its disk"),
            Boot::Rescue { system, .. } if system.linux => {
                "the power is on: it boots the rescue system".to_owned()
            }
            Boot::Rescue { .. } => {
                "the power is on: Windows PE would boot; nothing listens for SSH".to_owned()
            }
        });
        if silent {
            self.say("fault: this machine does not come back: its port leads nowhere");
        }
        if let Boot::Rescue { system, .. } = boot {
            self.fresh_rescue_disk(system).await?;
        }
        if let Boot::Chain { .. } = boot {
            self.serve_chain_loader()?;
        }
        let told = told::write(&self.folder, &told::of(&self.spec, &state, boot))?;
        let images = &self.options.images;
        let accelerator = *self
            .accelerator
            .get_or_init(|| kvm::accelerator(images))
            .await;
        let start = Start {
            spec: &self.spec,
            state: &state,
            images,
            folder: &self.folder,
            boot,
            accelerator,
            uefi: self.uefi.as_ref(),
            told: &told,
            memory_here: memory_here(),
            processors_here: std::thread::available_parallelism().map_or(1, usize::from),
            silent,
        };
        let _filled = self.open_events()?;
        tools::run(QEMU, start.arguments(), self.folder.path(), STARTING).await?;
        let process = self
            .folder
            .process()
            .ok_or("QEMU ended as soon as it had begun")?;
        {
            let mut state = self.state();
            state.boots += 1;
            state.running = Some(Running {
                boot: boot.clone(),
                process,
            });
        }
        self.adopt(live, process).await
    }

    /// Puts the loader of loaders where the network boot serves it, and nothing else.
    fn serve_chain_loader(&self) -> Result<(), String> {
        let served = self.folder.served();
        let loader = self.options.images.chain_loader();
        std::fs::create_dir_all(&served)
            .and_then(|()| std::fs::copy(&loader, served.join(Folder::CHAIN)))
            .map(drop)
            .map_err(|error| format!("{} cannot be served: {error}", loader.display()))
    }

    /// Makes the pipe of the events' monitor and fills it with what makes it talk; the handle
    /// keeps that inside until QEMU has it open. What it says goes to a file.
    fn open_events(&self) -> Result<std::fs::File, String> {
        let (pipe, said) = (self.folder.events_in(), self.folder.events_out());
        let made = || {
            for old in [&pipe, &said, &self.folder.path().join(Folder::SOCKET)] {
                drop(std::fs::remove_file(old));
            }
            let mode = Mode::RUSR | Mode::WUSR;
            mknodat(CWD, &pipe, FileType::Fifo, mode, 0)?;
            crate::files::private_file(&said, false).map_err(std::io::Error::other)?;
            // both ways, or it would wait for the other end
            let mut open = std::fs::File::options()
                .read(true)
                .write(true)
                .open(&pipe)?;
            let hello = b"{\"execute\":\"qmp_capabilities\"}\n";
            std::io::Write::write_all(&mut open, hello).map(|()| open)
        };
        made().map_err(|error| format!("its events cannot be heard: {error}"))
    }

    /// Takes charge of a guest that runs.
    async fn adopt(self: &Arc<Self>, live: &mut Live, process: Process) -> Result<(), String> {
        let qmp = Qmp::connect(self.folder.path(), Folder::SOCKET).await?;
        let stop = self.root.child_token();
        watch::over(Arc::downgrade(self), process, qmp.closed(), stop);
        live.guest = Some(Guest { process, qmp });
        self.steer(live).await?;
        self.answer_as_told(live).await
    }

    /// Tells the guest's QEMU what to do when the system inside reboots.
    pub(super) async fn steer(&self, live: &Live) -> Result<(), String> {
        let action = {
            let state = self.state();
            let Some(running) = &state.running else {
                return Ok(());
            };
            if state.reboots_in_place(&running.boot) {
                "reset"
            } else {
                "shutdown"
            }
        };
        let Some(guest) = &live.guest else {
            return Ok(());
        };
        let arguments = serde_json::json!({ "reboot": action });
        guest
            .qmp
            .call("set-action", Some(arguments))
            .await
            .map(drop)
    }

    /// Changes what it boots next, and keeps it.
    pub(super) async fn decide(&self, change: impl FnOnce(&mut State)) {
        let live = self.gate().await;
        change(&mut self.state());
        if let Err(error) = self.steer(&live).await {
            tracing::warn!(machine = self.spec.id, error, "a guest cannot be steered");
        }
        if let Err(error) = self.keep().await {
            tracing::warn!(%error, "a machine's state cannot be kept");
        }
    }

    /// The guest's process is gone: what follows depends on how it went.
    pub(super) async fn gone(self: &Arc<Self>, process: Process) {
        let mut live = self.gate().await;
        if live.guest.as_ref().map(|guest| guest.process) != Some(process) {
            // ended by us, or followed by another already
            return;
        }
        live.guest = None;
        let ending = events::ending(&self.folder.events_out());
        let went = match ending {
            Ending::Reboot => {
                let boot = self.state().take_next_boot();
                self.start(&mut live, boot).await
            }
            Ending::Off => self.be_off(&mut live, "the system switched it off").await,
            Ending::Killed => {
                let why = "its guest's process was ended from outside: the power is off";
                self.be_off(&mut live, why).await
            }
        };
        if let Err(error) = went {
            tracing::warn!(%error, "a machine did not come back from its reboot");
        }
    }

    async fn be_off(&self, live: &mut Live, why: &str) -> Result<(), MachineError> {
        self.end_other(live).await;
        self.state().running = None;
        self.say(why);
        self.keep().await
    }

    /// Goes on where its state was kept: a guest that still runs is taken charge of; one that is
    /// gone is started again, unless the system switched the machine off.
    pub(super) async fn resume(self: &Arc<Self>) -> Result<(), MachineError> {
        let mut live = self.gate().await;
        self.find_disks().map_err(|why| self.error(why))?;
        let on = self.state().running.is_some();
        match (on, self.folder.process()) {
            (false, None) => Ok(()),
            (false, Some(_)) => self.put_away(&mut live).await,
            (true, Some(process)) => {
                if let Some(running) = &mut self.state().running {
                    running.process = process;
                }
                if let Err(why) = self.adopt(&mut live, process).await {
                    self.say(&format!("its guest does not answer the sandbox: {why}"));
                    return self.start_again(&mut live).await;
                }
                self.keep().await
            }
            (true, None) => match events::ending(&self.folder.events_out()) {
                Ending::Off => self.be_off(&mut live, "the system switched it off").await,
                Ending::Reboot | Ending::Killed => self.start_again(&mut live).await,
            },
        }
    }

    /// One that cannot be started is off: the world can be opened all the same.
    async fn start_again(self: &Arc<Self>, live: &mut Live) -> Result<(), MachineError> {
        self.put_away(live).await?;
        let boot = self.state().take_next_boot();
        if let Err(error) = self.start(live, boot).await {
            tracing::warn!(%error, "a machine stays off");
            return self.keep().await;
        }
        Ok(())
    }

    /// Disks that were taken away are empty ones now.
    fn find_disks(&self) -> Result<(), String> {
        let lost = self.state().written.is_some() && !self.folder.written_disk().exists();
        if lost {
            self.state().written = None;
        }
        self.make_disks()?;
        if lost {
            self.say("the disk is gone: an empty one takes its place");
        }
        Ok(())
    }
}

/// Memory of this computer in MiB.
fn memory_here() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
        .map_or(u64::MAX, |kib| kib / 1024)
}
