//! `--extra-files`: a tree of the user's. It is looked at before anything is paid for, and copied
//! with its modes; no link in it is followed, and nothing in it is waited for.

use crate::failure::{Exit, Failure, Outcome};
use rustix::fs::OFlags;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, symlink};
use std::path::{Path, PathBuf};

/// Where the host's own key is put, and whether that is a folder: through a link it would be put
/// somewhere on this machine.
const OWN: [(&str, bool); 4] = [
    ("etc", true),
    ("etc/ssh", true),
    ("etc/ssh/ssh_host_ed25519_key", false),
    ("etc/ssh/ssh_host_ed25519_key.pub", false),
];

/// What cannot be copied, and why.
#[derive(Debug)]
pub struct Refusal {
    /// Where it lies.
    pub path: PathBuf,
    /// Why it is refused.
    pub why: String,
}

impl Refusal {
    fn new(path: &Path, why: impl std::fmt::Display) -> Self {
        Self {
            path: path.to_owned(),
            why: why.to_string(),
        }
    }
}

/// One of the things in the tree.
#[derive(Debug)]
pub struct Item {
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Folder(Permissions),
    File,
    Link(PathBuf),
}

/// All that is in the tree, a folder before what is in it.
pub fn look(root: &Path) -> Result<Vec<Item>, Refusal> {
    let mut items = Vec::new();
    below(root, &mut items)?;
    for (name, is_folder) in OWN {
        let path = root.join(name);
        let Some(found) = items.iter().find(|item| item.path == path) else {
            continue;
        };
        match (&found.kind, is_folder) {
            (Kind::Folder(_), true) | (Kind::File, false) => {}
            (_, true) => {
                let why = "the host's key is put in there, so it has to be a folder";
                return Err(Refusal::new(&path, why));
            }
            (_, false) => {
                let why = "the host's key takes its place, so it has to be a file";
                return Err(Refusal::new(&path, why));
            }
        }
    }
    Ok(items)
}

fn below(folder: &Path, items: &mut Vec<Item>) -> Result<(), Refusal> {
    let unreadable = |e: io::Error| Refusal::new(folder, e);
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        let cannot = |e: io::Error| Refusal::new(&path, e);
        let kind = entry.file_type().map_err(cannot)?;
        let kind = if kind.is_symlink() {
            Kind::Link(fs::read_link(&path).map_err(cannot)?)
        } else if kind.is_dir() {
            Kind::Folder(entry.metadata().map_err(cannot)?.permissions())
        } else if kind.is_file() {
            open(&path).map_err(cannot)?;
            Kind::File
        } else {
            let why = "it is neither a file nor a folder nor a link, and cannot be copied";
            return Err(Refusal::new(&path, why));
        };
        let is_folder = matches!(kind, Kind::Folder(_));
        items.push(Item {
            path: path.clone(),
            kind,
        });
        if is_folder {
            below(&path, items)?;
        }
    }
    Ok(())
}

/// A file, and nothing that was put in its place since: to open a pipe would wait for its writer.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::other("it is not a file any more"))
}

/// Copies it into an empty folder; a link stays a link.
pub fn copy(from: &Path, to: &Path) -> Outcome {
    let items = look(from).map_err(|refusal| {
        Failure::new(
            Exit::Config,
            format!("cannot copy {} of --extra-files", refusal.path.display()),
            refusal.why,
        )
    })?;
    let mut folders = Vec::new();
    for item in &items {
        let target = to.join(item.path.strip_prefix(from).unwrap_or(&item.path));
        let written = match &item.kind {
            Kind::Link(points_at) => symlink(points_at, &target),
            Kind::Folder(modes) => {
                folders.push((target.clone(), modes));
                fs::create_dir(&target)
            }
            Kind::File => file(&item.path, &target),
        };
        written.map_err(|e| Failure::state(&target, &e))?;
    }
    // a folder may forbid to write into it
    for (folder, modes) in folders.into_iter().rev() {
        fs::set_permissions(&folder, modes.clone()).map_err(|e| Failure::state(&folder, &e))?;
    }
    Ok(())
}

fn file(from: &Path, to: &Path) -> io::Result<()> {
    let mut input = open(from)?;
    let mut output = File::create_new(to)?;
    io::copy(&mut input, &mut output)?;
    output.set_permissions(input.metadata()?.permissions())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::net::UnixListener;

    fn pipe(path: &Path) {
        rustix::fs::mknodat(
            rustix::fs::CWD,
            path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .unwrap();
    }

    #[test]
    fn what_would_lead_elsewhere_or_be_waited_for_is_refused_with_its_path() {
        type Plant = fn(&Path);
        let cases: [(&str, Plant); 7] = [
            ("a/pipe", |at| pipe(at)),
            ("a/socket", |at| drop(UnixListener::bind(at).unwrap())),
            ("etc", |at| symlink("/etc", at).unwrap()),
            ("etc", |at| fs::write(at, "x").unwrap()),
            ("etc/ssh", |at| symlink("../a", at).unwrap()),
            ("etc/ssh/ssh_host_ed25519_key", |at| {
                symlink("/tmp/x", at).unwrap();
            }),
            ("etc/ssh/ssh_host_ed25519_key.pub", |at| {
                fs::create_dir(at).unwrap();
            }),
        ];
        for (name, plant) in cases {
            let dir = tempfile::tempdir().unwrap();
            fs::create_dir(dir.path().join("a")).unwrap();
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            plant(&path);
            assert_eq!(look(dir.path()).unwrap_err().path, path);
            let to = tempfile::tempdir().unwrap();
            let refused = copy(dir.path(), to.path()).unwrap_err().to_string();
            assert!(refused.contains(name), "{refused}");
            assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn a_file_that_became_a_pipe_or_a_link_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::write(path("file"), "x").unwrap();
        symlink(path("file"), path("link")).unwrap();
        pipe(&path("pipe"));
        open(&path("file")).unwrap();
        open(&path("link")).unwrap_err();
        open(&path("pipe")).unwrap_err();
    }

    #[test]
    fn it_is_copied_with_its_modes_and_its_links() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let planted = |name: &str| from.path().join(name);
        let copied = |name: &str| to.path().join(name);
        fs::create_dir_all(planted("etc/ssh")).unwrap();
        fs::create_dir(planted("closed")).unwrap();
        for (name, mode) in [("etc/ssh/ssh_host_ed25519_key", 0o600), ("closed/x", 0o755)] {
            fs::write(planted(name), name).unwrap();
            fs::set_permissions(planted(name), Permissions::from_mode(mode)).unwrap();
        }
        fs::set_permissions(planted("closed"), Permissions::from_mode(0o555)).unwrap();
        symlink("/etc/passwd", planted("out")).unwrap();
        symlink("nowhere", planted("etc/dangling")).unwrap();
        copy(from.path(), to.path()).unwrap();
        let mode = |name: &str| fs::metadata(copied(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("etc/ssh/ssh_host_ed25519_key"), 0o600);
        assert_eq!((mode("closed"), mode("closed/x")), (0o555, 0o755));
        assert_eq!(fs::read_to_string(copied("closed/x")).unwrap(), "closed/x");
        let link = |name: &str| fs::read_link(copied(name)).unwrap();
        assert_eq!(link("out"), Path::new("/etc/passwd"));
        assert_eq!(link("etc/dangling"), Path::new("nowhere"));
        for dir in [&from, &to] {
            let closed = dir.path().join("closed");
            fs::set_permissions(closed, Permissions::from_mode(0o755)).unwrap();
        }
    }
}
