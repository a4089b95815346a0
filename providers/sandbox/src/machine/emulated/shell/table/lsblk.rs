//! `lsblk`, with the shapes of util-linux 2.38.

use super::Call;
use crate::machine::emulated::devices::Device;
use serde_json::{Map, Value, json};

/// What it was asked for.
#[derive(Debug, Default)]
struct Asked {
    flags: Vec<Flag>,
    columns: Vec<String>,
    devices: Vec<String>,
}

/// An option without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flag {
    Json,
    Bytes,
    Paths,
    NoChildren,
    Flat,
    NoHeading,
}

const DEFAULT: &str = "NAME,MAJ:MIN,RM,SIZE,RO,TYPE,MOUNTPOINTS";

/// `lsblk [OPTIONS] [DEVICE…]`
pub(super) fn lsblk(call: &mut Call<'_>) -> u8 {
    let asked = match read(call.args) {
        Ok(asked) => asked,
        Err(why) => return call.fail(why),
    };
    let tree = call.tree();
    let mut shown: Vec<Device> = tree.devices.clone();
    if !asked.devices.is_empty() {
        shown.clear();
        let mut status = 0;
        for path in &asked.devices {
            let real = tree.real(path).unwrap_or_default();
            match crate::machine::emulated::devices::by_path(&tree.devices, &real) {
                Some(device) => shown.push(device.clone()),
                None => status = call.fail(format!("{path}: not a block device")),
            }
        }
        if status != 0 {
            return 32;
        }
    }
    if asked.has(Flag::NoChildren) {
        for device in &mut shown {
            device.children.clear();
        }
    }
    // the tree hangs on the column of names
    if asked.has(Flag::Flat) || !asked.columns.iter().any(|c| c == "NAME") {
        shown = shown.into_iter().flat_map(flatten).collect();
    }
    if asked.has(Flag::Json) {
        let list: Vec<Value> = shown.iter().map(|d| object(d, &asked)).collect();
        let text = serde_json::to_string_pretty(&json!({ "blockdevices": list }));
        call.line(text.unwrap_or_default());
    } else {
        for line in table(&shown, &asked) {
            call.line(line);
        }
    }
    0
}

fn flatten(mut device: Device) -> Vec<Device> {
    let children = std::mem::take(&mut device.children);
    std::iter::once(device).chain(children).collect()
}

fn read(args: &[String]) -> Result<Asked, String> {
    let mut asked = Asked::default();
    let mut args = args.iter();
    let mut columns = DEFAULT.to_owned();
    let missing = || "option requires an argument -- 'o'".to_owned();
    while let Some(arg) = args.next() {
        if let Some(long) = arg.strip_prefix("--") {
            match long.split_once('=') {
                Some(("output", list)) => list.clone_into(&mut columns),
                None if long == "output" => {
                    columns.clone_from(args.next().ok_or_else(missing)?);
                }
                None => asked.option(long)?,
                Some(_) => return Err(format!("unrecognized option '--{long}'")),
            }
        } else if let Some(short) = arg.strip_prefix('-').filter(|s| !s.is_empty()) {
            for (at, letter) in short.char_indices() {
                if letter == 'o' {
                    let rest = &short[at + 1..];
                    columns = match rest {
                        "" => args.next().ok_or_else(missing)?.clone(),
                        list => list.to_owned(),
                    };
                    break;
                }
                asked.option(letter.encode_utf8(&mut [0; 4]))?;
            }
        } else {
            asked.devices.push(arg.clone());
        }
    }
    asked.columns = columns
        .split(',')
        .map(|c| c.trim().to_ascii_uppercase())
        .collect();
    for column in &asked.columns {
        if value(&Device::default(), column, &asked).is_none() {
            return Err(format!("unknown column: {column}"));
        }
    }
    Ok(asked)
}

impl Asked {
    fn has(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }

    fn option(&mut self, name: &str) -> Result<(), String> {
        self.flags.push(match name {
            "J" | "json" => Flag::Json,
            "b" | "bytes" => Flag::Bytes,
            "p" | "paths" => Flag::Paths,
            "d" | "nodeps" => Flag::NoChildren,
            "l" | "list" | "r" | "raw" => Flag::Flat,
            "n" | "noheadings" => Flag::NoHeading,
            // all there are are shown anyway
            "a" | "all" => return Ok(()),
            other => return Err(format!("sandbox: option '{other}' is not emulated")),
        });
        Ok(())
    }
}

fn object(device: &Device, asked: &Asked) -> Value {
    let mut map = Map::new();
    for column in &asked.columns {
        let value = value(device, column, asked).unwrap_or(Value::Null);
        map.insert(column.to_ascii_lowercase(), value);
    }
    if !device.children.is_empty() {
        let children = device.children.iter().map(|c| object(c, asked)).collect();
        map.insert("children".to_owned(), Value::Array(children));
    }
    Value::Object(map)
}

/// A column's value in JSON; nothing for a column that there is not.
fn value(device: &Device, column: &str, asked: &Asked) -> Option<Value> {
    let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::String);
    let prefix = if asked.has(Flag::Paths) { "/dev/" } else { "" };
    Some(match column {
        "NAME" => Value::String(format!("{prefix}{}", device.name)),
        "KNAME" => Value::String(device.name.clone()),
        "PKNAME" => text(&device.parent),
        "PATH" => Value::String(device.path()),
        "MAJ:MIN" => Value::String(format!("{}:{}", device.numbers.0, device.numbers.1)),
        "TYPE" => Value::String(device.kind.to_owned()),
        "SIZE" if asked.has(Flag::Bytes) => Value::from(device.bytes),
        "SIZE" => Value::String(human(device.bytes)),
        "RO" => Value::Bool(device.read_only),
        "RM" => Value::Bool(device.removable),
        "ROTA" => Value::Bool(device.kind == "rom"),
        "SERIAL" => text(&device.serial),
        "MODEL" => text(&device.model),
        "VENDOR" => text(&device.vendor),
        "TRAN" => text(&device.transport),
        "FSTYPE" => text(&device.filesystem),
        "UUID" => text(&device.uuid),
        "PTTYPE" => text(&device.table),
        "PARTTYPE" => text(&device.part_type),
        "PARTUUID" => text(&device.part_uuid),
        "PARTLABEL" => text(&device.part_label),
        "LABEL" | "WWN" => Value::Null,
        "MOUNTPOINT" => text(&device.mountpoints.first().cloned()),
        "MOUNTPOINTS" if device.mountpoints.is_empty() => json!([null]),
        "MOUNTPOINTS" => json!(device.mountpoints),
        _ => return None,
    })
}

/// A size as lsblk shows it: one decimal, none if it is zero.
fn human(bytes: u64) -> String {
    let mut unit = 0;
    let mut scale = 1_u64;
    while unit < 5 && bytes / scale >= 1024 {
        scale *= 1024;
        unit += 1;
    }
    let tenths = (u128::from(bytes) * 10 + u128::from(scale) / 2) / u128::from(scale);
    let letter = ["B", "K", "M", "G", "T", "P"][unit];
    match tenths % 10 {
        0 => format!("{}{letter}", tenths / 10),
        tenth => format!("{}.{tenth}{letter}", tenths / 10),
    }
}

/// The lines of the table for people.
fn table(devices: &[Device], asked: &Asked) -> Vec<String> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    if !asked.has(Flag::NoHeading) {
        rows.push(asked.columns.clone());
    }
    for device in devices {
        rows.push(cells(device, asked, ""));
        for (index, child) in device.children.iter().enumerate() {
            let last = index + 1 == device.children.len();
            rows.push(cells(child, asked, if last { "└─" } else { "├─" }));
        }
    }
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..asked.columns.len()).map(width).collect();
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths);
            let line: Vec<String> = cells.map(|(c, w)| format!("{c:<w$}")).collect();
            line.join(" ").trim_end().to_owned()
        })
        .collect()
}

fn cells(device: &Device, asked: &Asked, branch: &str) -> Vec<String> {
    asked
        .columns
        .iter()
        .map(|column| {
            let text = match value(device, column, asked) {
                Some(Value::String(text)) => text,
                Some(Value::Bool(yes)) => u8::from(yes).to_string(),
                Some(Value::Number(number)) => number.to_string(),
                Some(Value::Array(list)) => {
                    let names: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
                    names.join(",")
                }
                _ => String::new(),
            };
            if column == "NAME" {
                format!("{branch}{text}")
            } else {
                text
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_as_lsblk_shows_them() {
        let table: &[(u64, &str)] = &[
            (0, "0B"),
            (512, "512B"),
            (1024 * 1024, "1M"),
            (1024 * 1024 * 1024 - 512, "1024M"),
            (40 * 1024 * 1024 * 1024, "40G"),
            (41_000_000_000, "38.2G"),
        ];
        for (bytes, expected) in table {
            assert_eq!(human(*bytes), *expected, "{bytes}");
        }
    }

    #[test]
    fn options_are_read_in_their_forms() {
        let table: &[(&[&str], &[&str])] = &[
            (&["-o", "NAME,SIZE"], &["NAME", "SIZE"]),
            (&["-Jbo", "name"], &["NAME"]),
            (&["-JboPATH"], &["PATH"]),
            (&["--output=RO,RM"], &["RO", "RM"]),
            (&["--json", "--output", "TRAN"], &["TRAN"]),
        ];
        for (args, expected) in table {
            let args: Vec<String> = args.iter().map(|a| (*a).to_owned()).collect();
            assert_eq!(read(&args).unwrap().columns, *expected, "{args:?}");
        }
        for bad in [&["-o"][..], &["-o", "NAMES"], &["--sort", "x"], &["-Z"]] {
            let args: Vec<String> = bad.iter().map(|a| (*a).to_owned()).collect();
            assert!(read(&args).is_err(), "{bad:?}");
        }
    }
}
