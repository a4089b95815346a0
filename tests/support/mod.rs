//! What several test programs share.
#![allow(dead_code, reason = "each test program uses a part of it")]

mod closed;
pub(crate) mod openapi;
pub(crate) mod ours;
mod plain;
pub(crate) mod valid;
pub(crate) mod vendors;
pub(crate) mod world;

use std::io::Write as _;

/// Says something that shows although the test passes: the harness keeps what `println!` says.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// What a test needs and may not be here. Outside of `cargo xtask test` its lack is a skip that
/// is said; there it is a failure.
pub(crate) fn needed<T>(tool: Option<T>, what: &str) -> Option<T> {
    if tool.is_none() {
        assert!(
            std::env::var_os("PROVISION_REQUIRE_TOOLS").is_none(),
            "{what} is not here, and every tool is required"
        );
        say(&format!(
            "skipped: {what} is not here; `cargo xtask test` installs it"
        ));
    }
    tool
}
