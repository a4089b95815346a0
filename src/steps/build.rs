//! The system and the script that cuts its disk, built before anything is wiped.

mod small;
mod stand_in;

use crate::cli::BuildOn;
use crate::event::Running;
use crate::failure::{Exit, Failure, Outcome};
use crate::flake::{BuildError, DiskoScript, Flake, Limits, Nix, build as nix_build};
use crate::gate::{GateSource, before_money};
use crate::job::Job;
use crate::report::quote;
use crate::steps::gate::{self, Passed};
use std::path::PathBuf;

/// What the installer is given, and what has to run in the end.
#[derive(Debug, Clone)]
pub struct Built {
    /// The disko script and the system, for `--store-paths`; without them the installer builds.
    pub store_paths: Option<(PathBuf, PathBuf)>,
    /// What the installer builds from, where it does.
    pub flake: String,
    /// What `/run/current-system` has to be in the end.
    pub closure: String,
}

/// What can be found out before a server is paid for: that the flake evaluates, that somebody
/// can log in to the system, and that it builds.
pub async fn before_anything(job: &Job, running: &Running) -> Outcome {
    let Some(wanted) = gate::evaluated(job).await? else {
        return Ok(());
    };
    before_money(&wanted)
        .map_err(|refusals| gate::refused(job, "nothing was created", &refusals))?;
    let here = job.stage.build_on != BuildOn::Remote && job.stage.store_paths.is_empty();
    if here && !job.emulated() {
        running.doing("build the system once, so that what cannot be built costs nothing");
        built_here(job, &job.flake, running, DiskoScript::Whole).await?;
    }
    Ok(())
}

/// Builds for the machine that was found.
pub async fn build(job: &Job, running: &Running, passed: &Passed) -> Outcome<Built> {
    if job.emulated() {
        return stand_in::write(job, passed);
    }
    if let [disko, system] = job.stage.store_paths.as_slice() {
        let closure = std::fs::canonicalize(system).map_err(|e| {
            Failure::new(
                Exit::Config,
                format!("{}: the given system is not there", job.name),
                format!("{}: {e}", system.display()),
            )
        })?;
        return Ok(Built {
            store_paths: Some((disko.clone(), system.clone())),
            flake: job.flake.reference(),
            closure: closure.display().to_string(),
        });
    }
    let flake = if passed.wanted.source == GateSource::FactsOnly {
        running.doing("write a small system, as nixpkgs cannot be had");
        small::write(job, passed)?
    } else {
        job.flake.clone()
    };
    let script = if passed.no_disko_deps {
        DiskoScript::NoDeps
    } else {
        DiskoScript::Whole
    };
    if job.stage.build_on == BuildOn::Remote {
        running.doing("evaluate what the machine will build");
        return Ok(Built {
            store_paths: None,
            flake: flake.reference(),
            closure: gate::system_path(job, &flake).await?,
        });
    }
    built_here(job, &flake, running, script).await
}

async fn built_here(
    job: &Job,
    flake: &Flake,
    running: &Running,
    script: DiskoScript,
) -> Outcome<Built> {
    let limits = Limits {
        within: job.context.deadlines.build(),
        cancel: job.context.cancel.clone(),
    };
    let nix = Nix::find().await;
    let mut told = |line: &str| running.output(line);
    let built = nix_build(nix.as_ref(), flake, &job.host, script, &limits, &mut told)
        .await
        .map_err(|error| failure(job, &error))?;
    Ok(Built {
        closure: built.system.display().to_string(),
        flake: flake.reference(),
        store_paths: Some((built.disko_script, built.system)),
    })
}

fn failure(job: &Job, error: &BuildError) -> Failure {
    Failure::new(
        Exit::Install,
        format!("{}: the system cannot be built", job.name),
        error,
    )
    .mend(format!(
        "nix build {} shows it in full",
        quote(&format!(
            "{}#nixosConfigurations.{}.config.system.build.toplevel",
            job.flake.reference(),
            job.host.name
        ))
    ))
}
