//! The whole build: two roots side by side, then the disks, then the index, then the name.

use super::ImageError;
use super::bootstrap::Bootstrap;
use super::index::Index;
use super::mirror::Sources;
use super::run::{Run, command};
use super::unpack::unpack;
use super::{NAMES, recipe, tidy};
use std::fs;
use std::path::Path;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const CONVERSION: Duration = Duration::from_secs(300);

/// Builds into `images/<key>`; the caller has the lock.
pub(super) async fn build(
    cache: &Path,
    images: &Path,
    told: &(dyn Fn(&str) + Send + Sync),
    cancel: &CancellationToken,
) -> Result<(), ImageError> {
    tidy::halves(images);
    let building = tempfile::Builder::new()
        .prefix(tidy::BUILDING)
        .tempdir_in(images)
        .map_err(ImageError::file("cannot build in", images))?;
    let building = building.path();
    recipe::write(&building.join("recipe"))?;
    let sources = Sources::here().await;
    let bootstrap = |name, script| Bootstrap {
        name,
        script,
        building,
        debs: cache.join("debs").join(name),
        sources: &sources,
        told,
        cancel,
    };
    let (rescue, stock) = (bootstrap("rescue", "main"), bootstrap("stock", "stock"));
    let (set, stock) = tokio::try_join!(rescue.run(), stock.run())?;

    told("unpacking the disks");
    disk(&set.join("rescue.raw.gz"), &set.join("rescue.raw"), cancel).await?;
    let raw = building.join("stock.raw");
    disk(&stock.join("stock.raw.gz"), &raw, cancel).await?;
    convert(&raw, &set.join("stock.qcow2"), cancel).await?;

    told("checking them");
    let key = recipe::key();
    let index = Index::of(&set, &key, &NAMES, cancel).await?;
    index.write(&set)?;
    settle(&set, &images.join(&key))?;
    tidy::old(images, &key);
    Ok(())
}

/// Gives the finished set its name; a half one of that name goes.
fn settle(set: &Path, name: &Path) -> Result<(), ImageError> {
    if name.exists() {
        fs::remove_dir_all(name).map_err(ImageError::file("cannot remove", name))?;
    }
    fs::rename(set, name).map_err(ImageError::file("cannot make", name))
}

async fn disk(packed: &Path, disk: &Path, cancel: &CancellationToken) -> Result<(), ImageError> {
    unpack(packed, disk, cancel).await?;
    fs::remove_file(packed).map_err(ImageError::file("cannot remove", packed))
}

async fn convert(raw: &Path, disk: &Path, cancel: &CancellationToken) -> Result<(), ImageError> {
    let line = str::to_owned;
    let run = Run {
        step: "converting the vendor's image",
        deadline: CONVERSION,
        cancel,
        input: "",
        line: &line,
    };
    let mut command = command("qemu-img");
    command
        .args(["convert", "-f", "raw", "-O", "qcow2", "--"])
        .args([raw, disk]);
    run.run(&mut command).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_set_gives_way_to_a_whole_one() {
        let home = tempfile::tempdir().unwrap();
        let (set, name) = (home.path().join("set"), home.path().join("name"));
        for (folder, file) in [(&set, "new"), (&name, "old")] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join(file), "").unwrap();
        }
        settle(&set, &name).unwrap();
        assert!(name.join("new").exists() && !name.join("old").exists() && !set.exists());
    }
}
