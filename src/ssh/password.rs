//! A login with a password, once, to bring our key: a rescue system may take nothing else.
//!
//! ssh asks a program for the password. That program is this one under the name `ssh-askpass`,
//! which reads it from a file of the user's alone; the file is gone when the login has ended. No
//! argument and no environment holds the password.

use super::run::{PATIENCE, execute};
use super::{Printed, SshError, Target, pinned_options};
use crate::child;
use secrecy::{ExposeSecret as _, SecretString};
use std::fs::Permissions;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The environment variable that names the file with the password.
const FILE: &str = "PROVISION_ASKPASS_FILE";

/// How the folder begins that holds the file for the time of a login.
pub const ROOM: &str = "askpass-";

/// What `ssh-askpass` prints: the password, or nothing where there is none.
pub fn answer() -> String {
    let file = std::env::var_os(FILE);
    let read = file.and_then(|file| std::fs::read_to_string(file).ok());
    read.unwrap_or_default()
}

/// Runs a command on the machine as a user that is let in by a password. The host key must be
/// pinned; `folder` is a private one.
pub async fn run(
    target: &Target,
    password: &SecretString,
    script: &str,
    stdin: &[u8],
    folder: &Path,
    deadline: Duration,
) -> Result<Printed, SshError> {
    let cannot = |error: std::io::Error| SshError::NoProgram(format!("a password login: {error}"));
    let room = tempfile::Builder::new()
        .prefix(ROOM)
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(folder)
        .map_err(cannot)?;
    let (file, program) = (room.path().join("answer"), room.path().join("ssh-askpass"));
    write(&file, password).map_err(cannot)?;
    symlink(this_program().map_err(cannot)?, &program).map_err(cannot)?;
    let mut command = child::command("ssh");
    command
        .args(["-F", "none"])
        // ssh keeps the first value of an option
        .args(["-o", "PasswordAuthentication=yes"])
        .args(["-o", "PreferredAuthentications=password"])
        .args(["-o", "PubkeyAuthentication=no"])
        .args(["-o", "NumberOfPasswordPrompts=1"])
        .args(pinned_options(target))
        .args(PATIENCE)
        .arg("--")
        .arg(&target.host)
        .arg(script)
        .env("SSH_ASKPASS", &program)
        .env("SSH_ASKPASS_REQUIRE", "force")
        .env(FILE, &file);
    execute(command, Some(stdin), deadline).await
}

/// This program as it runs, also where its file has been replaced since.
fn this_program() -> std::io::Result<PathBuf> {
    let running = PathBuf::from(format!("/proc/{}/exe", std::process::id()));
    if running.exists() {
        return Ok(running);
    }
    std::env::current_exe()
}

fn write(file: &Path, password: &SecretString) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut open = std::fs::OpenOptions::new();
    let mut file = open.write(true).create_new(true).mode(0o600).open(file)?;
    writeln!(file, "{}", password.expose_secret())
}
