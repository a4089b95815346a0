//! What holds for every input: it is read or refused with one error, it panics never, and no part
//! of it is taken for more than a word by a shell, by Nix or by a terminal.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may fail, and says what it skips"
)]

#[path = "properties/answers.rs"]
mod answers;
#[path = "properties/facts.rs"]
mod facts;
#[path = "properties/host_toml.rs"]
mod host_toml;
#[path = "support/hostile.rs"]
#[allow(dead_code, reason = "others use the rest")]
mod hostile;
#[path = "properties/journal.rs"]
mod journal;
#[path = "properties/killed.rs"]
mod killed;
#[path = "properties/machine.rs"]
mod machine;
#[path = "properties/names.rs"]
mod names;
#[path = "properties/nix.rs"]
mod nix;
#[path = "properties/shell.rs"]
mod shell;
#[path = "properties/terminal.rs"]
mod terminal;
#[path = "properties/vendor.rs"]
mod vendor;
