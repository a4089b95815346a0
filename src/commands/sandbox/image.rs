//! `provision sandbox image`: what real machines boot.

use crate::cli::{Global, Image, Output};
use crate::failure::{Exit, Failure, Outcome};
use crate::{images, report};
use provision_sandbox::images::Images;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Makes them, or tells of them.
pub(super) async fn run(global: &Global, what: Image, cancel: &CancellationToken) -> Outcome {
    let images = match what {
        Image::Build => {
            let teller = report::choose(global.verbose);
            images::ensure(&teller, cancel).await?
        }
        Image::Show => images::find().ok_or_else(|| {
            Failure::new(
                Exit::Tool,
                "the images are not there",
                format!("nothing in {} is of this version", images::cache_shown()),
            )
            .mend("provision sandbox image build")
        })?,
    };
    tell(&images, global.output);
    Ok(())
}

fn tell(images: &Images, output: Output) {
    let bytes = on_disk(images.folder());
    let folder = images.folder().display();
    if output == Output::Json {
        report::document(&serde_json::json!({
            "schema": 1,
            "folder": folder.to_string(),
            "bytes": bytes,
        }));
    } else {
        report::print(&format!("{folder}  {} MB", bytes / 1_000_000));
    }
}

/// What the files take on the disk, holes left out.
fn on_disk(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)))
        .map(|(path, meta)| {
            if meta.is_dir() {
                on_disk(&path)
            } else {
                meta.blocks() * 512
            }
        })
        .sum()
}
