//! Orders that are under way when their run is killed, and disks that are full when money has to
//! be stopped.

use crate::lab::{Lab, Ran, Served};
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

/// Requests have six seconds, and nothing can come of an order after twelve.
const SCALE: &str = "0.2,lease=3,order=12";
/// So long an order is on its way.
const DELAY: u64 = 5000;

/// A product, its host, and how it is ordered.
type Product = (&'static str, &'static str, &'static str);
const HETZNER: Product = ("hetzner", "hetzner-cloud", "/servers");
const OVH: Product = ("ovh", "ovh-cloud", "/cloud/project/*/instance");

/// A cloud that outlives a run which was killed while its order was under way.
struct Killed {
    served: Served,
    lab: Lab,
    product: Product,
}

impl Killed {
    /// The order is carried out later, unless it is lost.
    fn new(product: Product, is_lost: bool) -> Self {
        let (_, host, path) = product;
        let rule = |kind: Value| json!({ "method": "POST", "path": path, "kind": kind });
        let mut faults = vec![rule(json!({ "delay": { "before_ms": DELAY } }))];
        if is_lost {
            faults.push(rule(json!("drop-before")));
        }
        let lab = Lab::with_world(&json!({ "faults": faults }));
        let served = lab.serve();
        let killed = Self {
            served,
            lab,
            product,
        };
        let mut up = killed.command(&format!("up {host}")).spawn().unwrap();
        killed.until(|killed| killed.served.hits() > 0);
        up.kill().unwrap();
        up.wait().unwrap();
        killed
    }

    fn command(&self, words: &str) -> Command {
        let provider = self.product.0;
        let line = format!("{words} --provider {provider} --sandbox");
        let mut command = self.lab.command(&line);
        command.env("PROVISION_DEADLINE_SCALE", SCALE);
        command
    }

    fn run(&self, words: &str) -> Ran {
        Ran::of(self.command(words).output().unwrap())
    }

    fn until(&self, is_so: impl Fn(&Self) -> bool) {
        for _ in 0..600 {
            if is_so(self) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("it never comes to that");
    }
}

#[test]
fn an_order_under_way_at_a_kill_is_told_and_removed() {
    for product in [HETZNER, OVH] {
        let host = product.1;
        let killed = Killed::new(product, false);
        let perhaps = format!("perhaps a server {host} (");
        let list = killed.run("list --output json");
        assert_eq!(list.code, 16, "{list}");
        let document = list.json();
        assert_eq!(document["servers"], json!([]), "{list}");
        let told = &document["perhaps"][0];
        assert_eq!(told["host"], host, "{list}");
        assert!(told["price_hourly"].is_string(), "{list}");
        killed
            .run("list")
            .failed(16, &[&perhaps, "EUR/h", "provision teardown"]);
        assert_eq!(
            killed.served.carried_out(killed.product.2),
            0,
            "it is under way still"
        );
        let teardown = killed.run(&format!("teardown {host}")).succeeded();
        assert_eq!(killed.served.carried_out(killed.product.2), 1, "{teardown}");
        for words in [perhaps.as_str(), "listed by now"] {
            assert!(teardown.stderr.contains(words), "{words}: {teardown}");
        }
        let removed = format!("removed server {host}");
        assert!(teardown.stdout.contains(&removed), "{teardown}");
        let list = killed.run("list --output json").succeeded().json();
        assert_eq!(list["servers"], json!([]));
        assert_eq!(list["perhaps"], Value::Null);
    }
}

#[test]
fn an_order_that_was_lost_is_waited_for_and_then_nothing() {
    let killed = Killed::new(HETZNER, true);
    // whose servers are meant by other names is not waited for
    killed.run("teardown --test").succeeded();
    killed.run("list").failed(16, &["perhaps a server"]);
    // where nobody can look, it may be there
    killed.served.control(
        "POST",
        "/faults",
        &json!({
            "method": "GET", "path": "/servers", "times": 0, "kind": { "status": { "status": 403 } },
        }),
    );
    killed.run("teardown hetzner-cloud").failed(
        5,
        &[
            "perhaps a server hetzner-cloud",
            "provision teardown hetzner-cloud",
        ],
    );
    killed.served.control("DELETE", "/faults", &Value::Null);
    killed.run("teardown hetzner-cloud").succeeded();
    killed.run("list").succeeded();

    let killed = Killed::new(OVH, true);
    let nothing = killed.run("teardown ovh-cloud").succeeded();
    assert!(nothing.stderr.contains("will not come"), "{nothing}");
    assert!(!nothing.stdout.contains("removed server"), "{nothing}");
    killed.run("list").succeeded();
}

#[test]
fn an_up_after_a_kill_goes_on_with_what_was_ordered() {
    for product in [HETZNER, OVH] {
        let killed = Killed::new(product, false);
        let up = || killed.run(&format!("up {}", product.1));
        let mut ran = up();
        if ran.code == 13 {
            // its own order was refused, because the name was taken meanwhile
            assert_eq!(product, HETZNER, "{ran}");
            ran = up();
        }
        ran.succeeded();
        killed.until(|killed| killed.served.carried_out(killed.product.2) > 0);
        let list = killed.run("list --output json").succeeded().json();
        assert_eq!(list["servers"].as_array().unwrap().len(), 1, "{list}");
        assert_eq!(list["servers"][0]["phase"], "proven");
    }
}

#[test]
fn an_order_whose_name_is_taken_by_now_cannot_come() {
    let killed = Killed::new(HETZNER, true);
    killed.run("up hetzner-cloud").succeeded();
    let list = killed.run("list").succeeded();
    assert!(!list.stderr.contains("perhaps"), "{list}");
}

/// What a client on this computer does when nothing more can be written on its disk.
fn with_a_full_disk(command: &Command) -> Command {
    let mut full = Command::new("sh");
    full.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh"])
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(command.get_current_dir().unwrap());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => full.env(name, value),
            None => full.env_remove(name),
        };
    }
    full
}

#[test]
fn a_state_folder_that_cannot_be_written_keeps_no_server_running() {
    let lab = Lab::new();
    lab.run("up hetzner-cloud --sandbox --owner me").succeeded();
    let served = lab.serve();
    let real = |words: &str, state: &str| {
        let mut command = lab.command(&format!("{words} --owner me"));
        served.enter(&mut command);
        command.env("PROVISION_STATE_DIR", lab.path(state));
        command
    };
    let full = |words: &str| {
        let mut command = with_a_full_disk(&real(words, "elsewhere"));
        Ran::of(command.output().unwrap())
    };
    std::fs::write(lab.path("file"), "").unwrap();
    let nowhere = |words: &str| Ran::of(real(words, "file/state").output().unwrap());
    for run in [&full as &dyn Fn(&str) -> Ran, &nowhere] {
        let list = run("list").succeeded();
        assert!(list.stdout.contains("hetzner-cloud"), "{list}");
        assert!(list.stderr.contains("cannot use"), "{list}");
        // what costs more is not begun
        run("up hetzner-cloud --reinstall --yes").failed(15, &["cannot use"]);
    }
    // a lock that somebody holds counts all the same
    let kept = lab.path("elsewhere/servers/hetzner-cloud");
    std::fs::create_dir_all(&kept).unwrap();
    let lock = std::fs::File::create(kept.join("lock")).unwrap();
    lock.try_lock().unwrap();
    full("teardown hetzner-cloud --yes").failed(13, &["another provision", "remains"]);
    drop(lock);
    let gone = full("teardown hetzner-cloud --yes").succeeded();
    for words in ["warning: cannot use", "the cloud's marks"] {
        assert!(gone.stderr.contains(words), "{words}: {gone}");
    }
    assert!(gone.stdout.contains("nothing of it is left"), "{gone}");
    let all = served.hetzner("GET", "/servers", &Value::Null);
    assert_eq!(all["servers"], json!([]));
    nowhere("teardown hetzner-cloud --yes").succeeded();
}
