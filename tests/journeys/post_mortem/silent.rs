//! Machines that fall silent: which of them are reset for a look, and what is said when one does
//! not come back from it.

use super::{HURRIED, dying, files, lines, shown, why_missing};
use crate::faults::{disarm, heal, spoil};
use crate::lab::{Lab, Ran, interrupt};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const UP: &str = "up hetzner-cloud --sandbox";

/// `ssh` and `ssh-keyscan` ahead on the PATH: from the first command with these words on, nothing
/// answers them, until the light is on again.
struct Light {
    dir: PathBuf,
}

impl Light {
    fn out_at(lab: &Lab, words: &str) -> Self {
        let dir = lab.path("light");
        std::fs::create_dir_all(&dir).unwrap();
        let off = dir.join("off").display().to_string();
        for (name, silence) in [
            (
                "ssh",
                "echo 'ssh: connect: Connection refused' >&2; exit 255",
            ),
            ("ssh-keyscan", "exit 1"),
        ] {
            let real = Command::new("sh")
                .args(["-c", &format!("command -v {name}")])
                .output()
                .unwrap();
            let real = String::from_utf8(real.stdout).unwrap();
            let script = format!(
                "#!/bin/sh\n\
                 case \"$*\" in *'{words}'*) [ -e {off}.once ] || : > {off}; : > {off}.once;; esac\n\
                 if [ -e {off} ]; then {silence}; fi\n\
                 exec {} \"$@\"\n",
                real.trim()
            );
            let program = dir.join(name);
            std::fs::write(&program, script).unwrap();
            let all = std::fs::Permissions::from_mode(0o700);
            std::fs::set_permissions(program, all).unwrap();
        }
        Self { dir }
    }

    fn on(&self) {
        std::fs::remove_file(self.dir.join("off")).unwrap();
    }

    fn start(&self, lab: &Lab) -> Child {
        let path = std::env::var("PATH").unwrap();
        let mut command = lab.command(UP);
        command
            .env("PATH", format!("{}:{path}", self.dir.display()))
            .env("PROVISION_DEADLINE_SCALE", HURRIED);
        command.spawn().unwrap()
    }
}

/// Waits until some run's journal has these words.
fn until_journalled(lab: &Lab, words: &str) {
    let until = Instant::now() + Duration::from_secs(120);
    while !lab.journals().iter().any(|text| text.contains(words)) {
        assert!(Instant::now() < until, "{words} never happened");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn ended(child: Child) -> Ran {
    Ran::of(child.wait_with_output().unwrap())
}

fn boot(lab: &Lab) -> String {
    let boot = "ssh hetzner-cloud --sandbox -- cat /proc/sys/kernel/random/boot_id";
    lab.run(boot).succeeded().stdout
}

fn is_armed(lab: &Lab) -> bool {
    let served = lab.serve();
    let servers = served.hetzner("GET", "/servers", &Value::Null);
    servers["servers"][0]["rescue_enabled"].as_bool().unwrap()
}

#[test]
fn a_proven_host_that_stops_answering_is_not_reset() {
    let lab = Lab::new();
    lab.run(UP).succeeded();
    let before = boot(&lab);
    // in the middle of its proof
    let light = Light::out_at(&lab, "is-system-running");
    ended(light.start(&lab)).failed(12, &["it runs, and is not what was installed"]);
    light.on();
    let found = shown(&lab);
    assert_eq!(
        (&found["step"], &found["through"]),
        (&"prove".into(), &"nothing".into())
    );
    let why = why_missing(&found, "machine");
    assert!(why.contains("it was proven"), "{why}");
    assert!(!is_armed(&lab));
    assert_eq!(boot(&lab), before);
    // before that, it is not even looked into
    for fault in ["refuse", "hang"] {
        let had = files(&lab).len();
        spoil(&lab, &json!({ "ssh": fault }));
        lab.run_hurried(HURRIED, UP)
            .failed(10, &["no answer", "provision rescue hetzner-cloud"]);
        assert_eq!(files(&lab).len(), had, "{fault}");
        assert!(!is_armed(&lab));
        heal(&lab);
        assert_eq!(boot(&lab), before, "{fault}");
    }
    assert_eq!(lab.servers()[0]["phase"], "proven");
}

#[test]
fn a_proven_host_whose_unit_fails_is_asked_by_ssh_alone() {
    let lab = Lab::new();
    lab.run(UP).succeeded();
    let before = boot(&lab);
    spoil(&lab, &json!({ "failed_units": ["nginx.service"] }));
    lab.run(UP).failed(12, &["nginx.service"]);
    let found = shown(&lab);
    assert_eq!(found["through"], "admin");
    assert!(lines(&found, "failed units").contains("nginx.service"));
    assert!(!is_armed(&lab));
    assert_eq!(boot(&lab), before);
}

#[test]
fn an_installer_that_is_lost_for_a_moment_is_not_reset() {
    let lab = Lab::new();
    let light = Light::out_at(&lab, "stand-in install");
    let run = light.start(&lab);
    until_journalled(&lab, "find out why");
    light.on();
    ended(run).failed(11, &["--post-mortem"]);
    let found = shown(&lab);
    assert_eq!(found["through"], "installer", "{found:#}");
    assert!(!is_armed(&lab));
}

#[test]
fn an_installer_that_is_lost_for_good_is_looked_at_through_rescue() {
    let lab = Lab::new();
    let light = Light::out_at(&lab, "stand-in install");
    let run = light.start(&lab);
    until_journalled(&lab, "arm the rescue system");
    light.on();
    ended(run).failed(11, &["--post-mortem"]);
    let found = shown(&lab);
    assert_eq!(found["through"], "rescue", "{found:#}");
    assert!(lines(&found, "partitions of /dev/sda").contains("EF02"));
}

/// A world in which a dying machine is reset so often, and then no more.
fn busy_after(resets: u32) -> Value {
    let mut world = dying();
    world["faults"] = json!([{
        "method": "POST", "path": "/servers/*/actions/reset", "nth": resets + 1, "times": 0,
        "kind": { "status": { "status": 423, "code": "locked", "message": "it is locked" } },
    }]);
    world
}

#[test]
fn a_machine_that_stays_in_rescue_is_told_and_known_again() {
    // into rescue, and not back
    let lab = Lab::with_world(&busy_after(1));
    lab.run_hurried(HURRIED, UP).failed(
        10,
        &[
            "found out: the system started",
            "it may still be in rescue",
            "provision rescue hetzner-cloud --off --sandbox",
        ],
    );
    let found = shown(&lab);
    assert_eq!(found["through"], "rescue");
    assert!(why_missing(&found, "way back").contains("--off"));
    let text = lab.run("show hetzner-cloud --post-mortem --sandbox");
    let text = text.succeeded().stdout;
    assert!(text.contains("IT MAY STILL BE IN IT"), "{text}");
    assert!(!text.contains("boots from its disk again"), "{text}");
    // it is no impostor
    lab.run(UP).failed(4, &["it is in rescue", "--off"]);
    lab.world(&json!({}));
    disarm(&lab);
    heal(&lab);
    lab.run("rescue hetzner-cloud --off --sandbox").succeeded();
    lab.run(UP).succeeded();
}

#[test]
fn who_stops_it_on_the_way_is_told_of_rescue() {
    let lab = Lab::with_world(&busy_after(0));
    let mut command = lab.command(UP);
    let run = command.env("PROVISION_DEADLINE_SCALE", HURRIED).spawn();
    let run = run.unwrap();
    until_journalled(&lab, "enable_rescue");
    interrupt(run.id());
    let ran = ended(run).failed(
        130,
        &[
            "be in rescue",
            "provision rescue hetzner-cloud --off --sandbox",
        ],
    );
    assert!(!ran.stderr.contains("may come to exist"), "{ran}");
    // what was armed is not left to the next boot
    assert!(!is_armed(&lab));
}
