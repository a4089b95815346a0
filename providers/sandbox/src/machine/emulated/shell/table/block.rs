//! What is mounted, and how full memory and disks are.

use super::Call;
use super::files::options;
use crate::machine::emulated::partition::GIB;
use crate::machine::emulated::state::Kind;
use crate::machine::emulated::tree::Tree;
use crate::machine::emulated::tree::memory_kib;
use serde_json::{Value, json};

/// Something that is mounted.
struct Mounted {
    target: String,
    source: String,
    filesystem: String,
    bytes: u64,
}

/// What is mounted, the root first.
fn mounted(tree: &Tree, kind: &Kind) -> Vec<Mounted> {
    let mut list: Vec<Mounted> = tree
        .devices
        .iter()
        .flat_map(|d| std::iter::once(d).chain(&d.children))
        .flat_map(|d| {
            d.mountpoints.iter().map(|at| Mounted {
                target: at.clone(),
                source: d.path(),
                filesystem: d.filesystem.clone().unwrap_or_default(),
                bytes: d.bytes,
            })
        })
        .collect();
    let memory = match kind {
        Kind::Rescue if list.iter().any(|m| m.target == "/") => None,
        Kind::Rescue => Some(("overlay", "overlay")),
        Kind::Installer => Some(("tmpfs", "tmpfs")),
        _ => None,
    };
    if let Some((source, filesystem)) = memory {
        list.push(Mounted {
            target: "/".into(),
            source: source.into(),
            filesystem: filesystem.into(),
            bytes: GIB,
        });
    }
    list.sort_by(|a, b| a.target.cmp(&b.target));
    list
}

/// `findmnt [--json] [-n] [-o COLUMNS] [TARGET]`
pub(super) fn findmnt(call: &mut Call<'_>) -> u8 {
    let mut columns = "TARGET,SOURCE,FSTYPE,OPTIONS".to_owned();
    let mut args = call.args.to_vec();
    if let Some(at) = args.iter().position(|a| a == "-o" || a == "--output") {
        if at + 1 >= args.len() {
            return call.fail("option requires an argument -- 'o'");
        }
        columns = args.drain(at..at + 2).next_back().unwrap_or_default();
    }
    let (flags, targets) = options(&args);
    let json = flags.iter().any(|f| matches!(*f, "--json" | "-J"));
    let tree = call.tree();
    let mut list = mounted(&tree, &call.kind());
    if let Some(wanted) = targets.first() {
        let real = tree.real(wanted).unwrap_or_default();
        list.retain(|m| m.target == *wanted || m.source == real);
    }
    if list.is_empty() {
        return 1;
    }
    let columns: Vec<String> = columns.split(',').map(str::to_ascii_lowercase).collect();
    let field = |m: &Mounted, column: &str| -> String {
        match column {
            "target" => m.target.clone(),
            "source" => m.source.clone(),
            "fstype" => m.filesystem.clone(),
            "options" => "rw,relatime".to_owned(),
            _ => String::new(),
        }
    };
    if json {
        let list: Vec<Value> = list
            .iter()
            .map(|m| {
                let pairs = columns.iter().map(|c| (c.clone(), json!(field(m, c))));
                Value::Object(pairs.collect())
            })
            .collect();
        let text = serde_json::to_string_pretty(&json!({ "filesystems": list }));
        call.line(text.unwrap_or_default());
        return 0;
    }
    if !flags.iter().any(|f| f.contains('n')) {
        call.line(columns.join(" ").to_uppercase());
    }
    for m in &list {
        let cells: Vec<String> = columns.iter().map(|c| field(m, c)).collect();
        call.line(cells.join(" "));
    }
    0
}

/// `df [-B1] [PATH…]`
pub(super) fn df(call: &mut Call<'_>) -> u8 {
    let (flags, paths) = options(call.args);
    let unit = match flags.as_slice() {
        [] | ["-k"] => 1024,
        ["-B1" | "--block-size=1"] => 1,
        other => {
            let what = other.join(" ");
            return call.not_emulated(&what);
        }
    };
    let tree = call.tree();
    let list = mounted(&tree, &call.kind());
    let wanted: Vec<&Mounted> = if paths.is_empty() {
        list.iter().collect()
    } else {
        let holding = |path: &&str| {
            let real = tree.real(path)?;
            list.iter()
                .filter(|m| real.starts_with(&m.target))
                .max_by_key(|m| m.target.len())
        };
        paths.iter().filter_map(holding).collect()
    };
    let blocks = if unit == 1 { "1B-blocks" } else { "1K-blocks" };
    call.line(format!(
        "Filesystem     {blocks} Used Available Use% Mounted on"
    ));
    for m in wanted {
        let (all, used) = (m.bytes / unit, m.bytes / unit / 20);
        call.line(format!(
            "{} {all} {used} {} 5% {}",
            m.source,
            all - used,
            m.target
        ));
    }
    0
}

/// `free [-m|-b|-k]`
pub(super) fn free(call: &mut Call<'_>) -> u8 {
    let (total, free) = memory_kib(call.state.memory_mib(call.spec));
    let scale = |kib: u64| match call.args.first().map(String::as_str) {
        Some("-m") => Some(kib / 1024),
        Some("-b") => Some(kib * 1024),
        Some("-k") | None => Some(kib),
        Some(_) => None,
    };
    let (Some(total), Some(free)) = (scale(total), scale(free)) else {
        return call.not_emulated("anything but -b, -k and -m");
    };
    call.line("               total        used        free      shared  buff/cache   available");
    let used = total - free;
    call.line(format!(
        "Mem:    {total:>12}{used:>12}{free:>12}{:>12}{:>12}{free:>12}",
        0, 0
    ));
    call.line(format!("Swap:   {:>12}{:>12}{:>12}", 0, 0, 0));
    0
}
