//! What lies in the run's folder for the installer: an `ssh` of ours, its guard, and the files
//! that become the new system's.

use crate::child;
use crate::failure::{Exit, Failure, Outcome};
use crate::identity::KeyFile;
use crate::job::Job;
use crate::ssh::password;
use crate::ssh::shim::Guard;
use crate::ssh::{Target, alias};
use crate::state::{plain_name, private_dir, write_private};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

/// A folder for the front of the installer's PATH: this program under other names.
pub fn programs(job: &Job, names: &[&str]) -> Outcome<PathBuf> {
    let dir = job.dir.join("bin");
    private_dir(&dir)?;
    let own = own_program(&dir)?;
    for name in names {
        let link = dir.join(name);
        let _ = fs::remove_file(&link);
        symlink(&own, &link).map_err(|e| Failure::state(&link, &e))?;
    }
    Ok(dir)
}

/// This program, held in the folder itself: if it were replaced or removed while it runs, a name
/// that leads nowhere would let the real `ssh` through, which checks nothing.
fn own_program(dir: &Path) -> Outcome<PathBuf> {
    let held = dir.join("provision");
    let _ = fs::remove_file(&held);
    let own = std::env::current_exe()
        .map_err(|e| Failure::new(Exit::Other, "this program cannot find itself", e))?;
    if fs::hard_link(&own, &held).is_err() {
        let running = if own.exists() {
            own
        } else {
            "/proc/self/exe".into()
        };
        fs::copy(running, &held).map_err(|e| Failure::state(&held, &e))?;
        mode(&held, 0o700)?;
    }
    Ok(held)
}

/// Tells our `ssh` whom to check, and which program is the real one.
pub fn guard(job: &Job, target: &Target, programs: &Path) -> Outcome<PathBuf> {
    let ssh = child::find("ssh", Some(programs)).ok_or_else(|| {
        Failure::new(Exit::Tool, "ssh is missing", "it is not on the PATH")
            .mend("install OpenSSH's client (Debian: apt install openssh-client)")
    })?;
    let guard = Guard {
        ssh,
        host: target.host.clone(),
        alias: alias(&job.name),
        pins: target.pins.clone(),
        lock: job.kept.lock_file(),
        run: std::process::id(),
    };
    let path = job.dir.join("ssh-guard.json");
    let text = serde_json::to_vec_pretty(&guard)
        .map_err(|e| Failure::new(Exit::Other, "the ssh guard cannot be written", e))?;
    write_private(&path, &text)?;
    Ok(path)
}

/// The files that become the new system's: the user's, and the host's identity.
///
/// nixos-anywhere copies the modes, so folders inside are 0755 and the key 0600; the folder
/// around them is 0700.
pub fn extra(job: &Job, identity: &KeyFile) -> Outcome<Extra> {
    let extra = Extra {
        outer: job.dir.join("extra"),
    };
    let root = extra.root();
    if root.exists() {
        fs::remove_dir_all(&root).map_err(|e| Failure::state(&root, &e))?;
    }
    private_dir(&extra.outer)?;
    folder(&root)?;
    if let Some(own) = &job.stage.extra_files {
        copy(own, &root)?;
    }
    let ssh = root.join("etc/ssh");
    folder(&root.join("etc"))?;
    folder(&ssh)?;
    let key = ssh.join("ssh_host_ed25519_key");
    fs::copy(&identity.path, &key).map_err(|e| Failure::state(&key, &e))?;
    mode(&key, 0o600)?;
    let public = ssh.join("ssh_host_ed25519_key.pub");
    let line = format!("{} {}\n", identity.public_line(), job.name);
    fs::write(&public, line).map_err(|e| Failure::state(&public, &e))?;
    mode(&public, 0o644)?;
    Ok(extra)
}

/// The files of an installation; the host's key must not lie about, however that ends.
#[derive(Debug)]
pub struct Extra {
    outer: PathBuf,
}

impl Extra {
    /// What is handed over as `--extra-files`.
    pub fn root(&self) -> PathBuf {
        self.outer.join("root")
    }
}

impl Drop for Extra {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.outer);
    }
}

/// Removes what a killed run could not.
pub fn sweep(job: &Job) {
    for run in job.context.state.runs() {
        let Ok(dir) = job.context.state.run(&run) else {
            continue;
        };
        let dir = dir.join(&*plain_name(&job.name));
        let _ = fs::remove_dir_all(dir.join("extra"));
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            if entry
                .file_name()
                .to_string_lossy()
                .starts_with(password::ROOM)
            {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

fn folder(dir: &Path) -> Outcome {
    if !dir.is_dir() {
        fs::create_dir(dir).map_err(|e| Failure::state(dir, &e))?;
        mode(dir, 0o755)?;
    }
    Ok(())
}

fn mode(path: &Path, mode: u32) -> Outcome {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(|e| Failure::state(path, &e))
}

/// Copies a tree with its modes; a link stays a link.
fn copy(from: &Path, to: &Path) -> Outcome {
    let unreadable = |e: std::io::Error| {
        Failure::new(
            Exit::Config,
            format!("cannot read --extra-files {}", from.display()),
            e,
        )
    };
    for entry in fs::read_dir(from).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let kind = entry.file_type().map_err(unreadable)?;
        let target = to.join(entry.file_name());
        if kind.is_symlink() {
            let points_at = fs::read_link(entry.path()).map_err(unreadable)?;
            symlink(points_at, &target).map_err(|e| Failure::state(&target, &e))?;
        } else if kind.is_dir() {
            fs::create_dir(&target).map_err(|e| Failure::state(&target, &e))?;
            copy(&entry.path(), &target)?;
            let modes = entry.metadata().map_err(unreadable)?.permissions();
            fs::set_permissions(&target, modes).map_err(|e| Failure::state(&target, &e))?;
        } else {
            fs::copy(entry.path(), &target).map_err(|e| Failure::state(&target, &e))?;
        }
    }
    Ok(())
}
