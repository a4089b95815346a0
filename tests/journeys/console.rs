//! The serial console of a host's server, as the sandbox keeps it.

use crate::lab::{Lab, Ran, interrupt};
use std::io::{BufRead as _, BufReader};

#[test]
fn what_the_console_said_is_shown() {
    let lab = Lab::new();
    lab.run("console hetzner-cloud --sandbox")
        .failed(4, &["has no server", "provision up hetzner-cloud"]);
    lab.run("up hetzner-cloud --sandbox").succeeded();
    let text = lab
        .run("console hetzner-cloud --sandbox")
        .succeeded()
        .stdout;
    assert!(text.contains("kexec_core: Starting new kernel"), "{text}");
    let document = lab.json("console hetzner-cloud --sandbox");
    assert_eq!(document["schema"], 1);
    assert_eq!(document["host"], "hetzner-cloud");
    let lines: Vec<_> = document["lines"].as_array().unwrap().iter().collect();
    let joined: Vec<&str> = lines.iter().map(|l| l.as_str().unwrap()).collect();
    assert_eq!(joined.join("\n").trim(), text.trim());
}

#[test]
fn it_is_followed_until_interrupted() {
    let lab = Lab::new();
    lab.run("up hetzner-cloud --sandbox").succeeded();
    lab.run("console hetzner-cloud --sandbox --follow --output json")
        .failed(2, &["--follow"]);
    let served = lab.serve();
    let mut following = lab
        .command("console hetzner-cloud --sandbox --follow")
        .spawn()
        .unwrap();
    let mut out = BufReader::new(following.stdout.take().unwrap()).lines();
    let mut until = |word: &str| {
        let found = out.by_ref().map(Result::unwrap).find(|l| l.contains(word));
        assert!(found.is_some(), "{word} is never said");
    };
    until("Starting new kernel");
    // it is installed once more, and says so once more
    lab.run("up hetzner-cloud --sandbox --reinstall")
        .succeeded();
    until("Starting new kernel");
    interrupt(following.id());
    let ended = Ran::of(following.wait_with_output().unwrap());
    assert_eq!((ended.code, ended.stderr.as_str()), (130, ""), "{ended}");
    drop(served);
}

#[test]
fn a_vendor_without_text_says_where_to_look() {
    let lab = Lab::new();
    lab.run("up hetzner-cloud --sandbox").succeeded();
    let served = lab.serve();
    // to a client of the vendor's own it is a vendor like any other
    let mut command = lab.command("console hetzner-cloud --owner sandbox");
    served.enter(&mut command);
    Ran::of(command.output().unwrap()).failed(
        6,
        &[
            "cannot be shown here",
            "not the text",
            "console.hetzner.cloud",
        ],
    );
}
