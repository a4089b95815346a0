//! What can be asked, and of whom: the cloud, whatever answers on the machine, or its rescue
//! system.

use super::script::{self, Question};
use super::{Part, Scene, Through, entry, through};
use crate::clouds::Cloud;
use crate::console;
use crate::event::{Running, Step};
use crate::failure::Exit;
use crate::found::{Firmware, Found, RunningSystem};
use crate::job::Job;
use crate::plan;
use crate::ssh::{Target, pins};
use crate::steps::reach;
use crate::trust;
use provision_api::wait::{Attempt, Deadline, until};
use provision_api::{Backoff, OwnedServer, Role};
use std::convert::Infallible;
use std::time::{Duration, Instant};

/// The name of the part that holds the console's last lines.
pub(super) const CONSOLE: &str = "console";
/// The name of the part that says why the machine was not looked at.
const MACHINE: &str = "machine";

/// What was gathered.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) through: Through,
    pub(super) firmware: Option<Firmware>,
    pub(super) parts: Vec<Part>,
}

/// The machine, as far as the cloud tells.
pub(super) struct Machine {
    address: String,
    port: u16,
    pub(super) server: Option<OwnedServer>,
}

/// Who answers there.
enum Seen {
    /// The installer or the installed system, with the key that it must have.
    Known(Box<(Target, Found)>),
    /// Something else.
    Stranger,
    Nobody,
}

/// Asks whoever can be asked.
pub(super) async fn gather(
    job: &Job,
    running: &Running,
    scene: Scene<'_>,
    step: Step,
    exit: Exit,
) -> Gathered {
    let mut gathered = Gathered {
        through: Through::Nothing,
        firmware: None,
        parts: Vec::new(),
    };
    let end = Instant::now() + most(job, step);
    let machine = match machine(job, scene).await {
        Ok(machine) => machine,
        Err(why) => {
            gathered.parts.push(Part::missing(MACHINE, why));
            return gathered;
        }
    };
    running.doing("read its console");
    gathered.parts.push(console(job, scene, &machine).await);
    if matches!(step, Step::Reach | Step::Kexec) {
        let why = "nothing was installed yet: its system is the vendor's, or the one from before";
        gathered.parts.push(Part::missing(MACHINE, why));
        return gathered;
    }
    if matches!(exit, Exit::Trust | Exit::Denied) {
        let why =
            "something answers there that is not known, or does not let us in: it is left alone";
        gathered.parts.push(Part::missing(MACHINE, why));
        return gathered;
    }
    let entry = entry::allowed(scene, &machine, step, exit);
    let seen = if step == Step::Install && entry.is_ok() {
        running.doing("wait for it to answer again");
        seen_in_time(job, &machine).await
    } else {
        running.doing("see whether it answers");
        seen(job, &machine).await
    };
    let why = match (seen, entry) {
        (Seen::Known(known), _) => {
            let (target, found) = *known;
            ask_running(job, &target, &found, &mut gathered).await;
            return gathered;
        }
        (Seen::Stranger, _) => {
            "something answers there, and it is not what it should be: it is left alone".to_owned()
        }
        (Seen::Nobody, _) if job.context.cancel.is_cancelled() => "it was stopped".to_owned(),
        (Seen::Nobody, Err(why)) => format!("it does not answer, and {why}"),
        (Seen::Nobody, Ok((cloud, server))) => {
            let visit = through::rescue(job, running, cloud, server, end).await;
            gathered.take(visit);
            return gathered;
        }
    };
    gathered.parts.push(Part::missing(MACHINE, why));
    gathered
}

impl Gathered {
    /// What came of the visit in the rescue system.
    fn take(&mut self, visit: through::Visit) {
        match visit.looked {
            Ok(looked) => {
                self.through = Through::Rescue;
                self.firmware = Some(looked.firmware);
                self.parts.extend(looked.parts);
            }
            Err(why) => {
                let why = format!("it does not answer, and {why}");
                self.parts.push(Part::missing(MACHINE, why));
            }
        }
        self.parts.extend(visit.stuck);
    }
}

/// How long all of it may take, with the way back from the rescue system; an installer whose
/// connection was lost is waited for as long as a boot may take.
fn most(job: &Job, step: Step) -> Duration {
    let wait = match step {
        Step::Install => job.boot_within(),
        _ => Duration::ZERO,
    };
    wait + job.context.deadlines.post_mortem().max(job.boot_within())
}

async fn machine(job: &Job, scene: Scene<'_>) -> Result<Machine, String> {
    let (cloud, role) = match scene {
        Scene::At(address, port) => {
            return Ok(Machine {
                address: address.to_owned(),
                port,
                server: None,
            });
        }
        Scene::Cloud { cloud, role, .. } => (cloud, role),
    };
    let server = server(job, cloud, role).await?;
    Ok(Machine {
        address: trust::address(server.server()).map_err(|e| e.to_string())?,
        port: job.context.ssh_port(),
        server: Some(server),
    })
}

/// The server as it is now: what was known of it when the step began is not.
async fn server(job: &Job, cloud: &Cloud, role: Role) -> Result<OwnedServer, String> {
    let asked = cloud.ours(&job.context.owner);
    let ours = tokio::time::timeout(job.context.deadlines.busy(), asked).await;
    let ours = ours.map_err(|_| format!("{} does not answer", cloud.provider))?;
    let meant = ours
        .map_err(|error| error.to_string())?
        .into_iter()
        .filter(|s| s.marks().host == job.host.name && s.marks().role == role);
    let server = meant.min_by_key(plan::rank);
    server.ok_or_else(|| format!("{} does not list its server", cloud.provider))
}

async fn console(job: &Job, scene: Scene<'_>, machine: &Machine) -> Part {
    let read = if job.in_sandbox() {
        console::of_sandbox(&job.context, &machine.address).await
    } else if let Scene::Cloud { cloud, .. } = scene {
        Err(console::elsewhere(cloud, &job.name))
    } else {
        return Part::missing(CONSOLE, "no cloud tells what it said");
    };
    match read {
        Ok(lines) => Part::seen(CONSOLE, script::kept(&lines.join("\n"))),
        Err(failure) => {
            let mend = failure.mend.as_deref().unwrap_or_default();
            Part::missing(CONSOLE, format!("{}; {mend}", failure.why))
        }
    }
}

/// The installer or the installed system, if one of them answers with the key that it must have.
async fn answering(job: &Job, machine: &Machine) -> Option<(Target, Found)> {
    let of = |user: &str, phase: &str| Target {
        port: machine.port,
        ..job.target(&machine.address, user, phase)
    };
    let admin = job.host.spec.admin.as_str();
    for target in [of("root", "first-boot"), of(admin, "installed")] {
        if !target.pins.exists() {
            continue;
        }
        if let Ok(found) = reach::ask(&target, job.context.deadlines.command()).await {
            return Some((target, found));
        }
    }
    None
}

/// What answers is asked as it is.
async fn ask_running(job: &Job, target: &Target, found: &Found, gathered: &mut Gathered) {
    gathered.firmware = Some(found.firmware);
    let questions = match &found.system {
        RunningSystem::NixOs { .. } => {
            gathered.through = Through::Admin;
            vec![
                Question::new(
                    "failed units",
                    "systemctl --failed --no-pager --plain --no-legend 2>&1",
                ),
                Question::new(
                    "journal: errors",
                    "sudo -n journalctl -b -p err -n 100 --no-pager 2>&1",
                ),
            ]
        }
        RunningSystem::Installer => {
            gathered.through = Through::Installer;
            let mut questions = through::of_disks(found);
            questions.push(Question::new(
                "journal of the installer",
                "journalctl -b -p warning -n 100 --no-pager 2>&1",
            ));
            questions
        }
        other => {
            let why = format!("it runs {other:?}, which tells nothing of the installation");
            gathered.parts.push(Part::missing(MACHINE, why));
            return;
        }
    };
    match script::ask(target, &questions, patience(job)).await {
        Ok(answers) => gathered
            .parts
            .extend(answers.iter().map(script::Answer::part)),
        Err(why) => gathered.parts.push(Part::missing(MACHINE, why)),
    }
}

/// Asks once.
async fn seen(job: &Job, machine: &Machine) -> Seen {
    if let Some(known) = answering(job, machine).await {
        return Seen::Known(Box::new(known));
    }
    let each = job.context.deadlines.command();
    match pins::shown_by(&machine.address, machine.port, each).await {
        Ok(Some(_)) => Seen::Stranger,
        _ => Seen::Nobody,
    }
}

/// Asks until something answers, as long as a boot may take.
async fn seen_in_time(job: &Job, machine: &Machine) -> Seen {
    let pause = Backoff::new(Duration::from_millis(500), Duration::from_secs(10));
    let waited = until(
        "the machine to answer",
        Deadline::after(job.boot_within()),
        &pause,
        &job.context.cancel,
        async || {
            Ok::<_, Infallible>(match seen(job, machine).await {
                Seen::Nobody => Attempt::NotYet("nobody answers".to_owned()),
                seen => Attempt::Ready(seen),
            })
        },
    );
    waited.await.unwrap_or(Seen::Nobody)
}

/// How long one connection may take: more than a command, for a journal is long.
pub(super) fn patience(job: &Job) -> Duration {
    job.context.deadlines.post_mortem() / 5
}
