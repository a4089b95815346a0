//! Clients that others have written agree with the sandbox. Three of Hetzner's: each makes a key and
//! a server, finds both, arms the rescue system, resets into it, and removes everything again. And
//! OVH's own: an instance from its order to its end, rented servers through rescue and back, and
//! what is refused. What they have seen is compared field by field, and what was said is checked
//! against the vendors' schemas.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail the test"
)]

#[path = "clients/child.rs"]
mod child;
#[path = "clients/cli.rs"]
mod cli;
#[path = "clients/library.rs"]
mod library;
#[path = "clients/ovh/mod.rs"]
mod ovh;
#[path = "clients/ovh_tests.rs"]
mod ovh_tests;
#[path = "clients/python.rs"]
mod python;
#[path = "clients/seen.rs"]
mod seen;
mod support;

use support::valid::{self, By};
use support::world::World;
use support::{needed, vendors};

/// Ends the sandbox, and checks what was said in it.
async fn check(world: World, excused: fn(&str) -> bool) {
    let exchanges = world.close().await;
    assert!(
        exchanges.len() > 10,
        "only {} exchanges were recorded",
        exchanges.len()
    );
    valid::assert_hetzner(By::Another, &exchanges, excused);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_command_line_client_agrees() {
    let Some(program) = needed(cli::find(), "hcloud") else {
        return;
    };
    let world = World::open().await;
    let seen = cli::session(&program, &world).await;
    seen.check();
    check(world, cli::excused).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_python_client_agrees() {
    let Some(program) = needed(python::find(), "Python's hcloud") else {
        return;
    };
    let world = World::open().await;
    let seen = python::session(&program, &world).await;
    seen.check();
    check(world, vendors::keys_by_id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_crate_agrees() {
    let world = World::open().await;
    let seen = library::session(&world).await;
    seen.check();
    check(world, |_| false).await;
}
