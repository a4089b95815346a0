//! What a system says about itself and its users.

use super::Call;
use crate::machine::emulated::tree::PROCESSORS;

/// `uname [-amnorsv]`
pub(super) fn uname(call: &mut Call<'_>) -> u8 {
    let kind = call.kind();
    let host = call.running().map(|r| r.hostname.clone());
    let parts = [
        ('s', "Linux".to_owned()),
        ('n', host.unwrap_or_default()),
        ('r', kind.kernel(&call.spec.arch)),
        ('v', kind.kernel_version().to_owned()),
        ('m', call.spec.arch.clone()),
        ('o', "GNU/Linux".to_owned()),
    ];
    let letters: String = call
        .args
        .iter()
        .map(|a| a.trim_start_matches('-'))
        .collect();
    let letters = if letters.is_empty() { "s" } else { &letters };
    if let Some(odd) = letters
        .chars()
        .find(|l| *l != 'a' && !parts.iter().any(|p| p.0 == *l))
    {
        return call.fail(format!("invalid option -- '{odd}'"));
    }
    let shown: Vec<&str> = parts
        .iter()
        .filter(|(letter, _)| letters.contains('a') || letters.contains(*letter))
        .map(|(_, text)| text.as_str())
        .collect();
    call.line(shown.join(" "));
    0
}

/// `hostname [-s|-f]`
pub(super) fn hostname(call: &mut Call<'_>) -> u8 {
    match call.args.first().map(String::as_str) {
        None | Some("-s" | "-f" | "--short" | "--fqdn") => {
            let name = call.running().map(|r| r.hostname.clone());
            call.line(name.unwrap_or_default());
            0
        }
        Some(other) => {
            let other = other.to_owned();
            call.not_emulated(&other)
        }
    }
}

/// `id [-u] [-g] [-n] [USER]`
pub(super) fn id(call: &mut Call<'_>) -> u8 {
    let (flags, names) = super::files::options(call.args);
    let who = match names.first() {
        None => call.who.clone(),
        Some(name) => {
            let found = call
                .running()
                .and_then(|r| r.accounts.iter().find(|a| a.name == **name));
            match found {
                Some(account) => account.clone(),
                None => return call.fail(format!("'{name}': no such user")),
            }
        }
    };
    let letters: String = flags.iter().map(|f| f.trim_start_matches('-')).collect();
    let (name, uid) = (&who.name, who.uid);
    let gid = if uid == 0 { 0 } else { 100 };
    let group = if uid == 0 { "root" } else { "users" };
    let text = match letters.as_str() {
        "u" => uid.to_string(),
        "un" | "nu" => name.clone(),
        "g" => gid.to_string(),
        "Gn" | "nG" if who.wheel && uid != 0 => format!("{group} wheel"),
        "gn" | "ng" | "Gn" | "nG" => group.to_owned(),
        "" if who.wheel && uid != 0 => {
            format!("uid={uid}({name}) gid={gid}({group}) groups={gid}({group}),1(wheel)")
        }
        "" => format!("uid={uid}({name}) gid={gid}({group}) groups={gid}({group})"),
        other => return call.not_emulated(&format!("-{other}")),
    };
    call.line(text);
    0
}

/// `whoami`
pub(super) fn whoami(call: &mut Call<'_>) -> u8 {
    let name = call.who.name.clone();
    call.line(name);
    0
}

/// `nproc`
pub(super) fn nproc(call: &mut Call<'_>) -> u8 {
    call.line(PROCESSORS.to_string());
    0
}

/// `date [-u] [+%s]`
pub(super) fn date(call: &mut Call<'_>) -> u8 {
    let now = call.now.saturating_add(call.state.faults.clock_off_s);
    let stamp = jiff::Timestamp::from_second(now).unwrap_or_default();
    let format = call.args.iter().find_map(|a| a.strip_prefix('+'));
    let text = match format {
        Some("%s") => now.to_string(),
        Some(other) => stamp.strftime(other).to_string(),
        None => stamp.strftime("%a %b %e %H:%M:%S UTC %Y").to_string(),
    };
    call.line(text);
    0
}

/// `uptime [-s]`
pub(super) fn uptime(call: &mut Call<'_>) -> u8 {
    let since = call.running().map_or(call.now, |r| r.since);
    let stamp = |second| jiff::Timestamp::from_second(second).unwrap_or_default();
    if call
        .args
        .first()
        .is_some_and(|a| a == "-s" || a == "--since")
    {
        let text = stamp(since).strftime("%Y-%m-%d %H:%M:%S").to_string();
        call.line(text);
        return 0;
    }
    let minutes = (call.now - since).max(0) / 60;
    let time = stamp(call.now).strftime("%H:%M:%S").to_string();
    call.line(format!(
        " {time} up {minutes} min,  1 user,  load average: 0.00, 0.00, 0.00"
    ));
    0
}

/// `command -v NAME`
pub(super) fn command(call: &mut Call<'_>) -> u8 {
    match call.args {
        [flag, name] if flag == "-v" => {
            if super::known(name, &call.kind()) {
                call.line(format!("/run/current-system/sw/bin/{name}"));
                0
            } else {
                1
            }
        }
        _ => call.not_emulated("anything but -v NAME"),
    }
}

/// `nixos-version`
pub(super) fn nixos_version(call: &mut Call<'_>) -> u8 {
    let text = call.kind().nixos_version().unwrap_or_default();
    call.line(text);
    0
}

/// `cloud-init status [--wait]`: SSH answers when it is done.
pub(super) fn cloud_init(call: &mut Call<'_>) -> u8 {
    match call.args {
        [verb, ..] if verb == "status" => {
            call.line("status: done");
            0
        }
        _ => call.not_emulated("anything but status"),
    }
}
