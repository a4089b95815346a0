//! The images that real machines boot: built once from Debian's packages, kept by what they are
//! made of.

mod bootstrap;
mod build;
mod error;
mod index;
mod lock;
mod mirror;
mod missing;
mod recipe;
mod run;
mod tidy;
mod unpack;

pub use error::ImageError;

use index::Index;
use std::fs;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// What a finished set holds beside its index.
const NAMES: [&str; 8] = [
    "chain.efi",
    "kexec.tar.gz",
    "rescue.initrd",
    "rescue.raw",
    "rescue.squashfs",
    "stock.qcow2",
    "system",
    "vmlinuz",
];

/// A finished set of images in a folder of its own.
#[derive(Debug, Clone)]
pub struct Images {
    folder: PathBuf,
}

impl Images {
    /// Those of this version's recipe in the cache folder, if they are finished.
    pub fn find(cache: &Path) -> Option<Self> {
        let key = recipe::key();
        let folder = cache.join("images").join(&key);
        Index::read(&folder, &key).map(|_| Self { folder })
    }

    /// What this computer lacks to build the images and to boot them, with the Debian package
    /// that brings each; empty when nothing is.
    pub async fn missing() -> Vec<String> {
        missing::missing().await
    }

    /// Builds them below the cache folder, or waits for another process that does; those that
    /// are there already are not built again. `told` gets what is being done, a few words a line.
    pub async fn build(
        cache: &Path,
        told: &(dyn Fn(&str) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<Self, ImageError> {
        if let Some(found) = Self::find(cache) {
            return Ok(found);
        }
        let lacking = Self::missing().await;
        if !lacking.is_empty() {
            return Err(ImageError::Missing(lacking));
        }
        let images = cache.join("images");
        fs::create_dir_all(&images).map_err(ImageError::file("cannot make", &images))?;
        // programs that build work elsewhere: they are to get whole paths
        let cache = fs::canonicalize(cache).map_err(ImageError::file("cannot use", cache))?;
        let images = cache.join("images");
        let _lock = lock::take(&images, told, cancel).await?;
        if let Some(found) = Self::find(&cache) {
            return Ok(found);
        }
        build::build(&cache, &images, told, cancel).await?;
        Self::find(&cache).ok_or_else(|| ImageError::Failed {
            step: "building the images".to_owned(),
            message: "they are not whole, though nothing failed: build them again".to_owned(),
            last: Vec::new(),
        })
    }

    /// The SHA-256 of the installer's tarball, hexadecimal.
    pub fn kexec_sha256(&self) -> Result<String, ImageError> {
        let path = self.kexec_tarball();
        match Index::read(&self.folder, &recipe::key())
            .and_then(|index| index.sha256("kexec.tar.gz").map(str::to_owned))
        {
            Some(hash) => Ok(hash),
            None => index::file(&path).map_err(ImageError::file("cannot read", path)),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_unfinished_set_is_not_found() {
        let home = tempfile::tempdir().unwrap();
        let key = recipe::key();
        let folder = home.path().join("images").join(&key);
        fs::create_dir_all(folder.join("system")).unwrap();
        for name in NAMES.iter().filter(|name| **name != "system") {
            fs::write(folder.join(name), name).unwrap();
        }
        assert!(Images::find(home.path()).is_none());
        let cancel = CancellationToken::new();
        let index = Index::of(&folder, &key, &NAMES, &cancel).await.unwrap();
        index.write(&folder).unwrap();
        let images = Images::find(home.path()).unwrap();
        assert_eq!(images.folder(), folder);
        let by_hand = index::file(&images.kexec_tarball()).unwrap();
        assert_eq!(images.kexec_sha256().unwrap(), by_hand);
        for path in [
            images.kernel(),
            images.rescue_initrd(),
            images.rescue_root(),
            images.rescue_disk(),
            images.stock(),
            images.chain_loader(),
            images.kexec_tarball(),
            images.system(),
        ] {
            assert!(path.exists(), "{}", path.display());
        }
    }

    /// Builds for real, into the folder that `PROVISION_TEST_CACHE` names. Minutes, and a mirror of
    /// Debian.
    #[tokio::test]
    #[ignore = "takes minutes and a mirror of Debian"]
    async fn images_are_built_from_packages() {
        let Some(cache) = crate::tests::folder_named_by("PROVISION_TEST_CACHE") else {
            return;
        };
        let begun = std::time::Instant::now();
        let told = |line: &str| eprintln!("{:4} s  {line}", begun.elapsed().as_secs());
        let images = Images::build(&cache, &told, &CancellationToken::new())
            .await
            .unwrap();
        eprintln!(
            "{:4} s  {}",
            begun.elapsed().as_secs(),
            images.folder().display()
        );
        let index = Index::read(images.folder(), &recipe::key()).unwrap();
        for name in NAMES {
            assert!(index.sha256(name).is_some(), "{name}");
        }
        assert!(images.system().join("usr/lib/systemd/systemd").exists());
        let left: Vec<_> = fs::read_dir(cache.join("images"))
            .unwrap()
            .flatten()
            .filter(|entry| {
                entry
                    .file_name()
                    .to_string_lossy()
                    .starts_with(tidy::BUILDING)
            })
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}
