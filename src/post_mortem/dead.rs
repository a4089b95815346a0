//! The system that does not come up any more, read from its disks: what would boot it, and its
//! last journal. Mounted read-only and without replaying what the file systems had begun; no file
//! is read that holds a key.

mod filesystems;

use super::Part;
use super::script::{self, Answer, Question};
use crate::report::quote;
use crate::ssh::Target;
use filesystems::{Filesystem, filesystems, options};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The name of the question whose answer [`look`] reads.
pub(super) const LIST: &str = "list";
/// The question itself.
pub(super) const LSBLK: &str = "lsblk --json --output NAME,PATH,TYPE,FSTYPE,MOUNTPOINTS";

/// Where they are mounted, for a moment.
const PLACE: &str = "/run/provision-post-mortem";
const ROOM: &str = "the dead system";
/// More folders at the top of a file system are not looked through.
const MOST: usize = 16;

/// Looks at what is on these disks.
pub(super) async fn look(
    target: &Target,
    listed: &str,
    disks: &[String],
    each: Duration,
) -> Vec<Part> {
    let (filesystems, mut parts) = match filesystems(listed, disks) {
        Ok(found) => found,
        Err(why) => return vec![Part::missing(ROOM, why)],
    };
    if filesystems.is_empty() {
        parts.push(Part::missing(
            ROOM,
            "no file system of its could be mounted",
        ));
        return parts;
    }
    let mounting: Vec<Question> = filesystems.iter().flat_map(mount).collect();
    match script::ask(target, &mounting, each).await {
        Err(why) => parts.push(Part::missing(ROOM, why)),
        Ok(answers) => {
            let mounted = mounted(&filesystems, &answers, &mut parts);
            parts.extend(read(target, &mounted, each).await);
        }
    }
    let leaving: Vec<Question> = filesystems
        .iter()
        .map(|f| Question::new("umount", format!("umount {} 2>&1", f.at)))
        .collect();
    // the reboot that follows ends them in any case
    let _ = script::ask(target, &leaving, each).await;
    parts
}

/// Mounts it, and asks what lies at its top.
fn mount(filesystem: &Filesystem) -> Vec<Question> {
    let Filesystem { device, kind, at } = filesystem;
    let options = options(kind).unwrap_or("ro");
    let mut questions = vec![
        Question::new(
            name("mount", at),
            format!(
                "mkdir -p {at} && mount -t {kind} -o {options},nodev,nosuid,noexec {} {at} 2>&1",
                quote(device)
            ),
        ),
        Question::new(name("ls", at), format!("ls {at} 2>&1")),
    ];
    if kind == "btrfs" {
        let list = format!("btrfs subvolume list {at} 2>&1");
        questions.push(Question::new(name("subvolumes", at), list));
    }
    questions
}

fn name(what: &str, at: &str) -> String {
    format!("{what} {at}")
}

/// Those that are mounted, with the folders in which a system may begin.
fn mounted<'a>(
    filesystems: &'a [Filesystem],
    answers: &[Answer],
    parts: &mut Vec<Part>,
) -> Vec<(&'a Filesystem, Vec<String>)> {
    let answers: BTreeMap<&str, &Answer> = answers.iter().map(|a| (a.name.as_str(), a)).collect();
    let answer = |what: &str, at: &str| answers.get(name(what, at).as_str()).copied();
    let mut mounted = Vec::new();
    for filesystem in filesystems {
        let at = &filesystem.at;
        match answer("mount", at) {
            Some(answer) if !answer.failed => {}
            answer => {
                let said = answer.map(|a| a.printed.trim().to_owned());
                let why = said.unwrap_or_else(|| "it was not come to".to_owned());
                parts.push(Part::missing(&filesystem.device, why));
                continue;
            }
        }
        if let Some(answer) = answer("subvolumes", at) {
            let part = Part {
                name: format!("subvolumes of {}", filesystem.device),
                ..answer.part()
            };
            parts.push(part);
        }
        let top = answer("ls", at).map_or("", |a| a.printed.as_str());
        let below = answer("subvolumes", at).map_or("", |a| a.printed.as_str());
        mounted.push((filesystem, folders(top, below)));
    }
    mounted
}

/// Folders in which a system may begin: the top, those right below it, and subvolumes.
fn folders(top: &str, subvolumes: &str) -> Vec<String> {
    let of_subvolumes = subvolumes
        .lines()
        .filter_map(|line| Some(line.split_once(" path ")?.1));
    let names: BTreeSet<&str> = top
        .lines()
        .take(MOST)
        .chain(of_subvolumes.take(MOST))
        .map(str::trim)
        .filter(|name| !name.is_empty() && !name.contains("..") && !name.contains(char::is_control))
        .collect();
    let below = names.into_iter().map(|name| format!("/{name}"));
    std::iter::once(String::new()).chain(below).collect()
}

/// Where a system's journal lies in such a folder: of the root, of `/var`, of `/var/log`.
const JOURNALS: &[&str] = &["/var/log/journal", "/log/journal", "/journal"];
/// Where GRUB's menu lies in it: of the root, of `/boot`.
const MENUS: &[&str] = &["/boot/grub/grub.cfg", "/grub/grub.cfg"];

/// Reads what is there of all that may be there.
async fn read(
    target: &Target,
    mounted: &[(&Filesystem, Vec<String>)],
    each: Duration,
) -> Vec<Part> {
    let mut looking = Vec::new();
    for (filesystem, folders) in mounted {
        for folder in folders {
            let below = |paths: &[&str]| -> Vec<String> {
                paths.iter().map(|path| format!("{folder}{path}")).collect()
            };
            looking.extend(there(&filesystem.at, "-d", &below(JOURNALS)));
            looking.extend(there(&filesystem.at, "-f", &below(MENUS)));
        }
    }
    let answers = match script::ask(target, &looking, each).await {
        Ok(answers) => answers,
        Err(why) => return vec![Part::missing(ROOM, why)],
    };
    let reading = of_what_is_there(mounted, &answers);
    let mut parts: Vec<Part> = match script::ask(target, &reading, each).await {
        Ok(answers) => answers.iter().map(menu_only).collect(),
        Err(why) => vec![Part::missing(ROOM, why)],
    };
    let lacks = |what: &str| !parts.iter().any(|part| part.name.starts_with(what));
    let no_menu = lacks(MENU);
    if lacks(JOURNAL) {
        let why = "there is none on its disks: it never came so far, or keeps none";
        parts.push(Part::missing(JOURNAL, why));
    }
    if no_menu {
        parts.push(Part::missing(MENU, "there is no grub.cfg on its disks"));
    }
    parts
}

const JOURNAL: &str = "journal";
const MENU: &str = "boot menu";

/// Asks whether these are there, on that file system and nowhere else: a link on that disk, wherever
/// in the path it stands, would lead into the rescue system, and none is followed.
fn there(at: &str, kind: &str, paths: &[String]) -> Vec<Question> {
    let ask = |path: &String| {
        let mut test = String::new();
        let mut below = at.to_owned();
        for name in path.split('/').filter(|name| !name.is_empty()) {
            below.push('/');
            below.push_str(name);
            test.push_str(&format!("! test -L {} && ", quote(&below)));
        }
        test.push_str(&format!("test {kind} {}", quote(&below)));
        Question::new(below, test)
    };
    paths.iter().map(ask).collect()
}

/// What is read of each file and folder that is there.
fn of_what_is_there(mounted: &[(&Filesystem, Vec<String>)], answers: &[Answer]) -> Vec<Question> {
    let mut reading = Vec::new();
    for (filesystem, _) in mounted {
        let inside = format!("{}/", filesystem.at);
        if filesystem.kind == "vfat" {
            reading.push(Question::new(
                format!("boot programs on {}", filesystem.device),
                format!("find {} -iname '*.efi' 2>&1", filesystem.at),
            ));
        }
        for answer in answers
            .iter()
            .filter(|a| !a.failed && a.name.starts_with(&inside))
        {
            let (path, quoted) = (&answer.name, quote(&answer.name));
            let shown = path.replacen(filesystem.at.as_str(), &filesystem.device, 1);
            reading.push(if path.ends_with("grub.cfg") {
                Question::new(
                    format!("{MENU} in {shown}"),
                    format!("grep -e menuentry -e submenu {quoted} 2>&1"),
                )
            } else {
                Question::new(
                    format!("{JOURNAL} in {shown}"),
                    format!("journalctl -D {quoted} -b -p warning -n 200 --no-pager 2>&1"),
                )
            });
        }
    }
    reading
}

/// Of GRUB's configuration only the titles: other lines may hold a password.
fn menu_only(answer: &Answer) -> Part {
    let mut part = answer.part();
    if part.name.starts_with(MENU) {
        let is_entry = |line: &str| line.starts_with("menuentry ") || line.starts_with("submenu ");
        part.lines.retain(|line| is_entry(line.trim_start()));
        for line in &mut part.lines {
            *line = line.trim().trim_end_matches('{').trim_end().to_owned();
        }
    }
    part
}

/// Reads the text as all that such a machine is asked for.
#[cfg(any(test, feature = "fuzz"))]
pub(super) fn untrusted(text: &str) {
    let disks = ["/dev/sda".to_owned()];
    if let Ok((filesystems, _)) = filesystems(text, &disks) {
        for filesystem in &filesystems {
            assert!(mount(filesystem).len() > 1);
        }
    }
    for folder in folders(text, text) {
        assert!(
            !folder.contains("..") && !folder.contains(char::is_control),
            "{folder:?}"
        );
        drop(there(PLACE, "-d", &[folder]));
    }
}

#[cfg(test)]
mod tests;
