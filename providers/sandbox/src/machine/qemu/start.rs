//! The start of a guest: everything that it finds is made ready, QEMU is started, and taken charge
//! of.

use super::command::Start;
use super::folder::Folder;
use super::inner::{Guest, Inner, Live};
use super::qmp::Qmp;
use super::state::Running;
use super::tools::{self, QEMU};
use super::{kvm, serial, told, watch};
use crate::machine::{Boot, MachineError};
use crate::process::Process;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::sync::Arc;
use std::time::Duration;

/// How long QEMU may take until it has a guest.
const STARTING: Duration = Duration::from_secs(60);

impl Inner {
    /// Starts a guest; nothing may run.
    pub(super) async fn start(
        self: &Arc<Self>,
        live: &mut Live,
        boot: Boot,
    ) -> Result<(), MachineError> {
        // kept before QEMU is started: what was armed is used up from here on, and whoever finds
        // the guest after a crash knows what it boots
        self.state().running = Some(Running {
            boot: boot.clone(),
            process: None,
        });
        let started = match self.keep().await {
            Ok(()) => self.try_start(live, &boot).await,
            Err(error) => Err(error.message),
        };
        told::remove(&self.folder);
        if let Err(why) = started {
            self.say(&format!("it cannot be started: {why}"));
            self.state().running = None;
            for more in [self.put_away(live).await, self.keep().await] {
                if let Err(error) = more {
                    tracing::warn!(%error, "a machine that cannot be started is not put away whole");
                }
            }
            return Err(self.error(format!("it cannot be started: {why}")));
        }
        self.keep().await
    }

    async fn try_start(self: &Arc<Self>, live: &mut Live, boot: &Boot) -> Result<(), String> {
        self.end_left().await?;
        let images = self.images()?;
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
        let accelerator = *self
            .accelerator
            .get_or_init(|| kvm::accelerator(images, &self.options.folder))
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
                process: Some(process),
            });
        }
        self.adopt(live, process).await
    }

    /// Puts the loader of loaders where the network boot serves it, and nothing else.
    fn serve_chain_loader(&self) -> Result<(), String> {
        let served = self.folder.served();
        let loader = self.images()?.chain_loader();
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
    pub(super) async fn adopt(
        self: &Arc<Self>,
        live: &mut Live,
        process: Process,
    ) -> Result<(), String> {
        let qmp = Qmp::connect(self.folder.path(), Folder::SOCKET).await?;
        let stop = self.root.child_token();
        watch::over(Arc::downgrade(self), process, qmp.closed(), stop);
        live.guest = Some(Guest { process, qmp });
        self.steer(live).await?;
        self.answer_as_told(live).await
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
