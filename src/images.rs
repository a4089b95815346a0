//! What the sandbox's real machines boot: where it is kept, found, and built when it is missing.

use crate::event::{Step, Teller};
use crate::failure::{Exit, Failure, Outcome};
use provision_sandbox::images::Images;
use std::path::PathBuf;
use tokio_util::sync::CancellationToken;

/// The folder that holds them, instead of XDG's cache folder.
const CACHE: &str = "PROVISION_CACHE_DIR";

/// Where they are kept: `provision` in XDG's cache folder, unless the environment says otherwise.
pub fn cache() -> Outcome<PathBuf> {
    use etcetera::BaseStrategy as _;
    if let Some(dir) = std::env::var_os(CACHE).filter(|dir| !dir.is_empty()) {
        let dir = PathBuf::from(dir);
        return std::path::absolute(&dir).map_err(|e| Failure::state(&dir, &e));
    }
    let strategy = etcetera::choose_base_strategy().map_err(|e| {
        Failure::new(Exit::State, "cannot find the cache folder", e)
            .mend(format!("set HOME, or name a folder in {CACHE}"))
    })?;
    Ok(strategy.cache_dir().join("provision"))
}

/// The same, to be told.
pub fn cache_shown() -> String {
    cache().map_or_else(
        |_| "the cache folder".to_owned(),
        |dir| dir.display().to_string(),
    )
}

/// The images, if they are built.
pub fn find() -> Option<Images> {
    Images::find(&cache().ok()?)
}

/// The images; built if they are not there, which takes minutes.
pub async fn ensure(teller: &Teller, cancel: &CancellationToken) -> Outcome<Images> {
    match find() {
        Some(images) => Ok(images),
        None => build(teller, cancel).await,
    }
}

/// Builds them, or finds that another process just did.
pub async fn build(teller: &Teller, cancel: &CancellationToken) -> Outcome<Images> {
    let cache = cache()?;
    let running = teller.begin("images", Step::Build);
    let told = |what: &str| running.doing(what);
    let built = Images::build(&cache, &told, cancel).await;
    let images = built.map_err(|error| {
        if cancel.is_cancelled() {
            return Failure::interrupted("the images are not built");
        }
        Failure::new(
            Exit::Tool,
            "the images for real machines cannot be built",
            error,
        )
        .mend("mend that and run provision sandbox image build again; nothing else was done")
    })?;
    running.done(format!("in {}", images.folder().display()));
    Ok(images)
}
