//! What a teardown removes, what it leaves alone, and what it says of both.

use crate::lab::{Lab, Ran, Served, misbehaving};
use serde_json::{Value, json};

/// A lab with a served cloud, and clients of it as of a real one: those are asked.
struct Real {
    lab: Lab,
    served: Served,
}

impl Real {
    fn new(world: &Value) -> Self {
        let lab = Lab::with_world(world);
        // makes the login key, too
        lab.run("up hetzner-cloud --sandbox --owner me").succeeded();
        let served = lab.serve();
        Self { lab, served }
    }

    fn run(&self, arguments: &str) -> Ran {
        let mut command = self.lab.command(&format!("{arguments} --owner me"));
        self.served.enter(&mut command);
        command.env("PROVISION_STATE_DIR", self.lab.path("elsewhere"));
        Ran::of(command.output().unwrap())
    }

    fn volume(&self, name: &str, labels: &Value) {
        let body = json!({ "name": name, "size": 10, "labels": labels, "location": "fsn1" });
        self.served.hetzner("POST", "/volumes", &body);
    }

    fn names(&self, what: &str) -> Vec<String> {
        let all = self
            .served
            .hetzner("GET", &format!("/{what}"), &Value::Null);
        let all = all[what].as_array().unwrap().iter();
        all.map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// The marks of a volume or an address of the host.
pub(crate) fn of(host: &str) -> Value {
    json!({ "provision-owner": "me", "provision-host": host })
}

#[test]
fn a_typo_removes_nothing_and_is_an_error() {
    let real = Real::new(&json!({}));
    real.volume("data", &of("hetzner-cloud"));
    for yes in ["", " --yes"] {
        real.run(&format!("teardown hetzner-clowd{yes}")).failed(
            4,
            &["neither in the flake nor in the cloud", "hetzner-cloud"],
        );
        // one typo among good names: nothing at all is removed
        real.run(&format!("teardown hetzner-cloud hetzner-clowd{yes}"))
            .failed(4, &["hetzner-clowd", "nothing was removed"]);
    }
    assert_eq!(real.names("volumes"), ["data"]);
    assert_eq!(real.names("servers"), ["hetzner-cloud"]);
}

#[test]
fn a_server_of_that_name_that_is_not_ours_is_said() {
    let lab = Lab::new();
    let toml = std::fs::read_to_string(lab.flake().join("hosts/servers/hetzner-cloud/host.toml"));
    lab.add_host("web-1", &toml.unwrap());
    lab.run("up web-1 --sandbox --owner somebody").succeeded();
    let ran = lab.run("teardown web-1 --sandbox --owner me").succeeded();
    assert!(ran.stderr.contains("belongs to somebody"), "{ran}");
    std::fs::remove_dir_all(lab.flake().join("hosts/servers/web-1")).unwrap();
    lab.run("teardown web-1 --sandbox --owner me")
        .failed(4, &["nothing of it is ours", "belongs to somebody"]);
}

#[test]
fn volumes_are_listed_and_asked_for_and_others_stay() {
    let real = Real::new(&json!({}));
    real.volume("data", &of("hetzner-cloud"));
    real.volume("of-web-2", &of("web-2"));
    real.volume("of-nobody", &json!({ "provision-owner": "me" }));
    // without a terminal nobody can say yes: everything is listed, and nothing done
    let asked = real.run("teardown hetzner-cloud").failed(4, &["--yes"]);
    for line in [
        "remove hetzner-cloud (server",
        "remove volume data",
        "of-nobody",
    ] {
        assert!(asked.stderr.contains(line), "{line:?} is missing: {asked}");
    }
    assert_eq!(real.names("volumes").len(), 3);
    real.run("teardown hetzner-cloud --yes").succeeded();
    assert_eq!(real.names("volumes"), ["of-web-2", "of-nobody"]);
    assert!(real.names("servers").is_empty());
    // what is left of a host without a server is asked for as well
    real.run("teardown web-2")
        .failed(4, &["remove volume of-web-2", "--yes"]);
    real.run("teardown web-2 --yes").succeeded();
    assert_eq!(real.names("volumes"), ["of-nobody"]);
}

#[test]
fn what_is_a_hosts_goes_while_other_servers_stay() {
    let real = Real::new(&json!({}));
    real.run_up("web-1");
    real.volume("data-1", &of("web-1"));
    real.volume("data-2", &of("hetzner-cloud"));
    let body = json!({
        "name": "address-1", "type": "ipv4", "assignee_type": "server", "auto_delete": false,
        "location": "fsn1", "labels": of("web-1"),
    });
    real.served.hetzner("POST", "/primary_ips", &body);
    let gone = real.run("teardown web-1 --yes --output json").succeeded();
    let gone = gone.json();
    let names: Vec<&str> = gone["removed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["web-1", "address-1", "data-1"]);
    assert_eq!(real.names("volumes"), ["data-2"]);
    assert_eq!(real.names("servers"), ["hetzner-cloud"]);
    assert_eq!(real.names("ssh_keys").len(), 1, "a server still has it");
}

impl Real {
    /// Another host, up.
    fn run_up(&self, name: &str) {
        let host = self.lab.flake().join("hosts/servers/hetzner-cloud");
        let toml = std::fs::read_to_string(host.join("host.toml")).unwrap();
        self.lab.add_host(name, &toml);
        self.lab
            .run(&format!("up {name} --sandbox --owner me"))
            .succeeded();
    }
}

#[test]
fn a_locked_server_is_waited_for() {
    let locked = |times: u32| {
        let kind = json!({ "status": { "status": 423, "code": "locked", "message": "is locked" } });
        json!({ "faults": [{
            "method": "DELETE", "path": "/servers/*", "times": times, "kind": kind,
        }] })
    };
    let lab = Lab::with_world(&locked(2));
    lab.run("up hetzner-cloud --sandbox").succeeded();
    lab.run("teardown hetzner-cloud --sandbox").succeeded();
    assert!(lab.servers().is_empty());

    let lab = Lab::with_world(&locked(0));
    lab.run("up hetzner-cloud --sandbox").succeeded();
    let ran = lab
        .run_hurried("0.02", "teardown hetzner-cloud --sandbox")
        .failed(16, &["is locked", "remains", "EUR/h", "provision teardown"]);
    assert_eq!(ran.stdout, "", "{ran}");
}

#[test]
fn a_teardown_is_journalled_and_waits_for_nobody_elses_work() {
    let lab = Lab::new();
    lab.run("up hetzner-cloud --sandbox").succeeded();
    let path = lab.state().join("sandbox/servers/hetzner-cloud/lock");
    let held = std::fs::File::open(path).unwrap();
    held.try_lock().unwrap();
    lab.run("teardown hetzner-cloud --sandbox").failed(
        13,
        &[
            "another provision",
            "remains",
            "EUR/h",
            "provision teardown hetzner-cloud",
        ],
    );
    lab.run("up hetzner-cloud --sandbox --reinstall").failed(
        13,
        &["another provision", "remains", "EUR/h", "resume", "remove"],
    );
    assert_eq!(lab.servers().len(), 1);
    drop(held);
    lab.run("teardown hetzner-cloud --sandbox").succeeded();
    let journals = lab.journals();
    let is_teardown = |text: &&String| text.contains("\"command\":\"teardown\"");
    let journal = journals.iter().rfind(is_teardown).unwrap();
    for word in [
        "\"record\":\"intent\"",
        "\"record\":\"accepted\"",
        "is gone",
    ] {
        assert!(journal.contains(word), "{word} is missing: {journal}");
    }
}

#[test]
fn a_machine_for_tests_takes_no_data_of_its_host_along() {
    let real = Real::new(&json!({}));
    let up = real
        .lab
        .json("up hetzner-cloud --test --sandbox --owner me");
    let id: u64 = up["hosts"][0]["server_id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    real.volume("data", &of("hetzner-cloud"));
    let body = json!({
        "name": "scratch", "size": 10, "labels": of("hetzner-cloud"), "server": id,
    });
    real.served.hetzner("POST", "/volumes", &body);
    let asked = real.run("teardown --test").failed(4, &["scratch", "--yes"]);
    assert!(!asked.stderr.contains("volume data"), "{asked}");
    real.run("teardown --test --yes").succeeded();
    assert_eq!(real.names("volumes"), ["data"]);
    assert_eq!(real.names("servers"), ["hetzner-cloud"]);
}

#[test]
fn a_run_removes_what_it_made_although_another_went_on_with_it() {
    let lab = Lab::with_world(&misbehaving(
        "hetzner-cloud",
        &json!({ "wrong_system": true }),
    ));
    lab.run("up hetzner-cloud --sandbox")
        .failed(12, &["installed was"]);
    let made = lab.servers()[0]["run"].as_str().unwrap().to_owned();
    lab.run("up hetzner-cloud --sandbox")
        .failed(12, &["installed was"]);
    let none = lab
        .run("teardown --run 20200101t000000z-00000 --sandbox")
        .succeeded();
    assert!(none.stderr.contains("bears the marks of run"), "{none}");
    assert_eq!(lab.servers().len(), 1);
    lab.run(&format!("teardown --run {made} --sandbox"))
        .succeeded();
    assert!(lab.servers().is_empty());
}
