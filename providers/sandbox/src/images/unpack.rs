//! Disks come out of the build packed; here they get their holes back.

use super::ImageError;
use super::run::{Group, command};
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;

const DEADLINE: Duration = Duration::from_secs(300);
const PIECE: usize = 256 * 1024;

/// Unpacks a gzip file; long rows of zeros become holes.
pub(super) async fn unpack(
    packed: &Path,
    into: &Path,
    cancel: &CancellationToken,
) -> Result<(), ImageError> {
    let failed = |message: String| ImageError::Failed {
        step: format!("unpacking {}", packed.display()),
        message,
        last: Vec::new(),
    };
    tokio::select! {
        done = copy(packed, into) => done.map_err(|error| failed(error.to_string())),
        () = cancel.cancelled() => Err(ImageError::Cancelled),
        () = tokio::time::sleep(DEADLINE) => {
            Err(failed(format!("not done within {} s", DEADLINE.as_secs())))
        }
    }
}

async fn copy(packed: &Path, into: &Path) -> io::Result<()> {
    let mut gzip = command("gzip");
    gzip.arg("-dc")
        .stdin(std::fs::File::open(packed)?)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut group = Group::start(&mut gzip)?;
    let mut from = group
        .child
        .stdout
        .take()
        .ok_or_else(|| io::Error::other("gzip has no output"))?;
    let mut file = File::create(into).await?;
    let mut piece = vec![0; PIECE];
    let mut length = 0;
    loop {
        let filled = fill(&mut from, &mut piece).await?;
        let part = piece.get(..filled).unwrap_or_default();
        if part.is_empty() {
            break;
        }
        if part.iter().all(|byte| *byte == 0) {
            let hole = i64::try_from(filled).map_err(io::Error::other)?;
            file.seek(io::SeekFrom::Current(hole)).await?;
        } else {
            file.write_all(part).await?;
        }
        length += filled as u64;
    }
    file.flush().await?;
    file.set_len(length).await?;
    let status = group.wait().await?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("gzip failed with {status}")))
    }
}

/// Reads until the piece is full or the stream has ended.
async fn fill(from: &mut tokio::process::ChildStdout, piece: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = piece.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match from.read(rest).await? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt as _;

    #[tokio::test]
    async fn holes_come_back_and_nothing_else_changes() {
        let home = tempfile::tempdir().unwrap();
        let mut content = vec![0_u8; 9 * PIECE + 17];
        content[3] = 1;
        content[4 * PIECE + 5] = 2;
        let plain = home.path().join("plain");
        std::fs::write(&plain, &content).unwrap();
        let status = std::process::Command::new("gzip")
            .arg("-k")
            .arg(&plain)
            .status();
        assert!(status.unwrap().success());

        let back = home.path().join("back");
        let cancel = CancellationToken::new();
        unpack(&home.path().join("plain.gz"), &back, &cancel)
            .await
            .unwrap();
        assert!(std::fs::read(&back).unwrap() == content);
        let used = std::fs::metadata(&back).unwrap().blocks() * 512;
        assert!(used < content.len() as u64 / 2, "{used} bytes on the disk");
    }

    #[tokio::test]
    async fn a_half_file_is_an_error() {
        let home = tempfile::tempdir().unwrap();
        let bad = home.path().join("bad.gz");
        std::fs::write(&bad, [0x1f, 0x8b, 8, 0]).unwrap();
        let cancel = CancellationToken::new();
        let error = unpack(&bad, &home.path().join("out"), &cancel)
            .await
            .unwrap_err();
        assert!(error.to_string().contains("gzip failed"), "{error}");
    }
}
