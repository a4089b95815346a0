//! What lets Nix work without a daemon, without a network and without its own users.

use crate::tree;
use std::path::Path;

/// The environment of everything that calls Nix.
///
/// Debian's package brings a Nix without a running daemon. Root uses the store directly; anyone
/// else gets a store of their own under `target/`.
pub(crate) fn environment() -> Vec<(&'static str, String)> {
    let mut config = vec![
        "experimental-features = nix-command flakes",
        "sandbox = false",
        // builds run as whoever called: the group `nixbld` need not exist
        "build-users-group =",
        // what is needed is in the work tree; a mirror that cannot be reached costs seconds
        "substituters =",
    ];
    let daemon = Path::new("/nix/var/nix/daemon-socket/socket").exists();
    if rustix::process::geteuid().is_root() || daemon {
        return vec![("NIX_CONFIG", config.join("\n"))];
    }
    // a store elsewhere is built in behind a root of its own, without what builders call
    config.push("extra-sandbox-paths = /bin /lib /lib64 /usr");
    let store = tree::target().join("nix");
    vec![
        ("NIX_CONFIG", config.join("\n")),
        ("NIX_REMOTE", store.display().to_string()),
    ]
}
