//! What the flake wants against what the machine is, before anything is wiped.

use crate::event::Running;
use crate::facts::{Facts, Uplink};
use crate::failure::{Exit, Failure, Outcome};
use crate::flake::{self, EvalError, Flake, Limits, Nix, evaluate};
use crate::found::Found;
use crate::gate::{Refusal, Wanted, choose_layout, gate, gate_with_layout_forced};
use crate::host::Layout;
use crate::job::Job;
use provision_api::ServerId;

/// What passed the gate.
#[derive(Debug, Clone)]
pub struct Passed {
    /// What the flake wants.
    pub wanted: Wanted,
    /// It did not pass: `--force-layout` overrode what the gate said of the layout.
    pub forced: bool,
    /// The installer has little memory: disko goes without its programs.
    pub no_disko_deps: bool,
    /// How the boot disk will be cut.
    pub layout: Layout,
    /// The facts that were written for Nix.
    pub facts: Facts,
    /// The machine, its disk chosen.
    pub found: Found,
}

/// Writes the facts into the flake, evaluates it, and compares.
pub async fn pass(
    job: &Job,
    running: &Running,
    server: &ServerId,
    uplink: Uplink,
    found: &Found,
) -> Outcome<Passed> {
    let found = disk_named(job, found)?;
    let layout = choose_layout(job.host.spec.layout, found.firmware);
    let facts = Facts::of(server, &found, layout, uplink, found.mac.as_deref()).map_err(|e| {
        Failure::new(
            Exit::Gate,
            format!("{}: its disk cannot be told", job.name),
            format!("{e}: it has {}", found.told()),
        )
        .mend("say in host.toml which it is (disk = \"…\"), or detach what is not its own disk")
    })?;
    let changed = job.flake.write_facts(&job.host.name, &facts).map_err(|e| {
        Failure::new(
            Exit::Config,
            format!("{}: facts.json cannot be written", job.name),
            e,
        )
    })?;
    if changed && !job.in_sandbox() {
        let file = format!("hosts/servers/{}/facts.json", job.host.name);
        job.context
            .teller
            .note(format!("{}: {file} has changed; commit it", job.name));
    }
    running.doing("evaluate the flake");
    let wanted = wanted(job, layout, &facts).await?;
    let force = job.stage.force_layout;
    let judge = if force { gate_with_layout_forced } else { gate };
    let verdict = judge(&found, &wanted).map_err(|refusals| {
        let only_layout = refusals.iter().all(|r| r.is_of_layout);
        let failure = refused(job, "nothing was wiped", &refusals);
        if only_layout && !force {
            failure.or_mend("or see it fail to boot all the same: --force-layout")
        } else {
            failure
        }
    })?;
    for warning in &verdict.warnings {
        job.context.teller.warn(format!("{}: {warning}", job.name));
    }
    for refusal in &verdict.overridden {
        job.context.teller.warn(format!(
            "{}: AGAINST THE GATE (--force-layout): {}; it will probably not boot",
            job.name, refusal.cause
        ));
    }
    Ok(Passed {
        forced: !verdict.overridden.is_empty(),
        no_disko_deps: verdict.no_disko_deps,
        wanted,
        layout,
        facts,
        found,
    })
}

/// The machine with the disk that `host.toml` names, if it names one.
fn disk_named(job: &Job, found: &Found) -> Outcome<Found> {
    let Some(wanted) = &job.host.spec.disk else {
        return Ok(found.clone());
    };
    found.with_disk(wanted).map_err(|why| {
        let name = &job.name;
        let failure = Failure::new(Exit::Gate, format!("{name}: its disk cannot be told"), why);
        let mend = "correct disk in host.toml: a name below /dev/disk/by-path or by-id, or a serial number; nothing was wiped";
        failure.mend(mend)
    })
}

/// All reasons against, each with its mend.
pub fn refused(job: &Job, so_far: &str, refusals: &[Refusal]) -> Failure {
    let causes: Vec<&str> = refusals.iter().map(|r| r.cause.as_str()).collect();
    let mends: Vec<&str> = refusals.iter().map(|r| r.mend.as_str()).collect();
    Failure::new(
        Exit::Gate,
        format!("{}: refused by the gate; {so_far}", job.name),
        causes.join("\n"),
    )
    .mend(mends.join("\n"))
}

/// What the flake wants; in the sandbox, what the layouts are known to be if its inputs cannot
/// be had.
pub async fn wanted(job: &Job, layout: Layout, facts: &Facts) -> Outcome<Wanted> {
    if let Some(wanted) = evaluated(job).await? {
        return Ok(wanted);
    }
    let admins = crate::installer::admin_keys(job)?.len();
    let mut wanted = Wanted::of_layout(layout, &job.host.spec.arch, &facts.boot_disk, admins);
    wanted.host_name = job.host.name.to_string();
    Ok(wanted)
}

/// The flake's own answer; `None` where the sandbox may do without it.
pub async fn evaluated(job: &Job) -> Outcome<Option<Wanted>> {
    let limits = Limits {
        within: job.context.deadlines.evaluate(),
        cancel: job.context.cancel.clone(),
    };
    let evaluations = &job.context.evaluations;
    let _place = evaluations.place().await;
    if evaluations.are_lacking() {
        return Ok(None);
    }
    let nix = Nix::find().await;
    match evaluate(nix.as_ref(), &job.flake, &job.host, &limits).await {
        Ok(wanted) => Ok(Some(wanted)),
        Err(error) if error.is_lack() => lacking(job, &error.to_string()),
        Err(EvalError::Broken(words)) => Err(Failure::new(
            Exit::Config,
            format!("{}: the flake cannot be evaluated", job.name),
            words.trim_start_matches("error: "),
        )
        .mend("nix eval shows it in full; nothing was created or wiped by this step")),
        Err(error) => Err(Failure::new(
            Exit::Config,
            format!("{}: the flake cannot be evaluated", job.name),
            error,
        )
        .mend("nix eval shows it in full; nothing was created or wiped by this step")),
    }
}

/// The closure that a machine which builds by itself has to come to.
pub async fn system_path(job: &Job, flake: &Flake) -> Outcome<String> {
    let limits = Limits {
        within: job.context.deadlines.evaluate(),
        cancel: job.context.cancel.clone(),
    };
    let nix = Nix::find().await;
    flake::system_path(nix.as_ref(), flake, &job.host, &limits)
        .await
        .map_err(|e| {
            Failure::new(
                Exit::Config,
                format!("{}: the flake cannot be evaluated", job.name),
                e,
            )
        })
}

fn lacking(job: &Job, why: &str) -> Outcome<Option<Wanted>> {
    if job.in_sandbox() {
        job.context.evaluations.lack(why);
        return Ok(None);
    }
    Err(Failure::new(
        Exit::Tool,
        format!("{}: the flake cannot be evaluated", job.name),
        why,
    )
    .mend("install nix (2.8 or newer), and see that the flake's inputs can be fetched"))
}
