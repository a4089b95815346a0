//! One process holds a world; others join it or wait for it.

use crate::error::SandboxError;
use crate::files;
use crate::options::Access;
use crate::process::Process;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a command waits for another that holds the world.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// What the holder of a world tells the others, in `running.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Running {
    /// Its number and its start, so that a later process of the same number is not taken for it.
    #[serde(flatten)]
    process: Process,
    serve: bool,
    access: Access,
}

/// The lock on a world; released when it is dropped, whatever ends the process.
#[derive(Debug)]
pub(crate) struct Lock {
    folder: PathBuf,
    _file: File,
}

/// What came of asking for a world.
#[derive(Debug)]
pub(crate) enum Held {
    /// This process has it now.
    Here(Lock),
    /// Another serves it.
    Elsewhere(Box<Access>),
}

/// The process that has a world now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holder {
    /// Which.
    pub(crate) process: Process,
    /// Whether it serves others until it is told to end; otherwise it is at work, and ends then.
    pub(crate) serves: bool,
}

/// Who has the world, if anybody has.
pub(crate) fn holder(folder: &Path) -> Result<Option<Holder>, SandboxError> {
    let path = folder.join("lock");
    let file = files::private_file(&path, false)?;
    match file.try_lock() {
        Ok(()) => Ok(None),
        // what a killed holder left may still be there when the next one has just begun
        Err(TryLockError::WouldBlock) => Ok(read(folder)
            .filter(|running| running.process.is_alive())
            .map(|running| Holder {
                process: running.process,
                serves: running.serve,
            })),
        Err(TryLockError::Error(error)) => Err(SandboxError::file("cannot lock", path)(error)),
    }
}

/// Takes the world, and never joins: waits for whoever has it.
pub(crate) async fn alone(folder: &Path, patience: Duration) -> Result<Lock, SandboxError> {
    let begun = Instant::now();
    loop {
        let left = patience.saturating_sub(begun.elapsed());
        match take(folder, left).await? {
            Held::Here(lock) => return Ok(lock),
            Held::Elsewhere(_) if left.is_zero() => {
                return Err(in_use(folder, read(folder).as_ref(), patience));
            }
            Held::Elsewhere(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Takes the world, or joins the one who serves it.
pub(crate) async fn take(folder: &Path, patience: Duration) -> Result<Held, SandboxError> {
    let path = folder.join("lock");
    let file = files::private_file(&path, false)?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => {
                let lock = Lock {
                    folder: folder.to_owned(),
                    _file: file,
                };
                // what a killed holder left says nothing about now
                lock.withdraw();
                return Ok(Held::Here(lock));
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => {
                return Err(SandboxError::file("cannot lock", path)(error));
            }
        }
        // a child that a killed holder had just begun may hold the lock a moment longer than it
        let running = read(folder).filter(|running| running.process.is_alive());
        if let Some(Running {
            serve: true,
            access,
            ..
        }) = running
        {
            return Ok(Held::Elsewhere(Box::new(Access {
                joined: true,
                ..access
            })));
        }
        if begun.elapsed() >= patience {
            return Err(in_use(folder, running.as_ref(), patience));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn in_use(folder: &Path, running: Option<&Running>, patience: Duration) -> SandboxError {
    SandboxError::InUse {
        path: folder.to_owned(),
        holder: running.map_or_else(
            || "another process".to_owned(),
            |running| format!("process {}", running.process.pid),
        ),
        seconds: patience.as_secs(),
    }
}

impl Lock {
    /// Tells the others who holds the world and, if it serves, how to reach it.
    pub(crate) fn announce(&self, access: &Access, serve: bool) -> Result<(), SandboxError> {
        let running = Running {
            process: Process::this(),
            serve,
            access: access.clone(),
        };
        let path = self.folder.join("running.json");
        let content = serde_json::to_vec(&running).map_err(|error| SandboxError::Malformed {
            path: path.clone(),
            message: error.to_string(),
        })?;
        files::replace(&path, &content)
    }

    fn withdraw(&self) {
        // not being there is what is wanted, and a stale one is never believed without the lock
        let _ = fs::remove_file(self.folder.join("running.json"));
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.withdraw();
    }
}

fn read(folder: &Path) -> Option<Running> {
    let text = fs::read(folder.join("running.json")).ok()?;
    serde_json::from_slice(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        Access {
            endpoint_hetzner: "http://127.0.0.1:1/hetzner/v1".to_owned(),
            token_hetzner: "t".to_owned(),
            endpoint_ovh: "http://127.0.0.1:1/ovh/1.0".to_owned(),
            ovh_token_url: "http://127.0.0.1:1/ovh/auth/oauth2/token".to_owned(),
            ovh_application_key: "a".to_owned(),
            ovh_application_secret: "s".to_owned(),
            ovh_consumer_key: "c".to_owned(),
            ovh_client_id: "i".to_owned(),
            ovh_client_secret: "p".to_owned(),
            ovh_project: "o".to_owned(),
            ssh_port: 22222,
            machines: crate::MachineKind::Emulated,
            joined: false,
            has_latency: false,
            control: "http://127.0.0.1:1/_sandbox".to_owned(),
        }
    }

    /// Another test's thread may begin a child in this moment, which holds the lock until it runs
    /// its program.
    async fn here(folder: &Path) -> Lock {
        match take(folder, PATIENCE).await.unwrap() {
            Held::Here(lock) => lock,
            Held::Elsewhere(access) => panic!("held by {access:?}"),
        }
    }

    #[tokio::test]
    async fn a_served_world_is_joined() {
        let home = tempfile::tempdir().unwrap();
        let lock = here(home.path()).await;
        lock.announce(&access(), true).unwrap();
        let Held::Elsewhere(found) = take(home.path(), Duration::ZERO).await.unwrap() else {
            panic!("two hold it");
        };
        assert!(found.joined);
        assert_eq!(found.endpoint_hetzner, access().endpoint_hetzner);
        drop(lock);
        here(home.path()).await;
    }

    #[tokio::test]
    async fn a_short_command_is_waited_for_and_named() {
        let home = tempfile::tempdir().unwrap();
        let lock = here(home.path()).await;
        lock.announce(&access(), false).unwrap();
        let error = take(home.path(), Duration::ZERO).await.unwrap_err();
        let pid = std::process::id().to_string();
        assert!(error.to_string().contains(&pid), "{error}");

        let folder = home.path().to_owned();
        let waiting = tokio::spawn(async move { take(&folder, PATIENCE).await });
        tokio::task::yield_now().await;
        drop(lock);
        assert!(matches!(waiting.await.unwrap().unwrap(), Held::Here(_)));
    }

    #[tokio::test]
    async fn what_a_killed_holder_left_is_not_believed() {
        let home = tempfile::tempdir().unwrap();
        let lock = here(home.path()).await;
        lock.announce(&access(), true).unwrap();
        let path = home.path().join("running.json");
        let left = of_a_dead_process(&path);
        drop(lock);
        fs::write(path, left).unwrap();
        here(home.path()).await;
    }

    /// The same as is told there, of an earlier process of that number.
    fn of_a_dead_process(path: &Path) -> String {
        let mut told: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        assert_eq!(told["pid"], std::process::id());
        told["start"] = (Process::this().start - 1).into();
        told.to_string()
    }

    #[tokio::test]
    async fn a_later_process_of_the_same_number_is_not_the_holder() {
        let home = tempfile::tempdir().unwrap();
        let lock = here(home.path()).await;
        assert!(holder(home.path()).unwrap().is_none(), "not announced yet");
        lock.announce(&access(), true).unwrap();
        let found = holder(home.path()).unwrap().unwrap();
        assert_eq!(found.process, Process::this());
        assert!(found.serves);

        let path = home.path().join("running.json");
        fs::write(&path, of_a_dead_process(&path)).unwrap();
        assert!(holder(home.path()).unwrap().is_none());
        drop(lock);
        assert!(holder(home.path()).unwrap().is_none());
    }
}
