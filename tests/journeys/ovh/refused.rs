//! What can be wrong with an account, each one clear error, nothing lost.

use super::listed;
use crate::lab::{Lab, Ran};
use serde_json::json;
use std::process::Command;

/// What is at a provider that nobody asked is not said to be gone.
#[test]
fn a_provider_without_credentials_is_said_not_to_be_asked() {
    let lab = Lab::new();
    let ran = real(&lab, "list", |c| {
        c.env_remove("HCLOUD_TOKEN");
    });
    let ran = ran.succeeded();
    assert!(
        ran.stderr.contains("hetzner-cloud: not looked for"),
        "{ran}"
    );
    let lab = Lab::new();
    real(&lab, "teardown hetzner-cloud --yes", |c| {
        c.env_remove("HCLOUD_TOKEN");
    })
    .failed(5, &["which was not asked", "no credentials"]);
    let lab = Lab::new();
    real(&lab, "teardown ovh-cloud --yes --provider hetzner", |_| {})
        .failed(4, &["which was not asked", "--provider ovh"]);
}

/// One vendor that is out of order keeps nothing of another from being seen.
#[test]
fn what_can_be_seen_is_listed_and_the_rest_is_an_error() {
    let lab = Lab::new();
    lab.run("up hetzner-cloud --sandbox").succeeded();
    lab.world(&json!({ "faults": [{ "path": "/cloud/**", "times": 0,
        "kind": { "status": { "status": 500, "message": "out of order" } } }] }));
    let ran = lab.run("list --sandbox");
    assert!(ran.stdout.contains("hetzner-cloud"), "{ran}");
    ran.failed(6, &["500 Internal Server Error", "--provider"]);
    let ran = lab.run("teardown hetzner-cloud --sandbox");
    assert!(ran.stdout.contains("removed server hetzner-cloud"), "{ran}");
    ran.failed(16, &["500 Internal Server Error"]);
}

/// Runs it against the served sandbox as a client of the real cloud, with the environment changed.
fn real(lab: &Lab, arguments: &str, change: impl Fn(&mut Command)) -> Ran {
    let served = lab.serve();
    let key = lab.path("id");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&key)
        .status();
    assert!(made.unwrap().success());
    let mut command = lab.command(arguments);
    command.args(["--owner", "ada", "--identity"]).arg(key);
    served.enter(&mut command);
    change(&mut command);
    Ran::of(command.output().unwrap())
}

#[test]
fn credentials_that_are_wrong_missing_or_mixed() {
    let lab = Lab::new();
    real(&lab, "list --provider ovh", |c| {
        c.env("OVH_APPLICATION_SECRET", "x".repeat(32));
    })
    .failed(5, &["INVALID_SIGNATURE", "OVH_APPLICATION_SECRET"]);
    let lab = Lab::new();
    real(&lab, "list --provider ovh", |c| {
        c.env("OVH_CONSUMER_KEY", "x".repeat(32));
    })
    .failed(5, &["INVALID_CREDENTIAL"]);
    let lab = Lab::new();
    real(&lab, "list --provider ovh", |c| {
        c.env("OVH_CLIENT_ID", "a").env("OVH_CLIENT_SECRET", "b");
    })
    .failed(5, &["two kinds of credentials"]);
    let lab = Lab::new();
    real(&lab, "list --provider ovh", |c| {
        c.env_remove("OVH_CONSUMER_KEY");
    })
    .failed(5, &["without consumer_key"]);
    let lab = Lab::new();
    let ran = real(&lab, "list", |c| {
        for name in ["HCLOUD_TOKEN", "HCLOUD_ENDPOINT"] {
            c.env_remove(name);
        }
    });
    assert_eq!(ran.code, 0, "OVHcloud alone will do: {ran}");
}

#[test]
fn a_project_that_is_not_ours() {
    let lab = Lab::new();
    real(&lab, "list --provider ovh", |c| {
        c.env("OVH_CLOUD_PROJECT_SERVICE", "0".repeat(32));
    })
    .failed(6, &["project"]);
}

#[test]
fn a_flavor_a_region_and_an_image_that_do_not_exist() {
    let lab = Lab::new();
    lab.run("up ovh-cloud --sandbox --type no-flavor")
        .failed(3, &["no server type no-flavor", "d2-2"]);
    lab.run("up ovh-cloud --sandbox --location MARS1")
        .failed(3, &["no location MARS1", "GRA11"]);
    lab.add_host(
        "odd",
        "provider = \"ovh\"\n[ovh]\nflavors = [\"d2-2\"]\nregions = [\"GRA11\"]\nimage = \"Plan 9\"\n",
    );
    lab.run("up odd --sandbox").failed(6, &["Plan 9"]);
    assert!(listed(&lab, "ovh").is_empty());
}

/// A world whose own consumer key is like that.
fn consumer_key(how: &serde_json::Value) -> Lab {
    Lab::with_world(&json!({ "ovh": { "consumer_keys": [how] } }))
}

#[test]
fn a_consumer_key_that_is_over() {
    let lab = consumer_key(&json!({ "status": "expired" }));
    for command in ["up ovh-cloud", "list --provider ovh"] {
        lab.run(&format!("{command} --sandbox"))
            .failed(5, &["INVALID_CREDENTIAL", "expired"]);
    }
}

#[test]
fn a_call_that_is_not_granted_says_which() {
    let lab = consumer_key(&json!({ "rules": [{ "method": "GET", "path": "/*" }] }));
    lab.run("up ovh-cloud --sandbox").failed(
        5,
        &[
            "NOT_GRANTED_CALL",
            "POST",
            "/cloud/project/",
            "nothing: no server was created",
        ],
    );
    lab.run("list --provider ovh --sandbox").succeeded();
}

/// A key for one product only is no obstacle to looking at that one.
#[test]
fn products_that_a_key_does_not_open_are_passed_over_and_said() {
    let lab = consumer_key(&json!({ "rules": [{ "method": "GET", "path": "/cloud/*" }] }));
    for command in ["list", "teardown --test"] {
        let ran = lab.run(&format!("{command} --sandbox")).succeeded();
        for product in ["ovh-vps", "ovh-dedicated"] {
            let warning = format!("warning: {product}: passed over");
            assert!(ran.stderr.contains(&warning), "{ran}");
        }
    }
    lab.run("list --provider ovh-vps --sandbox")
        .failed(5, &["NOT_GRANTED_CALL", "/vps"]);
    let lab = consumer_key(&json!({ "rules": [] }));
    lab.run("list --sandbox")
        .failed(5, &["NOT_GRANTED_CALL", "--provider"]);
}

#[test]
fn the_accounts_limit_and_a_suspended_project() {
    let lab = Lab::with_world(&json!({ "ovh": { "cloud": { "quota_instances": 0 } } }));
    lab.run("up ovh-cloud --sandbox")
        .failed(7, &["limit", "nothing"]);
    let lab = Lab::with_world(&json!({ "ovh": { "cloud": { "status": "suspended" } } }));
    lab.run("up ovh-cloud --sandbox").failed(6, &["suspended"]);
}

#[test]
fn a_region_that_is_out_of_it_is_walked_past() {
    for shows in ["listed", "accepted"] {
        let lab = Lab::with_world(&json!({ "ovh": { "cloud": { "sold_out": [
            { "flavor": "d2-2", "region": "GRA11", "shows": shows },
        ] } } }));
        lab.run("up ovh-cloud --sandbox").succeeded();
        let servers = listed(&lab, "ovh");
        assert_eq!(servers.len(), 1, "{shows}: {servers:#?}");
        assert_eq!(servers[0]["type"], "d2-2", "{shows}");
        assert_ne!(servers[0]["location"], "GRA11", "{shows}");
    }
    let lab = Lab::with_world(&json!({ "ovh": { "cloud": { "sold_out": [
        { "flavor": "d2-2", "shows": "accepted" },
        { "flavor": "d2-4", "shows": "accepted" },
    ] } } }));
    lab.run("up ovh-cloud --sandbox").failed(7, &["sold out"]);
    assert!(listed(&lab, "ovh").is_empty());
}

#[test]
fn a_price_that_nobody_tells() {
    let lab = Lab::with_world(&json!({ "ovh": { "cloud": { "catalog": { "served": false } } } }));
    lab.run("up ovh-cloud --sandbox --max-price 9")
        .failed(4, &["tells no price"]);
    let up = lab.json("up ovh-cloud --sandbox");
    assert!(up["hosts"][0]["price_hourly"].is_null());
    let list = lab.run("list --provider ovh --sandbox").succeeded();
    assert!(list.stdout.contains('?'), "{list}");
}

#[test]
fn a_vps_whose_time_is_over() {
    let lab = Lab::with_world(&json!({
        "faults": [{ "path": "/vps/vps-0a1b2c3d.vps.ovh.net", "times": 0,
            "kind": { "status": { "status": 460, "message": "This service is expired" } } }],
    }));
    lab.run("up ovh-cloud --provider ovh-vps --server vps-0a1b2c3d.vps.ovh.net --sandbox")
        .failed(6, &["suspended or expired", "renew"]);
    // the other one is still to be had
    lab.run("up ovh-cloud --provider ovh-vps --server vps-0a1b2c3e.vps.ovh.net --sandbox")
        .succeeded();
}

#[test]
fn a_task_that_ends_in_an_error() {
    let lab = Lab::with_world(&json!({
        "faults": [{ "method": "POST", "path": "/vps/*/rebuild", "kind": { "action-error": {} } }],
    }));
    lab.run("up ovh-cloud --provider ovh-vps --server vps-0a1b2c3d.vps.ovh.net --sandbox")
        .failed(6, &["did not finish", "contract goes on", "teardown"]);
    lab.run("up ovh-cloud --provider ovh-vps --sandbox")
        .succeeded();
}
