//! What the program shows: help pages, completions, the man page, and the errors that users meet
//! first. Snapshots; `INSTA_UPDATE=always cargo test --test journeys` writes them anew.

use crate::lab::Lab;

const VERBS: &[&str] = &[
    "",
    "up",
    "install",
    "rescue",
    "teardown",
    "list",
    "show",
    "console",
    "ssh",
    "host",
    "host key",
    "sandbox",
    "completions",
    "man",
];

#[test]
fn help_pages() {
    let lab = Lab::new();
    for verb in VERBS {
        let help = lab.run(&format!("{verb} --help")).succeeded();
        let name = format!("help {verb}").trim().replace(' ', "-");
        insta::assert_snapshot!(name, help.stdout);
    }
}

#[test]
fn completions_and_man_page_know_every_verb() {
    let lab = Lab::new();
    for shell in ["bash", "zsh", "fish"] {
        let text = lab.run(&format!("completions {shell}")).succeeded().stdout;
        for verb in [
            "up", "install", "rescue", "teardown", "list", "show", "console", "ssh", "sandbox",
        ] {
            assert!(text.contains(verb), "{shell} misses {verb}");
        }
    }
    let man = lab.run("man").succeeded().stdout;
    for word in [".TH provision", "teardown", "\\-\\-max\\-price"] {
        assert!(man.contains(word), "{word}");
    }
}

/// Exit code, stdout and stderr together, without what differs from run to run.
fn snapshot(lab: &Lab, name: &str, arguments: &str) {
    let ran = lab.run(arguments);
    let state = lab.state().display().to_string();
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(&regex_escaped(&state), "STATE");
    let home = lab.path("").display().to_string();
    settings.add_filter(&regex_escaped(&home), "HOME/");
    settings.add_filter(r" +\d+\.\d+s  ", "  0.0s  ");
    settings.add_filter(r"4711\d+", "ID");
    settings.add_filter(r"provision-sandbox-[a-z2-7]{8}", "provision-sandbox-KEY");
    settings.add_filter(r"127\.\d+\.\d+\.\d+", "127.0.0.0");
    settings.add_filter(r"/nix/store/[0-9a-z]{32}", "/nix/store/HASH");
    settings.add_filter(r"\d{8}t\d{6}z-[0-9a-f]{5}", "RUN");
    settings.add_filter(r"2001:db8:[0-9a-f:]+", "2001:db8::");
    settings.add_filter(r"-p \d+", "-p PORT");
    settings.add_filter(r"on-key [a-z0-9-]+", "on-key NAME");
    settings.add_filter(r"SHA256:[A-Za-z0-9+/]{43}", "SHA256:HASH");
    settings.bind(|| insta::assert_snapshot!(name, ran.to_string()));
}

fn regex_escaped(text: &str) -> String {
    text.replace('.', r"\.")
}

#[test]
fn errors_that_users_meet_first() {
    let lab = Lab::new();
    snapshot(&lab, "error-no-such-host", "up web-9 --sandbox");
    snapshot(
        &lab,
        "error-too-dear",
        "up hetzner-cloud --sandbox --max-price 0.001",
    );
    snapshot(&lab, "error-no-owner", "list");
    snapshot(&lab, "error-no-token", "list --owner me");
    snapshot(&lab, "error-no-server", "ssh hetzner-cloud --sandbox");
    lab.add_host(
        "box",
        "provider = 'hetzner'\nlayout = 'uefi'\n[hetzner]\ntypes = ['cx23']\n\
         locations = ['fsn1']\nimage = 'debian-13'\n",
    );
    snapshot(&lab, "error-gate", "up box --sandbox");
    snapshot(&lab, "teardown", "teardown box --sandbox");
}
