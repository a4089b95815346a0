//! What several targets need.

use std::path::PathBuf;

/// A file of that name with this content, in memory where there is a place for that, and of this
/// process alone.
///
/// # Panics
///
/// If it cannot be written.
pub fn file(name: &str, content: &[u8]) -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    };
    let path = folder.join(format!("provision-fuzz-{}-{name}", std::process::id()));
    std::fs::write(&path, content).expect("a place for files");
    path
}
