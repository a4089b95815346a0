//! `ip`, in JSON only.

use super::Call;
use crate::machine::emulated::net;

/// `ip -json [-4|-6] address|route [show] [dev NAME] [default]`
pub(super) fn ip(call: &mut Call<'_>) -> u8 {
    let mut six = false;
    let mut json = false;
    let mut words = Vec::new();
    for arg in call.args {
        match arg.as_str() {
            "-j" | "-json" | "--json" => json = true,
            "-6" => six = true,
            "-4" | "-d" | "-details" | "-p" | "-pretty" => {}
            option if option.starts_with('-') => {
                let option = option.to_owned();
                return call.not_emulated(&option);
            }
            word => words.push(word),
        }
    }
    if !json {
        return call.not_emulated("output without -json");
    }
    let kind = call.kind();
    let answer = match words.as_slice() {
        [object, rest @ ..] if is(object, "address") => {
            let only = rest.iter().copied().find(|w| !is(w, "show") && *w != "dev");
            if let Some(name) = only
                && net::addresses(call.spec, &kind, only).is_none()
            {
                let why = format!("Device \"{name}\" does not exist.\n");
                call.err.extend(why.into_bytes());
                return 1;
            }
            net::addresses(call.spec, &kind, only)
        }
        [object, rest @ ..] if is(object, "route") => {
            let default_only = rest.contains(&"default");
            Some(if six {
                net::routes6(call.spec, &kind, default_only)
            } else {
                net::routes4(call.spec, default_only)
            })
        }
        _ => None,
    };
    match answer {
        Some(value) => {
            call.line(value.to_string());
            0
        }
        None => call.not_emulated(&words.join(" ")),
    }
}

/// iproute2 takes every beginning of a word.
fn is(word: &str, whole: &str) -> bool {
    !word.is_empty() && whole.starts_with(word)
}
