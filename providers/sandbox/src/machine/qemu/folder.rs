//! A machine's folder: what lies where, and how its state is kept there.

use super::state::Saved;
use super::state::State;
use super::volumes::Volumes;
use crate::files;
use crate::process::Process;
use std::io;
use std::path::{Path, PathBuf};

/// The folder of one machine, 0700, and that of the volumes, which outlive it.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    own: PathBuf,
    volumes: Volumes,
}

impl Folder {
    /// The folder of the machine of that id, by the path that QEMU was given, whatever links lead
    /// to it: a guest is known by that path.
    pub(super) fn of(all: &Path, id: &str) -> Self {
        Self {
            own: whole(all).join(id),
            volumes: Volumes::beside(all),
        }
    }

    /// The folder itself.
    pub(super) fn path(&self) -> &Path {
        &self.own
    }

    /// Makes it.
    pub(super) fn make(&self) -> Result<(), String> {
        files::private_folder(&self.own).map_err(|error| error.to_string())
    }

    /// Removes it with all that is in it.
    pub(super) fn remove(&self) -> Result<(), String> {
        match std::fs::remove_dir_all(&self.own) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(format!(
                "its folder {} cannot be removed: {error}",
                self.own.display()
            )),
            _ => Ok(()),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.own.join(name)
    }

    /// What the guest said on its serial console.
    pub(super) fn serial(&self) -> PathBuf {
        self.file("serial.log")
    }

    /// QEMU's process id; it is also what the process is known by.
    pub(super) fn pid(&self) -> PathBuf {
        self.file("qemu.pid")
    }

    /// UEFI's variables.
    pub(super) fn vars(&self) -> PathBuf {
        self.file("vars.fd")
    }

    /// QEMU's events; `.in` and `.out` go behind it, as its chardev `pipe` has them.
    pub(super) fn events_out(&self) -> PathBuf {
        self.file("events.out")
    }

    pub(super) fn events_in(&self) -> PathBuf {
        self.file("events.in")
    }

    /// The socket's name, to be used from inside the folder.
    pub(super) const SOCKET: &'static str = "qmp.sock";

    /// What the guest is told by way of its firmware, while QEMU reads it.
    pub(super) fn told(&self) -> PathBuf {
        self.file("told")
    }

    /// What the network boot serves.
    pub(super) fn served(&self) -> PathBuf {
        self.file("served")
    }

    /// The name of the loader of loaders in there.
    pub(super) const CHAIN: &'static str = "chain.efi";

    /// An own disk as it was made: empty.
    pub(super) fn raw_disk(&self, number: usize) -> PathBuf {
        self.file(&format!("disk{number}.raw"))
    }

    /// The own disk since the vendor's image was written to it.
    pub(super) fn written_disk(&self) -> PathBuf {
        self.file("disk0.qcow2")
    }

    /// The vendor's image below it.
    pub(super) fn stock(&self) -> PathBuf {
        self.file("stock.qcow2")
    }

    /// The rescue system's own disk.
    pub(super) fn rescue_disk(&self) -> PathBuf {
        self.file("rescue.qcow2")
    }

    /// The volumes of the world that it is in.
    pub(super) fn volumes(&self) -> &Volumes {
        &self.volumes
    }

    fn state(&self) -> PathBuf {
        self.file("state.json")
    }

    /// The guest that runs, whoever started it.
    pub(super) fn process(&self) -> Option<Process> {
        Process::of_file(&self.pid())
    }

    /// Keeps the machine's state: at once or not at all.
    pub(super) fn keep(&self, saved: &Saved) -> Result<(), String> {
        let content = serde_json::to_vec(saved).map_err(|error| error.to_string())?;
        files::replace(&self.state(), &content).map_err(|error| error.to_string())
    }

    /// The state that was kept last, if it is the same machine's and newer than another one.
    pub(super) fn newer_than(&self, other: &Saved) -> Option<State> {
        let content = std::fs::read(self.state()).ok()?;
        let kept: Saved = serde_json::from_slice(&content).ok()?;
        let newer =
            kept.is_known() && kept.spec == other.spec && kept.state.turn > other.state.turn;
        newer.then_some(kept.state)
    }
}

/// The path of a folder without links; one that is not there has nothing to be found in it.
pub(super) fn whole(folder: &Path) -> PathBuf {
    folder.canonicalize().unwrap_or_else(|_| folder.to_owned())
}

/// Makes an empty disk: as long as it says, and with nothing in it.
pub(super) fn empty_disk(file: &Path, gib: u64) -> Result<(), String> {
    let make = || {
        let made = files::private_file(file, false).map_err(io::Error::other)?;
        made.set_len(0)?;
        made.set_len(gib * 1024 * 1024 * 1024)
    };
    make().map_err(|error| format!("the disk {} cannot be made: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::qemu::tests::spec;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn the_newer_state_of_the_same_machine_wins() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::of(home.path(), "hetzner-1");
        folder.make().unwrap();
        let saved = |turn, disk_gib| {
            let mut spec = spec();
            spec.disk_gib = disk_gib;
            let state = State {
                turn,
                boots: turn,
                ..State::default()
            };
            Saved::new(spec, state)
        };
        assert!(
            folder.newer_than(&saved(0, 20)).is_none(),
            "nothing is kept"
        );
        folder.keep(&saved(5, 20)).unwrap();
        assert_eq!(folder.newer_than(&saved(4, 20)).unwrap().boots, 5);
        assert!(folder.newer_than(&saved(5, 20)).is_none());
        assert!(
            folder.newer_than(&saved(4, 40)).is_none(),
            "another machine"
        );
        std::fs::write(folder.state(), "{}").unwrap();
        assert!(folder.newer_than(&saved(4, 20)).is_none());
        folder.remove().unwrap();
        folder.remove().unwrap();
        assert!(!folder.path().exists());
    }

    #[test]
    fn an_empty_disk_takes_no_room_and_forgets_what_it_held() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("disk0.raw");
        std::fs::write(&file, vec![1; 100_000]).unwrap();
        empty_disk(&file, 3).unwrap();
        let found = std::fs::metadata(&file).unwrap();
        assert_eq!(found.len(), 3 << 30);
        assert!(found.blocks() * 512 < 100_000);
        assert_eq!(found.mode() & 0o777, 0o600);
    }
}
