//! Guests and disks that nobody is in charge of: found by their folders, ended and removed.

use super::folder::Folder;
use super::inner;
use std::path::Path;

/// Ends and removes machines that no world knows (a crash between making one and keeping that);
/// answers one line for each. Only for who holds the world.
pub async fn sweep(folder: &Path, known: &[String]) -> Vec<String> {
    let mut lines = Vec::new();
    for id in ids(folder) {
        if known.contains(&id) {
            continue;
        }
        lines.push(match remove(folder, &id).await {
            Ok(what) => format!("machine {id} belonged to nothing: {what}"),
            Err(why) => format!("machine {id} belongs to nothing, and {why}"),
        });
    }
    lines
}

/// Ends the guest of that machine, if one runs.
pub(super) async fn halt(folder: &Path, id: &str) -> Result<(), String> {
    end(folder, id).await.transpose().map(drop)
}

/// Removes a machine; what was done.
pub(super) async fn remove(folder: &Path, id: &str) -> Result<String, String> {
    let ended = end(folder, id).await.transpose()?;
    Folder::of(folder, id).remove()?;
    Ok(match ended {
        Some(pid) => format!("its guest (process {pid}) was ended and its disks removed"),
        None => "its disks were removed".to_owned(),
    })
}

/// Ends every guest of the folder by its own id; its disks stay. Answers one line for each. A
/// world that is opened later switches on again those that it knows as on.
pub async fn stop(folder: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for id in ids(folder) {
        lines.extend(end(folder, &id).await.map(|ended| match ended {
            Ok(pid) => format!("machine {id}: its guest (process {pid}) was ended"),
            Err(why) => format!("machine {id}: {why}"),
        }));
    }
    lines
}

/// The folders of machines.
fn ids(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut ids: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    ids.sort();
    ids
}

/// Ends the guest of that machine, if one runs; its process id.
async fn end(folder: &Path, id: &str) -> Option<Result<i32, String>> {
    let process = Folder::of(folder, id).process()?;
    Some(inner::end(process).await.map(|()| process.pid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::qemu::tests::guest;

    #[tokio::test]
    async fn what_no_world_knows_goes_and_the_rest_only_stops() {
        let home = tempfile::tempdir().unwrap();
        let mut known = guest(home.path(), "hetzner-1");
        let mut lost = guest(home.path(), "hetzner-2");
        Folder::of(home.path(), "hetzner-3").make().unwrap();
        std::fs::write(home.path().join("a-file"), "").unwrap();

        let lines = sweep(home.path(), &["hetzner-1".to_owned()]).await;
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].contains(&lost.id().to_string()), "{lines:?}");
        assert!(lines[1].contains("hetzner-3"));
        lost.wait().unwrap();
        assert!(known.try_wait().unwrap().is_none());
        assert!(!home.path().join("hetzner-2").exists());

        let lines = stop(home.path()).await;
        assert_eq!(lines.len(), 1);
        assert!(lines[0].contains(&known.id().to_string()), "{lines:?}");
        known.wait().unwrap();
        assert!(home.path().join("hetzner-1").exists(), "its disks stay");
        assert!(stop(home.path()).await.is_empty());
        assert!(stop(&home.path().join("none")).await.is_empty());
    }

    #[tokio::test]
    async fn guests_are_found_by_a_path_with_links_too() {
        let home = tempfile::tempdir().unwrap();
        let real = home.path().join("real");
        std::fs::create_dir(&real).unwrap();
        let linked = home.path().join("linked");
        std::os::unix::fs::symlink(&real, &linked).unwrap();

        let mut one = guest(&real, "hetzner-1");
        let lines = stop(&linked).await;
        assert!(lines[0].contains(&one.id().to_string()), "{lines:?}");
        one.wait().unwrap();

        let mut two = guest(&real, "hetzner-1");
        let lines = sweep(&linked, &[]).await;
        assert!(lines[0].contains(&two.id().to_string()), "{lines:?}");
        two.wait().unwrap();
        assert!(!real.join("hetzner-1").exists());
    }
}
