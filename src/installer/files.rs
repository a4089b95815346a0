//! What lies in the run's folder for the installer: an `ssh` of ours, its guard, and the files
//! that become the new system's.

use crate::child;
use crate::failure::{Exit, Failure, Outcome};
use crate::identity::KeyFile;
use crate::installer::tree;
use crate::job::Job;
use crate::ssh::password;
use crate::ssh::shim::Guard;
use crate::ssh::{Target, alias};
use crate::state::{plain_name, private_dir, write_private};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
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
        tree::copy(own, &root)?;
    }
    let ssh = root.join("etc/ssh");
    folder(&root.join("etc"))?;
    folder(&ssh)?;
    let key = ssh.join("ssh_host_ed25519_key");
    let private = fs::read(&identity.path).map_err(|e| Failure::state(&identity.path, &e))?;
    file(&key, &private, 0o600)?;
    let public = ssh.join("ssh_host_ed25519_key.pub");
    let line = format!("{} {}\n", identity.public_line(), job.name);
    file(&public, line.as_bytes(), 0o644)?;
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
        // a folder of the user's may forbid to remove what is in it; the key goes all the same
        let _ = fs::remove_file(self.root().join("etc/ssh/ssh_host_ed25519_key"));
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

/// A folder itself, not what a link leads to.
fn folder(dir: &Path) -> Outcome {
    if !fs::symlink_metadata(dir).is_ok_and(|found| found.is_dir()) {
        fs::create_dir(dir).map_err(|e| Failure::state(dir, &e))?;
        mode(dir, 0o755)?;
    }
    Ok(())
}

/// A new file in the place of what was there.
fn file(path: &Path, content: &[u8], mode: u32) -> Outcome {
    let write = || {
        if fs::symlink_metadata(path).is_ok() {
            fs::remove_file(path)?;
        }
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(content)
    };
    write().map_err(|e| Failure::state(path, &e))?;
    self::mode(path, mode)
}

fn mode(path: &Path, mode: u32) -> Outcome {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(|e| Failure::state(path, &e))
}
