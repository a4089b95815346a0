//! What several targets need.

use std::path::PathBuf;

/// A file of that name with this content, in memory where there is a place for that, and of this
/// process alone.
///
/// # Panics
///
/// If it cannot be written.
pub fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = place(name);
    std::fs::write(&path, content).expect("a place for files");
    path
}

/// A folder in which a file of that name has this content.
///
/// # Panics
///
/// If it cannot be written.
pub fn folder(name: &str, content: &[u8]) -> PathBuf {
    let folder = place(&format!("{name}.d"));
    std::fs::create_dir_all(&folder).expect("a place for files");
    std::fs::write(folder.join(name), content).expect("a place for files");
    folder
}

fn place(name: &str) -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    };
    folder.join(format!("provision-fuzz-{}-{name}", std::process::id()))
}
