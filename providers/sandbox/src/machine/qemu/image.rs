//! What is written to disks: the vendor's image, the rescue system's own disk, empty ones.

use super::folder::{Folder, empty_disk};
use super::inner::Inner;
use super::state::Written;
use super::tools::{self, QEMU_IMG};
use crate::machine::{Image, MachineError, RescueSystem};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Making an overlay takes moments.
const PATIENCE: Duration = Duration::from_secs(60);

impl Inner {
    /// The vendor's image over the own disk of a machine that is off. The disk grows out of the
    /// image, which stays as it is: only what is changed takes room.
    pub(super) async fn write_image(&self, image: Image) -> Result<(), MachineError> {
        let live = self.gate().await;
        if live.guest.is_some() {
            return Err(self.error("it is on: an image is written to a machine that is off"));
        }
        let disk = self.folder.written_disk();
        let stock = self.images().map_err(|why| self.error(why))?.stock();
        let base = own(stock, self.folder.stock())
            .await
            .map_err(|why| self.error(why))?;
        grow(&base, "qcow2", &disk, self.spec.disk_gib, &self.folder)
            .await
            .map_err(|why| self.error(format!("the image cannot be written: {why}")))?;
        // its room is given back; an image is never taken off again
        drop(std::fs::remove_file(self.folder.raw_disk(0)));
        self.state().written = Some(Written {
            instance: format!("i-{:016x}", fastrand::u64(..)),
            image,
        });
        self.keep().await
    }

    /// The rescue system's own disk as the vendor has it, whatever was on the last one.
    pub(super) async fn fresh_rescue_disk(&self, system: &RescueSystem) -> Result<(), String> {
        let disk = self.folder.rescue_disk();
        drop(std::fs::remove_file(&disk));
        let Some(gib) = system.disk_gib.filter(|_| system.linux) else {
            return Ok(());
        };
        let base = self.images()?.rescue_disk();
        grow(&base, "raw", &disk, gib, &self.folder).await
    }

    /// New empty disks and variables, where there are none.
    pub(super) fn make_disks(&self) -> Result<(), String> {
        self.folder.make()?;
        let more = self.spec.platform.more_disks_gib.iter().copied();
        let all = std::iter::once(self.spec.disk_gib).chain(more);
        for (number, gib) in all.enumerate() {
            let written = number == 0 && self.folder.written_disk().exists();
            let file = self.folder.raw_disk(number);
            if !written && !file.exists() {
                empty_disk(&file, gib)?;
            }
        }
        if let Some(uefi) = &self.uefi
            && !self.folder.vars().exists()
        {
            let vars = self.folder.vars();
            let content = std::fs::read(&uefi.vars)
                .map_err(|e| format!("{} cannot be read: {e}", uefi.vars.display()))?;
            crate::files::replace(&vars, &content).map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

/// A file of the images as the machine's own, so that images of another version can be thrown away
/// while its disk grows out of these: by another name where that can be had, or else a copy.
async fn own(image: PathBuf, file: PathBuf) -> Result<PathBuf, String> {
    let had = tokio::task::spawn_blocking(move || {
        drop(std::fs::remove_file(&file));
        std::fs::hard_link(&image, &file)
            // shares its blocks where the file system can
            .or_else(|_| std::fs::copy(&image, &file).map(drop))
            .map(|()| file)
            .map_err(|error| {
                format!(
                    "{} cannot be copied to the machine: {error}",
                    image.display()
                )
            })
    });
    had.await.unwrap_or_else(|error| Err(error.to_string()))
}

/// A disk that begins with what is in another file and is at least so long.
async fn grow(
    base: &Path,
    format: &str,
    disk: &Path,
    gib: u64,
    folder: &Folder,
) -> Result<(), String> {
    let size = size(base, format, folder)
        .await?
        .max(gib * 1024 * 1024 * 1024);
    drop(std::fs::remove_file(disk));
    let (base, disk, size) = (
        base.to_string_lossy(),
        disk.to_string_lossy(),
        size.to_string(),
    );
    let line = [
        "create", "-q", "-f", "qcow2", "-F", format, "-b", &base, &disk, &size,
    ];
    tools::run(QEMU_IMG, line, folder.path(), PATIENCE)
        .await
        .map(drop)
}

/// How long a disk is, in bytes.
async fn size(file: &Path, format: &str, folder: &Folder) -> Result<u64, String> {
    let name = file.to_string_lossy();
    let line = ["info", "--output=json", "-U", "-f", format, &name];
    let said = tools::run(QEMU_IMG, line, folder.path(), PATIENCE).await?;
    serde_json::from_str::<serde_json::Value>(&said)
        .ok()
        .and_then(|info| info["virtual-size"].as_u64())
        .ok_or_else(|| format!("{QEMU_IMG} does not say how long {name} is"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_image_stays_with_the_machine_when_the_cache_is_emptied() {
        let home = tempfile::tempdir().unwrap();
        let image = home.path().join("stock.qcow2");
        std::fs::write(&image, "image").unwrap();
        // /dev/shm is another file system than most have their temporary files on
        let elsewhere = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let elsewhere = elsewhere.unwrap();
        for folder in [home.path(), elsewhere.path()] {
            let file = folder.join("own.qcow2");
            std::fs::write(&file, "of another version").unwrap();
            assert_eq!(own(image.clone(), file.clone()).await.unwrap(), file);
        }
        std::fs::remove_file(&image).unwrap();
        for folder in [home.path(), elsewhere.path()] {
            let kept = std::fs::read_to_string(folder.join("own.qcow2")).unwrap();
            assert_eq!(kept, "image", "{}", folder.display());
        }
        let error = own(image, home.path().join("own.qcow2")).await.unwrap_err();
        assert!(error.contains("cannot be copied"), "{error}");
    }
}
