//! One process builds; others wait until it has, and find what it built.

use super::ImageError;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How long a build of another process is waited for: longer than one may take.
const PATIENCE: Duration = Duration::from_secs(50 * 60);
const PAUSE: Duration = Duration::from_millis(200);

/// The right to build below a folder; given back when it is dropped, whatever ends the process.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Takes it, or waits for who has it.
pub(super) async fn take(
    folder: &Path,
    told: &(dyn Fn(&str) + Send + Sync),
    cancel: &CancellationToken,
) -> Result<Lock, ImageError> {
    within(PATIENCE, folder, told, cancel).await
}

async fn within(
    patience: Duration,
    folder: &Path,
    told: &(dyn Fn(&str) + Send + Sync),
    cancel: &CancellationToken,
) -> Result<Lock, ImageError> {
    let path = folder.join(".lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(ImageError::file("cannot open", &path))?;
    let begun = Instant::now();
    let mut said = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => {
                return Err(ImageError::file("cannot lock", path)(error));
            }
        }
        if begun.elapsed() >= patience {
            return Err(ImageError::Busy {
                path: folder.to_owned(),
                minutes: patience.as_secs() / 60,
            });
        }
        if !said {
            told("another process builds the images: waiting for it");
            said = true;
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = cancel.cancelled() => return Err(ImageError::Cancelled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[tokio::test]
    async fn one_has_it_and_another_waits() {
        let home = tempfile::tempdir().unwrap();
        let cancel = CancellationToken::new();
        let said = Mutex::new(Vec::new());
        let told = |line: &str| said.lock().unwrap().push(line.to_owned());
        let lock = take(home.path(), &told, &cancel).await.unwrap();
        assert!(said.lock().unwrap().is_empty());

        let busy = within(Duration::ZERO, home.path(), &told, &cancel).await;
        assert!(matches!(busy, Err(ImageError::Busy { .. })));
        let (second, ()) = tokio::join!(take(home.path(), &told, &cancel), async {
            tokio::time::sleep(PAUSE / 2).await;
            drop(lock);
        });
        let _second = second.unwrap();
        assert_eq!(said.lock().unwrap().len(), 1);

        cancel.cancel();
        let given_up = take(home.path(), &told, &cancel).await;
        assert!(matches!(given_up, Err(ImageError::Cancelled)));
    }
}
