//! Commands that read and write files.

use super::Call;
use crate::machine::emulated::file::What;
use crate::machine::emulated::shell::redirect::{self, Writer};
use crate::machine::emulated::state::State;

/// Splits options from paths; `--` ends the options.
pub(super) fn options(args: &[String]) -> (Vec<&str>, Vec<&str>) {
    let mut flags = Vec::new();
    let mut rest = Vec::new();
    let mut ended = false;
    for arg in args {
        match arg.as_str() {
            "--" if !ended => ended = true,
            option if !ended && option.starts_with('-') && option != "-" => flags.push(option),
            path => rest.push(path),
        }
    }
    (flags, rest)
}

/// Whether `cat` reads its input: without a path, or with `-`.
pub(super) fn cat_wants_input(args: &[String]) -> bool {
    let (_, paths) = options(args);
    paths.is_empty() || paths.contains(&"-")
}

/// `cat [PATH…]`
pub(super) fn cat(call: &mut Call<'_>) -> u8 {
    let (_, paths) = options(call.args);
    let tree = call.tree();
    let mut status = 0;
    if paths.is_empty() {
        call.out = std::mem::take(&mut call.input);
    }
    for path in paths {
        let bytes = match path {
            "-" => Ok(std::mem::take(&mut call.input)),
            _ => redirect::read(&tree, path, call.who),
        };
        match bytes {
            Ok(bytes) => call.out.extend(bytes),
            Err(why) => status = call.fail(why),
        }
    }
    status
}

/// `tee [-a] PATH…`
pub(super) fn tee(call: &mut Call<'_>) -> u8 {
    let (flags, paths) = options(call.args);
    let empty = !flags.contains(&"-a");
    let bytes = std::mem::take(&mut call.input);
    let mut status = 0;
    for path in paths {
        let opened = write(call, |w, state| w.open(state, path, empty));
        match opened {
            Ok(real) => redirect::append(call.state, &real, &bytes),
            Err(why) => status = call.fail(why),
        }
    }
    call.out = bytes;
    status
}

fn write<T>(call: &mut Call<'_>, act: impl FnOnce(&Writer<'_>, &mut State) -> T) -> T {
    let tree = call.tree();
    let writer = Writer {
        tree: &tree,
        who: call.who,
        umask: call.umask,
    };
    act(&writer, call.state)
}

/// `mkdir [-p] PATH…`
pub(super) fn mkdir(call: &mut Call<'_>) -> u8 {
    let (flags, paths) = options(call.args);
    let parents = flags.iter().any(|f| matches!(*f, "-p" | "--parents"));
    if let Some(other) = flags.iter().find(|f| !matches!(**f, "-p" | "--parents")) {
        return call.not_emulated(other);
    }
    let mut status = 0;
    for path in paths {
        if let Err(why) = make_dirs(call, path, parents) {
            status = call.fail(format!("cannot create directory '{path}': {why}"));
        }
    }
    status
}

fn make_dirs(call: &mut Call<'_>, path: &str, parents: bool) -> Result<(), String> {
    let mut ends: Vec<usize> = path
        .match_indices('/')
        .map(|(at, _)| at)
        .filter(|at| *at > 0)
        .collect();
    ends.push(path.len());
    if !parents {
        ends.drain(..ends.len() - 1);
    }
    for end in ends {
        let part = &path[..end];
        match call.tree().get(part).map(|f| f.what.clone()) {
            Some(What::Dir) if parents => continue,
            Some(_) => return Err("File exists".to_owned()),
            None => {}
        }
        write(call, |w, state| {
            let real = w.may_write(part)?;
            w.make_dir(state, &real);
            Ok::<_, String>(())
        })
        .map_err(|why| why.rsplit(": ").next().unwrap_or_default().to_owned())?;
    }
    Ok(())
}

/// `chmod OCTAL PATH…`
pub(super) fn chmod(call: &mut Call<'_>) -> u8 {
    let Some((mode, paths)) = call.args.split_first() else {
        return call.fail("missing operand");
    };
    let Some(bits) = u32::from_str_radix(mode, 8).ok().filter(|m| *m <= 0o7777) else {
        return call.not_emulated(&format!("a mode like '{mode}', which is not octal,"));
    };
    let mut status = 0;
    for path in paths {
        if let Err(why) = write(call, |w, state| w.set_mode(state, path, bits)) {
            status = call.fail(format!("cannot access {why}"));
        }
    }
    status
}

/// `touch PATH…`
pub(super) fn touch(call: &mut Call<'_>) -> u8 {
    let (_, paths) = options(call.args);
    let mut status = 0;
    for path in paths {
        if let Err(why) = write(call, |w, state| w.open(state, path, false)) {
            status = call.fail(format!("cannot touch {why}"));
        }
    }
    status
}
