//! The images that real machines boot: built once from Debian's packages, kept by what they are
//! made of.

use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// A finished set of images in a folder of its own.
#[derive(Debug, Clone)]
pub struct Images {
    folder: PathBuf,
}

/// Why the images cannot be built.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ImageError(String);

impl Images {
    /// Those of this version's recipe, if they are finished.
    pub fn find(_cache: &Path) -> Option<Self> {
        None
    }

    /// Builds them below the cache folder, or waits for another process that does; `told` gets
    /// what is being done.
    pub async fn build(
        cache: &Path,
        _told: &(dyn Fn(&str) + Send + Sync),
        _cancel: &CancellationToken,
    ) -> Result<Self, ImageError> {
        Err(ImageError(format!("not yet: {}", cache.display())))
    }

    /// Those that are said to be in this folder.
    #[cfg(test)]
    pub(crate) fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The kernel of the rescue system, the installer and the small system.
    pub fn kernel(&self) -> PathBuf {
        self.folder.join("vmlinuz")
    }

    /// The rescue system's initramfs.
    pub fn rescue_initrd(&self) -> PathBuf {
        self.folder.join("rescue.initrd")
    }

    /// The rescue system's root, to be attached read-only.
    pub fn rescue_root(&self) -> PathBuf {
        self.folder.join("rescue.squashfs")
    }

    /// The rescue system's root as a disk that it runs from.
    pub fn rescue_disk(&self) -> PathBuf {
        self.folder.join("rescue.raw")
    }

    /// The vendor's image: a disk with cloud-init.
    pub fn stock(&self) -> PathBuf {
        self.folder.join("stock.qcow2")
    }

    /// The EFI application that hands over to a loader on a disk.
    pub fn chain_loader(&self) -> PathBuf {
        self.folder.join("chain.efi")
    }

    /// The installer that is booted by kexec.
    pub fn kexec_tarball(&self) -> PathBuf {
        self.folder.join("kexec.tar.gz")
    }

    /// What the small system is built from.
    pub fn system(&self) -> PathBuf {
        self.folder.join("system")
    }
}
