//! Child processes: none of them is handed the credentials of a cloud, and none outlives its
//! deadline.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// After it was asked to end, a group has this long until it is ended.
const GRACE: Duration = Duration::from_secs(2);

/// Environment variables that hold credentials; no child needs them.
const SECRETS: &[&str] = &[
    "HCLOUD_TOKEN",
    "OVH_APPLICATION_KEY",
    "OVH_APPLICATION_SECRET",
    "OVH_CONSUMER_KEY",
    "OVH_CLIENT_ID",
    "OVH_CLIENT_SECRET",
    // the address of an installer may be a signed one
    crate::installer::address::VARIABLE,
];

/// A command without the credentials in its environment; it ends when it is dropped.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in SECRETS {
        command.env_remove(name);
    }
    command.kill_on_drop(true);
    command
}

/// The same, for a process that this one becomes.
pub fn replacement(program: impl AsRef<OsStr>) -> std::process::Command {
    let mut command = std::process::Command::new(program);
    for name in SECRETS {
        command.env_remove(name);
    }
    command
}

/// The program of that name on the PATH, leaving out one folder.
pub fn find(program: &str, except: Option<&Path>) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .filter(|dir| except != Some(dir.as_path()))
        .map(|dir| dir.join(program))
        .find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata()
        .is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

/// Ends its own process group once its input ends.
const WATCHDOG: &str = "read -r _; kill -KILL 0";

/// A child with all of its own children: ended together when this is dropped, and when this process
/// dies, however it does so.
#[derive(Debug)]
pub struct Group {
    child: Child,
    id: Option<rustix::process::Pid>,
    /// Only this process holds the other end of its input.
    watchdog: Option<Child>,
}

impl Group {
    /// Starts the command in a process group of its own.
    pub fn start(command: &mut Command) -> std::io::Result<Self> {
        command.process_group(0);
        let child = command.spawn()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let mut started = Self {
            id: id.and_then(rustix::process::Pid::from_raw),
            child,
            watchdog: None,
        };
        if let Some(id) = id {
            started.watchdog = Some(watchdog(id)?);
        }
        Ok(started)
    }

    /// The first process of the group.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits until the first process has ended; what it left behind is ended then.
    pub async fn wait(&mut self) -> std::io::Result<std::process::ExitStatus> {
        let status = self.child.wait().await?;
        self.signal(rustix::process::Signal::KILL);
        // from here on the number may become somebody else's
        self.id = None;
        Ok(status)
    }

    fn signal(&self, signal: rustix::process::Signal) {
        if let Some(group) = self.id {
            let _ = rustix::process::kill_process_group(group, signal);
        }
    }

    /// Asks the group to end, and two seconds later ends by force what is left of it.
    pub async fn end(mut self) {
        self.signal(rustix::process::Signal::TERM);
        // whoever is left did not listen, whether the first process did or not: dropping ends it
        let _ = tokio::time::timeout(GRACE, self.child.wait()).await;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(rustix::process::Signal::KILL);
    }
}

/// A run that is killed cannot end its installer, which would go on to wipe a disk that the next
/// run is already at work on. A process in its group can: the end of its input tells it.
fn watchdog(group: i32) -> std::io::Result<Child> {
    command("sh")
        .args(["-c", WATCHDOG])
        .process_group(group)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;

    const LONG: Duration = Duration::from_secs(20);

    fn sleeper() -> Group {
        // the first process waits for another one of its group
        Group::start(command("sh").args(["-c", "sleep 60; :"])).unwrap()
    }

    #[tokio::test]
    async fn a_group_dies_with_who_started_it() {
        let mut group = sleeper();
        // what the kernel does to a process that is killed: its ends of pipes are closed
        drop(group.watchdog.as_mut().unwrap().stdin.take());
        let status = tokio::time::timeout(LONG, group.wait()).await;
        assert_eq!(status.unwrap().unwrap().signal(), Some(9));
    }

    #[tokio::test]
    async fn a_group_that_has_ended_leaves_no_watchdog() {
        let mut group = Group::start(&mut command("true")).unwrap();
        let mut watchdog = group.watchdog.take().unwrap();
        let status = tokio::time::timeout(LONG, group.wait()).await;
        assert!(status.unwrap().unwrap().success());
        let watched = tokio::time::timeout(LONG, watchdog.wait()).await;
        assert_eq!(watched.unwrap().unwrap().signal(), Some(9));
    }
}
