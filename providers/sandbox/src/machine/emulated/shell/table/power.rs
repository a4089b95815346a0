//! Commands that end a system from inside.

use super::{Call, Effect};

/// Begins it, for root only.
pub(super) fn go(call: &mut Call<'_>, effect: Effect) -> u8 {
    if call.who.uid != 0 {
        return call.fail("Interactive authentication required.");
    }
    call.after = Some(effect);
    0
}

/// `reboot`
pub(super) fn reboot(call: &mut Call<'_>) -> u8 {
    go(call, Effect::Reboot)
}

/// `poweroff`
pub(super) fn poweroff(call: &mut Call<'_>) -> u8 {
    go(call, Effect::PowerOff)
}

/// `shutdown -r|-h|-P now`
pub(super) fn shutdown(call: &mut Call<'_>) -> u8 {
    let effect = match call.args.first().map(String::as_str) {
        Some("-r" | "--reboot") => Effect::Reboot,
        Some("-h" | "-P" | "--poweroff" | "now") => Effect::PowerOff,
        _ => return call.not_emulated("anything but -r and -h"),
    };
    go(call, effect)
}
