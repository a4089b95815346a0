//! Why the images cannot be built.

use std::io;
use std::path::PathBuf;

/// Why the images cannot be built or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// What this computer lacks, all at once; nothing was begun.
    #[error("this computer cannot build the images, it lacks: {}", .0.join("; "))]
    Missing(Vec<String>),
    /// A program failed or did not end in time.
    #[error("{step}: {message}{}", last_lines(.last))]
    Failed {
        /// What it was to do.
        step: String,
        /// How it ended, and the mend.
        message: String,
        /// The last lines that it printed, without addresses of mirrors.
        last: Vec<String>,
    },
    /// Another process builds them and did not finish in time.
    #[error(
        "another process builds the images in {path} and was not done within {minutes} min: \
         wait for it, or end it",
        path = path.display()
    )]
    Busy {
        /// The folder of the images.
        path: PathBuf,
        /// How long was waited.
        minutes: u64,
    },
    /// A file of the cache folder cannot be used.
    #[error("{action} {path}: {source}", path = path.display())]
    File {
        /// What was tried ("cannot write", …).
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Building was given up on request.
    #[error("building the images was interrupted: what was downloaded is kept")]
    Cancelled,
}

impl ImageError {
    pub(crate) fn file(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }
}

fn last_lines(lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    format!("; its last lines:\n  {}", lines.join("\n  "))
}
