//! Disks mounted for a look, read-only, and what is searched for in them.

use super::Call;
use super::files::options;
use crate::machine::emulated::devices;
use crate::machine::emulated::file::What;
use crate::machine::emulated::shell::redirect;
use crate::machine::emulated::state::Mount;

/// `mount -t TYPE -o ro,… DEVICE DIR`, with DIR below `/run`.
pub(super) fn mount(call: &mut Call<'_>) -> u8 {
    let words: Vec<&str> = call.args.iter().map(String::as_str).collect();
    let ["-t", kind, "-o", given, device, at] = words.as_slice() else {
        return call.not_emulated("anything but -t TYPE -o OPTIONS DEVICE DIR");
    };
    if !given.split(',').any(|o| o == "ro") || !at.starts_with("/run/") {
        return call.not_emulated("a mount that is not read-only and below /run");
    }
    if call.who.uid != 0 {
        call.complain(format!("{at}: must be superuser to use mount."));
        return 32;
    }
    let (kind, device, at) = (*kind, *device, (*at).to_owned());
    let tree = call.tree();
    if tree.get(&at).is_none_or(|file| file.what != What::Dir) {
        call.complain(format!("{at}: mount point does not exist."));
        return 32;
    }
    let real = tree.real(device).unwrap_or_default();
    let Some(found) = devices::by_path(&tree.devices, &real) else {
        call.complain(format!("{at}: special device {device} does not exist."));
        return 32;
    };
    if found.filesystem.as_deref() != Some(kind) {
        call.complain(format!(
            "{at}: wrong fs type, bad option, bad superblock on {device}, missing codepage or helper program, or other error."
        ));
        return 32;
    }
    if !found.mountpoints.is_empty() {
        call.complain(format!(
            "{at}: {device} already mounted or mount point busy."
        ));
        return 32;
    }
    let disk = found.parent.as_deref().unwrap_or(&found.name);
    let partition = found.name.strip_prefix(disk).unwrap_or_default();
    let partition = partition.parse().unwrap_or(0);
    let disks = call.state.disks.iter();
    let serial = disks
        .filter(|d| d.name.as_deref() == Some(disk))
        .map(|d| d.serial.clone())
        .next();
    if let (Some(serial), Some(running)) = (serial, &mut call.state.running) {
        running.mounts.push(Mount {
            serial,
            partition,
            at,
        });
    }
    0
}

/// `umount DIR`
pub(super) fn umount(call: &mut Call<'_>) -> u8 {
    let [at] = call.args else {
        return call.not_emulated("anything but DIR");
    };
    let at = at.clone();
    let Some(running) = &mut call.state.running else {
        return 32;
    };
    let before = running.mounts.len();
    running
        .mounts
        .retain(|m| m.at != at || !at.starts_with("/run/"));
    if running.mounts.len() == before {
        call.complain(format!("{at}: not mounted."));
        return 32;
    }
    0
}

/// `btrfs subvolume list DIR`: the file systems here have none.
pub(super) fn btrfs(call: &mut Call<'_>) -> u8 {
    match call.args {
        [what, list, _] if what == "subvolume" && list == "list" => 0,
        _ => call.not_emulated("anything but subvolume list DIR"),
    }
}

/// `find DIR -iname '*END'`
pub(super) fn find(call: &mut Call<'_>) -> u8 {
    let words: Vec<&str> = call.args.iter().map(String::as_str).collect();
    let [dir, "-iname", pattern] = words.as_slice() else {
        return call.not_emulated("anything but DIR -iname '*END'");
    };
    let Some(end) = pattern.strip_prefix('*') else {
        return call.not_emulated("a pattern that does not begin with *");
    };
    let (dir, end) = ((*dir).to_owned(), end.to_ascii_lowercase());
    let tree = call.tree();
    if tree.get(&dir).is_none() {
        return call.fail(format!("‘{dir}’: No such file or directory"));
    }
    let mut folders = vec![dir];
    while let Some(folder) = folders.pop() {
        for (name, file) in tree.list(&folder) {
            let path = format!("{folder}/{name}");
            if name.to_ascii_lowercase().ends_with(&end) {
                call.line(&path);
            }
            if file.what == What::Dir {
                folders.push(path);
            }
        }
    }
    0
}

/// `grep -e TEXT… FILE`: texts, and no patterns.
pub(super) fn grep(call: &mut Call<'_>) -> u8 {
    let mut args = call.args.iter();
    let (mut texts, mut files) = (Vec::new(), Vec::new());
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-e" => texts.extend(args.next().map(String::as_str)),
            option if option.starts_with('-') => {
                let option = option.to_owned();
                return call.not_emulated(&option);
            }
            file => files.push(file),
        }
    }
    let [file] = files.as_slice() else {
        return call.not_emulated("anything but -e TEXT FILE");
    };
    let bytes = match redirect::read(&call.tree(), file, call.who) {
        Ok(bytes) => bytes,
        Err(why) => {
            call.complain(why);
            return 2;
        }
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut status = 1;
    for line in text.lines() {
        if texts.iter().any(|wanted| line.contains(wanted)) {
            call.line(line);
            status = 0;
        }
    }
    status
}

/// The journal below a directory of a disk that is mounted.
pub(super) fn journal_in(call: &Call<'_>, dir: &str) -> Option<Vec<String>> {
    let mounts = &call.running()?.mounts;
    let mount = mounts.iter().find(|m| {
        let below = dir.strip_prefix(m.at.as_str());
        below.is_some_and(|below| below.starts_with('/'))
    })?;
    call.tree().get(dir)?;
    let disk = call.state.disks.iter().find(|d| d.serial == mount.serial)?;
    Some(disk.contents.as_ref()?.journal.clone())
}

/// The directory that `journalctl -D DIR` is told.
pub(super) fn directory(args: &[String]) -> Option<String> {
    let (flags, _) = options(args);
    let long = flags.iter().find_map(|f| f.strip_prefix("--directory="));
    let at = args.iter().position(|a| a == "-D");
    let short = at.and_then(|at| args.get(at + 1)).map(String::as_str);
    long.or(short).map(str::to_owned)
}
