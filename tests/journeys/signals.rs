//! Every signal that ends a run ends it in order, whatever the run is waiting for.

use crate::lab::{Lab, Ran};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io::Read as _;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// No run needs longer to end, even on a busy machine.
const MOST: Duration = Duration::from_secs(30);

fn send(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

#[track_caller]
fn ended(mut child: Child) -> Ran {
    let until = Instant::now() + MOST;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > until {
            child.kill().unwrap();
            panic!("it goes on: {}", Ran::of(child.wait_with_output().unwrap()));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ran::of(child.wait_with_output().unwrap())
}

/// A vendor that takes connections and never answers.
fn silent_vendor(lab: &Lab, arguments: &str) -> (TcpListener, Command) {
    let vendor = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = lab.command(arguments);
    command
        .env("HCLOUD_TOKEN", "t".repeat(64))
        .env(
            "HCLOUD_ENDPOINT",
            format!("http://{}/v1", vendor.local_addr().unwrap()),
        )
        .env("PROVISION_OWNER", "me");
    (vendor, command)
}

#[test]
fn a_vendor_that_never_answers_is_given_up() {
    let lab = Lab::new();
    for (arguments, signal) in [
        ("list", Signal::INT),
        ("list", Signal::TERM),
        ("list", Signal::HUP),
        ("show hetzner-cloud", Signal::INT),
        ("up hetzner-cloud --dry-run", Signal::INT),
        ("--provider hetzner --dry-run", Signal::INT),
        ("teardown hetzner-cloud --yes", Signal::INT),
        ("ssh hetzner-cloud", Signal::INT),
        ("rescue hetzner-cloud", Signal::INT),
    ] {
        let (vendor, mut command) = silent_vendor(&lab, arguments);
        let child = command.spawn().unwrap();
        let _asked = vendor.accept().unwrap();
        send(&child, signal);
        ended(child).failed(130, &["interrupted"]);
    }
}

#[test]
fn a_question_is_left_unanswered() {
    let lab = Lab::new();
    let served = lab.serve();
    lab.run("up hetzner-cloud --sandbox").succeeded();
    let (mut screen, terminal) = terminal();
    let mut command = lab.command("teardown hetzner-cloud --owner sandbox");
    served.enter(&mut command);
    let child = command
        .stdin(terminal.try_clone().unwrap())
        .stderr(Stdio::from(terminal))
        .spawn();
    let child = child.unwrap();
    // what holds the terminal's other ends is dropped, so that reading ends with the program
    drop(command);
    let mut shown = String::new();
    let mut bytes = [0; 256];
    while !shown.contains("to go on:") {
        let read = screen.read(&mut bytes).unwrap();
        shown.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    send(&child, Signal::INT);
    assert_eq!(ended(child).code, 130, "{shown}");
    assert_eq!(lab.servers().len(), 1, "nothing was removed");
}

/// A terminal: what it shows, and what a program takes for one.
fn terminal() -> (File, File) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&screen).unwrap();
    unlockpt(&screen).unwrap();
    let name = ptsname(&screen, Vec::new()).unwrap();
    let program = rustix::fs::open(
        &name,
        rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY,
        rustix::fs::Mode::empty(),
    );
    (File::from(screen), File::from(program.unwrap()))
}
