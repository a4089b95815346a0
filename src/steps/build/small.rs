//! The small system that stands in for NixOS on the sandbox's real machines, where the flake's
//! inputs cannot be had: it is built by Nix, cut by the flake's own layout, and boots.

use crate::failure::{Exit, Failure, Outcome};
use crate::flake::Flake;
use crate::installer::admin_keys;
use crate::job::Job;
use crate::state::private_dir;
use crate::steps::gate::Passed;
use provision_sandbox::small::{self, Small};

/// Writes it as a flake of its own, in the run's folder.
pub(super) fn write(job: &Job, passed: &Passed) -> Outcome<Flake> {
    job.context.teller.warn(format!(
        "{}: the flake's inputs cannot be had here: a small system stands in for NixOS",
        job.name
    ));
    let images = job.context.images.as_ref().ok_or_else(|| {
        Failure::new(
            Exit::Tool,
            format!("{}: there is nothing to build a system from", job.name),
            "the images for real machines are not there",
        )
        .mend("provision sandbox image build")
    })?;
    let folder = job.dir.join("small");
    private_dir(&folder)?;
    let system = Small {
        host: job.host.name.to_string(),
        admin: job.host.spec.admin.to_string(),
        admin_keys: admin_keys(job)?,
        layout: passed.layout.as_str().to_owned(),
        disk: passed.facts.boot_disk.clone(),
    };
    let layouts = job.flake.root().join("hosts/layouts");
    small::write(&folder, images, &layouts, &system).map_err(|e| {
        Failure::new(
            Exit::State,
            format!("{}: the small system cannot be written", job.name),
            e,
        )
    })?;
    Ok(Flake::generated(&folder))
}
