//! systemd as it answers from outside.

use super::{Call, Effect};
use crate::machine::emulated::state::Kind;
use serde_json::json;

/// The units that failed: of an installed system, as the faults say.
fn failed(call: &Call<'_>) -> Vec<String> {
    match call.kind() {
        Kind::Installed { .. } => call
            .state
            .faults
            .failed_units
            .iter()
            .map(|unit| with_suffix(unit))
            .collect(),
        _ => Vec::new(),
    }
}

/// A unit's whole name; a service needs no suffix.
fn with_suffix(unit: &str) -> String {
    if unit.contains('.') {
        unit.to_owned()
    } else {
        format!("{unit}.service")
    }
}

/// `systemctl VERB …`
pub(super) fn systemctl(call: &mut Call<'_>) -> u8 {
    let (flags, words) = super::files::options(call.args);
    let flags: Vec<String> = flags.iter().map(|f| (*f).to_owned()).collect();
    let has = |name: &str| flags.iter().any(|f| f == name);
    // an option's value may stand by itself
    let words: Vec<&str> = words.into_iter().filter(|w| *w != "json").collect();
    match words.as_slice() {
        [] if has("--version") => {
            let version = call.kind().systemd();
            call.line(format!("systemd {version}"));
            0
        }
        ["is-system-running"] => {
            let text = if failed(call).is_empty() {
                "running"
            } else {
                "degraded"
            };
            call.line(text);
            u8::from(text != "running")
        }
        [] | ["list-units"] if has("--failed") || has("--state=failed") => {
            let json = has("--output=json") || call.args.iter().any(|a| a == "json");
            list(call, json, has("--no-legend") || has("--legend=false"))
        }
        ["is-failed", units @ ..] => each(call, units, "failed", has("-q") || has("--quiet")),
        ["is-active", units @ ..] => each(call, units, "active", has("-q") || has("--quiet")),
        ["reboot"] => super::power::go(call, Effect::Reboot),
        ["poweroff" | "halt"] => super::power::go(call, Effect::PowerOff),
        other => {
            let what = if other.is_empty() {
                flags.join(" ")
            } else {
                other.join(" ")
            };
            call.not_emulated(&what)
        }
    }
}

fn list(call: &mut Call<'_>, as_json: bool, bare: bool) -> u8 {
    let units = failed(call);
    if as_json {
        let list: Vec<_> = units
            .iter()
            .map(|unit| {
                json!({
                    "unit": unit, "load": "loaded", "active": "failed", "sub": "failed",
                    "description": unit
                })
            })
            .collect();
        call.line(serde_json::Value::Array(list).to_string());
        return 0;
    }
    if !bare {
        call.line("  UNIT LOAD ACTIVE SUB DESCRIPTION");
    }
    for unit in &units {
        let mark = if bare { "" } else { "● " };
        call.line(format!("{mark}{unit} loaded failed failed {unit}"));
    }
    if !bare {
        call.line(format!("\n{} loaded units listed.", units.len()));
    }
    0
}

/// Says each unit's state; the status tells whether one has the wanted one (for `is-failed`) or
/// all have it (for `is-active`).
fn each(call: &mut Call<'_>, units: &[&str], wanted: &str, quiet: bool) -> u8 {
    let failed = failed(call);
    let mut count = 0;
    for unit in units {
        let unit = with_suffix(unit);
        let state = if failed.contains(&unit) {
            "failed"
        } else if matches!(
            unit.as_str(),
            "sshd.service" | "ssh.service" | "multi-user.target"
        ) {
            "active"
        } else {
            "inactive"
        };
        count += usize::from(state == wanted);
        if !quiet {
            call.line(state);
        }
    }
    match wanted {
        "failed" => u8::from(count == 0),
        _ if count == units.len() => 0,
        _ => 3,
    }
}

/// `journalctl …`: what a failed unit left, and otherwise nothing; with `-D DIR` the journal of the
/// system that is on a disk mounted there.
pub(super) fn journalctl(call: &mut Call<'_>) -> u8 {
    if let Some(dir) = super::mounts::directory(call.args) {
        return match super::mounts::journal_in(call, &dir) {
            Some(lines) => {
                for line in &lines {
                    call.line(line);
                }
                if lines.is_empty() {
                    call.line("-- No entries --");
                }
                0
            }
            None => call.fail(format!("Failed to open {dir}: No such file or directory")),
        };
    }
    let mut units: Option<String> = None;
    let mut args = call.args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-u" | "--unit" => units = args.next().map(|u| with_suffix(u)),
            other => {
                if let Some(unit) = other.strip_prefix("--unit=") {
                    units = Some(with_suffix(unit));
                }
            }
        }
    }
    let host = call.running().map(|r| r.hostname.clone());
    let host = host.unwrap_or_default();
    let failed = failed(call);
    let mut said = false;
    for unit in failed
        .iter()
        .filter(|u| units.as_ref().is_none_or(|only| only == *u))
    {
        said = true;
        call.line(format!(
            "Nov 23 00:57:00 {host} systemd[1]: {unit}: Main process exited, code=exited, status=1/FAILURE"
        ));
        call.line(format!(
            "Nov 23 00:57:00 {host} systemd[1]: Failed to start {unit}."
        ));
    }
    if !said {
        call.line("-- No entries --");
    }
    0
}
