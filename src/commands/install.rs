//! `provision install`: the same from *reach* on, for a machine that exists anywhere.

use crate::cli::Install;
use crate::commands::found;
use crate::commands::up::{self, HostDocument};
use crate::console;
use crate::context::Context;
use crate::engine;
use crate::event::Step;
use crate::facts::Uplink;
use crate::failure::{Exit, Failure, Outcome};
use crate::host::Host;
use crate::identity::KeyFile;
use crate::installer::check_admin_keys;
use crate::job::Job;
use crate::post_mortem;
use crate::preflight;
use crate::report;
use crate::ssh::{Target, pins};
use crate::state::write_private_once;
use crate::steps::{build, reach};
use provision_api::wait::{Attempt, Deadline, WaitError, until};
use provision_api::{Backoff, Fingerprint, HostName, RunId, ServerId};
use secrecy::ExposeSecret as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Installs a machine.
pub async fn run(context: &Arc<Context>, flags: Install) -> Outcome {
    let began = Instant::now();
    let flags = Install {
        stage: preflight::stage(&flags.stage)?,
        ..flags
    };
    only_its_own(context, &flags).await?;
    let flake = context.flake()?;
    let host = found::host(&flake, &flags.host)?;
    preflight::programs(context.machines())?;
    let mut question = format!("This WIPES the machine at {}.", flags.target_ip);
    if flags.stage.force_layout {
        question.push(' ');
        question.push_str(up::FORCED);
    }
    context
        .confirm(flags.yes, &question, Some(&host.name))
        .await?;
    let worked = work(context, host, &flags).await;
    let (run, document) = worked.map_err(|failure| with_remains(context, &flags, failure))?;
    if context.json() {
        report::document(&serde_json::json!({
            "schema": 1,
            "hosts": [document],
            "sandbox": context.sandbox.is_some(),
            "requests": 0,
            "elapsed_seconds": (began.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
            "run": run,
        }));
    } else {
        report::print(&document.text(context));
    }
    Ok(())
}

/// With `--sandbox`, refuses what is no machine of the sandbox: the address is one of its machines',
/// and the port theirs.
async fn only_its_own(context: &Context, flags: &Install) -> Outcome {
    let Some(sandbox) = &context.sandbox else {
        return Ok(());
    };
    let address = flags.target_ip.to_string();
    let is_port = flags.port == sandbox.access().ssh_port;
    if is_port && console::is_of_sandbox(context, &address).await? {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Refused,
        format!(
            "{address}, port {}, is no machine of the sandbox",
            flags.port
        ),
        "nothing else is to be wiped by what --sandbox stands in for",
    )
    .mend("provision list --sandbox tells which there are; leave --sandbox out for a real machine"))
}

/// The job under its lock, until it is done or stopped.
///
/// What is kept of the machine lies under a name of its own: a server of the host's name may
/// exist in a cloud. The identity is the host's, wherever it runs.
async fn work(
    context: &Arc<Context>,
    host: Host,
    flags: &Install,
) -> Outcome<(RunId, HostDocument)> {
    let name = kept_as(&host.name, flags.target_ip);
    let kept = context.state.server(&name)?;
    let _lock = kept.lock(&name)?;
    let identity = context.state.server(host.name.as_str())?.identity();
    if let Ok(made) = KeyFile::read(&identity) {
        write_private_once(&kept.identity(), made.private()?.expose_secret().as_bytes())?;
    }
    let hosts = [host.name.clone()];
    let (run, journal) = found::begin_run(context, "install", "none", &hosts)?;
    let stage = flags.stage.clone();
    let job = found::job(context, None, host, name, &run, &journal, stage)?;
    let stopped = format!("{}: stopped", job.name);
    let installed = context.unless_stopped(stopped, Box::pin(install(&job, flags)));
    let document = installed.await?.at(flags.target_ip);
    Ok((run, document))
}

/// The name under which a machine at that address is kept.
fn kept_as(host: &HostName, ip: IpAddr) -> String {
    format!("{host}-at-{}", ip.to_string().replace(':', "-"))
}

/// No cloud tells what exists: the machine does, whatever became of it.
fn with_remains(context: &Context, flags: &Install, mut failure: Failure) -> Failure {
    failure.remains.push(format!(
        "the machine at {}, which provision did not create and does not remove",
        flags.target_ip
    ));
    failure.resume.get_or_insert(again(context, flags));
    failure
}

/// The same command once more.
fn again(context: &Context, flags: &Install) -> String {
    let mut text = format!(
        "provision install {} --target-ip {}",
        flags.host, flags.target_ip
    );
    if flags.user != "root" {
        text.push_str(&format!(" --user {}", report::quote(&flags.user)));
    }
    if flags.port != 22 {
        text.push_str(&format!(" --port {}", flags.port));
    }
    match flags.host_key {
        Some(key) => text.push_str(&format!(" --host-key {key}")),
        None => text.push_str(" --accept-new-host-key"),
    }
    text.push_str(&up::again::stage(&flags.stage));
    text.push_str(&context.flags());
    text
}

async fn install(job: &Job, flags: &Install) -> Outcome<HostDocument> {
    let running = job.begin(Step::Plan, "look at the flake")?;
    check_admin_keys(job)?;
    build::before_anything(job, &running).await?;
    job.done(running, Step::Plan, "the flake is fit to be installed")?;

    let running = job.begin(Step::Reach, format!("reach {}", flags.target_ip))?;
    let target = Target {
        port: flags.port,
        ..job.target(&flags.target_ip.to_string(), &flags.user, "first-boot")
    };
    let how = pin(job, flags, &target).await?;
    let deadline = job.context.deadlines.answer();
    let found = reach::reach(job, &target, deadline, &reach::anything).await?;
    job.done(
        running,
        Step::Reach,
        format!("{} answers ({how})", target.host),
    )?;

    // no vendor tells an id: the address stands for it in facts.json
    let id = ServerId::new(format!("ip-{}", flags.target_ip));
    let installing = async {
        let delivered = engine::deliver(job, &id, Uplink::default(), &target, &found).await?;
        engine::finish(job, &delivered).await
    };
    let (admin, found) = match Box::pin(installing).await {
        Ok(installed) => installed,
        Err(failure) => {
            let scene = post_mortem::Scene::At(&target.host, target.port);
            return Err(Box::pin(post_mortem::after(job, scene, failure)).await);
        }
    };
    job.kept.forget_first_boot();
    Ok(HostDocument::of_machine(job, &found, admin.shown()))
}

/// Pins the host key: the one with the given fingerprint, or whichever is shown first.
async fn pin(job: &Job, flags: &Install, target: &Target) -> Outcome<&'static str> {
    let deadlines = job.context.deadlines;
    let (host, port) = (target.host.as_str(), target.port);
    let key = until(
        "the machine to show its host key",
        Deadline::after(deadlines.answer()),
        &Backoff::new(Duration::from_millis(200), Duration::from_secs(3)),
        &job.context.cancel,
        async || {
            Ok(
                match pins::shown_by(host, port, deadlines.command()).await? {
                    Some(key) => Attempt::Ready(key),
                    None => Attempt::NotYet("nobody answers".to_owned()),
                },
            )
        },
    )
    .await
    .map_err(|error| match error {
        WaitError::Failed(failure) => failure,
        WaitError::Cancelled { .. } => Failure::interrupted(job.name.clone()),
        late @ WaitError::TimedOut { .. } => Failure::new(
            Exit::Unreachable,
            format!("{}: no answer at {host}:{port}", job.name),
            late,
        )
        .mend("see that SSH is open there, and that --port is right"),
    })?;
    let shown = Fingerprint::of_key(&key);
    match flags.host_key {
        Some(expected) if expected != shown => Err(Failure::new(
            Exit::Trust,
            format!("{}: refused to talk to whoever answers at {host}", job.name),
            format!("its host key is {shown}, expected was {expected}"),
        )
        .mend("find out who answers there; nothing was sent to it")),
        Some(_) => {
            pins::write(&target.pins, &job.name, &[key])?;
            Ok("the host key is the given one")
        }
        None => {
            job.context.teller.warn(format!(
                "{}: {shown} is trusted on first use (--accept-new-host-key) and pinned now",
                job.name
            ));
            pins::write(&target.pins, &job.name, &[key])?;
            Ok("trusted on first use")
        }
    }
}
