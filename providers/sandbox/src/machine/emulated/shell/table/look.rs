//! Commands that look at files without reading them.

use super::Call;
use super::files::options;
use crate::machine::emulated::file::{File, What};
use crate::machine::emulated::tree::Tree;

/// `test` and `[`: files, texts, numbers, `!`, `-a` and `-o` between two of them.
pub(super) fn test(call: &mut Call<'_>) -> u8 {
    let mut args: Vec<&str> = call.args.iter().map(String::as_str).collect();
    if call.name == "[" && args.pop() != Some("]") {
        call.complain("missing `]'");
        return 2;
    }
    let tree = call.tree();
    let Some(yes) = holds(&tree, call.who.uid, &args) else {
        call.complain("syntax error");
        return 2;
    };
    u8::from(!yes)
}

fn holds(tree: &Tree, uid: u32, args: &[&str]) -> Option<bool> {
    let file = |path: &str| tree.get(path);
    match args {
        [] => Some(false),
        [word] => Some(!word.is_empty()),
        ["!", rest @ ..] => holds(tree, uid, rest).map(|yes| !yes),
        ["-n", text] => Some(!text.is_empty()),
        ["-z", text] => Some(text.is_empty()),
        ["-e", path] => Some(file(path).is_some()),
        ["-d", path] => Some(file(path).is_some_and(|f| f.what == What::Dir)),
        ["-f", path] => Some(file(path).is_some_and(|f| f.contents().is_some())),
        ["-b", path] => Some(file(path).is_some_and(|f| f.what == What::Block)),
        ["-L" | "-h", path] => Some(
            tree.at(path)
                .is_some_and(|f| matches!(f.what, What::Link(_))),
        ),
        ["-s", path] => {
            Some(file(path).is_some_and(|f| f.contents().is_some_and(|c| !c.is_empty())))
        }
        ["-r", path] => Some(file(path).is_some_and(|f| f.readable_by(uid))),
        [left, "=" | "==", right] => Some(left == right),
        [left, "!=", right] => Some(left != right),
        [left, op, right] if op.starts_with('-') && op.len() == 3 => compare(left, op, right),
        [left @ .., "-o", a, b] => Some(holds(tree, uid, left)? || holds(tree, uid, &[a, b])?),
        [left @ .., "-a", a, b] => Some(holds(tree, uid, left)? && holds(tree, uid, &[a, b])?),
        _ => None,
    }
}

fn compare(left: &str, op: &str, right: &str) -> Option<bool> {
    let (left, right): (i64, i64) = (left.parse().ok()?, right.parse().ok()?);
    Some(match op {
        "-eq" => left == right,
        "-ne" => left != right,
        "-lt" => left < right,
        "-le" => left <= right,
        "-gt" => left > right,
        "-ge" => left >= right,
        _ => return None,
    })
}

/// `ls [-l] [-a] [-d] [PATH…]`
pub(super) fn ls(call: &mut Call<'_>) -> u8 {
    let (flags, mut paths) = options(call.args);
    let has = |letter: char| {
        flags
            .iter()
            .any(|f| !f.starts_with("--") && f.contains(letter))
    };
    let (long, itself) = (has('l'), has('d'));
    if paths.is_empty() {
        paths.push("/root");
    }
    let tree = call.tree();
    let mut status = 0;
    for path in paths {
        let Some(file) = tree.at(path) else {
            call.complain(format!("cannot access '{path}': No such file or directory"));
            status = 2;
            continue;
        };
        let directory = tree.get(path).is_some_and(|f| f.what == What::Dir);
        if itself || !directory || (long && matches!(file.what, What::Link(_))) {
            call.line(entry(path, file, long));
            continue;
        }
        if long {
            call.line("total 0");
        }
        for (name, file) in tree.list(path) {
            call.line(entry(name, file, long));
        }
    }
    status
}

/// One line of `ls`; all files are as old as the image.
fn entry(name: &str, file: &File, long: bool) -> String {
    if !long {
        return name.to_owned();
    }
    let (sign, size) = match &file.what {
        What::Dir => ('d', 4096),
        What::Link(target) => ('l', target.len()),
        What::Block => ('b', 0),
        What::Char => ('c', 0),
        What::Data(bytes) => ('-', bytes.0.len()),
    };
    let owner = |id: u32| match id {
        0 => "root".to_owned(),
        6 => "disk".to_owned(),
        other => other.to_string(),
    };
    let arrow = match &file.what {
        What::Link(target) => format!(" -> {target}"),
        _ => String::new(),
    };
    format!(
        "{sign}{} 1 {} {} {size:>4} Nov 23 00:57 {name}{arrow}",
        letters(file.mode),
        owner(file.uid),
        owner(file.gid)
    )
}

fn letters(mode: u32) -> String {
    (0..9)
        .map(|bit| {
            if mode & (0o400 >> bit) == 0 {
                '-'
            } else {
                ['r', 'w', 'x'][bit % 3]
            }
        })
        .collect()
}

/// `readlink [-f|-e] PATH…`
pub(super) fn readlink(call: &mut Call<'_>) -> u8 {
    let (flags, paths) = options(call.args);
    let canonical = flags.iter().any(|f| matches!(*f, "-f" | "--canonicalize"));
    let existing = flags
        .iter()
        .any(|f| matches!(*f, "-e" | "--canonicalize-existing"));
    let tree = call.tree();
    let mut status = 0;
    for path in paths {
        let answer = if canonical || existing {
            tree.real(path)
                .filter(|real| !existing || tree.at(real).is_some())
        } else {
            match tree.at(path).map(|f| &f.what) {
                Some(What::Link(target)) => Some(target.clone()),
                _ => None,
            }
        };
        match answer {
            Some(real) => call.line(real),
            None => status = 1,
        }
    }
    status
}

/// `realpath PATH…`
pub(super) fn realpath(call: &mut Call<'_>) -> u8 {
    let (_, paths) = options(call.args);
    let tree = call.tree();
    let mut status = 0;
    for path in paths {
        match tree.real(path) {
            Some(real) => call.line(real),
            None => status = call.fail(format!("{path}: No such file or directory")),
        }
    }
    status
}

/// `stat -c FORMAT PATH…` with `%a`, `%u`, `%g`, `%s` and `%n`.
pub(super) fn stat(call: &mut Call<'_>) -> u8 {
    let format = match call.args.first().map(String::as_str) {
        Some("-c" | "--format") => call.args.get(1).cloned(),
        Some(arg) => arg.strip_prefix("--format=").map(str::to_owned),
        None => None,
    };
    let Some(format) = format else {
        return call.not_emulated("anything but -c FORMAT");
    };
    let skip = if call.args[0].contains('=') { 1 } else { 2 };
    let tree = call.tree();
    let mut status = 0;
    for path in &call.args[skip..] {
        match tree.at(path) {
            Some(file) => {
                let size = file.contents().map_or(0, <[u8]>::len);
                call.line(
                    format
                        .replace("%a", &format!("{:o}", file.mode))
                        .replace("%u", &file.uid.to_string())
                        .replace("%g", &file.gid.to_string())
                        .replace("%s", &size.to_string())
                        .replace("%n", path),
                );
            }
            None => status = call.fail(format!("cannot statx '{path}': No such file or directory")),
        }
    }
    status
}
