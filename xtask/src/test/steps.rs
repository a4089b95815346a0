//! The steps of `cargo xtask test`, in their order.

use super::count::Count;
use crate::shell::{self, How};
use crate::{nix_files, tools};

/// What a step is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Brings a tool.
    Install,
    /// Reads the source.
    Check,
    /// Runs it.
    Test,
    /// Has it fail in every way.
    Campaigns,
    /// Runs it on machines that boot.
    Machines,
}

/// A step that went well, or tests that did not.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// What there is to say, in a few words.
    pub(super) note: String,
    /// What the tests came to, where it runs tests.
    pub(super) count: Option<Count>,
}

/// One step.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) kind: Kind,
    pub(super) run: fn(Setting) -> Result<Done, String>,
}

/// What all steps know.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    /// A test that lacks a tool fails rather than skips.
    pub(super) require_tools: bool,
}

/// No test may see an account of whoever runs it.
pub(crate) const ACCOUNTS: &[&str] = &[
    "HCLOUD_CONFIG",
    "HCLOUD_CONTEXT",
    "HCLOUD_ENDPOINT",
    "HCLOUD_TOKEN",
    "OVH_APPLICATION_KEY",
    "OVH_APPLICATION_SECRET",
    "OVH_CLIENT_ID",
    "OVH_CLIENT_SECRET",
    "OVH_CLOUD_PROJECT_SERVICE",
    "OVH_CONSUMER_KEY",
    "OVH_ENDPOINT",
];

pub(super) const ALL: &[Step] = &[
    Step {
        name: "packages",
        about: "Debian's packages: ssh, git, nix, hcloud, jq, python3",
        kind: Kind::Install,
        run: |_| tools::debian::ensure().map(note),
    },
    Step {
        name: "python",
        about: "the vendors' Python clients and typos, under target/tools",
        kind: Kind::Install,
        run: |_| tools::python::ensure().map(note),
    },
    Step {
        name: "tools",
        about: "cargo-deny and deadnix, under target/tools",
        kind: Kind::Install,
        run: |_| tools::cargo::ensure().map(note),
    },
    Step {
        name: "fmt",
        about: "rustfmt, and alejandra for Nix",
        kind: Kind::Check,
        run: |_| fmt(),
    },
    Step {
        name: "clippy",
        about: "the lints, as errors",
        kind: Kind::Check,
        run: |_| clippy(),
    },
    Step {
        name: "deny",
        about: "bans, licences and sources of all crates",
        kind: Kind::Check,
        run: |_| deny(),
    },
    Step {
        name: "advisories",
        about: "known holes in the crates, where their list can be had",
        kind: Kind::Check,
        run: |_| advisories(),
    },
    Step {
        name: "typos",
        about: "spelling",
        kind: Kind::Check,
        run: |_| typos(),
    },
    Step {
        name: "nix",
        about: "every Nix file parses, and defines nothing that it does not use",
        kind: Kind::Check,
        run: |_| nix(),
    },
    Step {
        name: "tests",
        about: "all tests of the workspace, the documentation's too",
        kind: Kind::Test,
        run: tests,
    },
    Step {
        name: "campaigns",
        about: "kills, faults, impostors and bad input; cargo xtask campaign",
        kind: Kind::Campaigns,
        run: |_| crate::campaign::short().map(counted),
    },
    Step {
        name: "machines",
        about: "the whole job on QEMU guests; cargo xtask machines",
        kind: Kind::Machines,
        run: |_| crate::machines::short().map(counted),
    },
];

fn note(note: String) -> Done {
    Done { note, count: None }
}

fn counted(count: Count) -> Done {
    Done {
        note: count.to_string(),
        count: Some(count),
    }
}

fn fmt() -> Result<Done, String> {
    let mut rustfmt = tools::command("cargo");
    rustfmt.args(["fmt", "--all", "--", "--check"]);
    let rust = shell::run(&mut rustfmt, How::minutes(2))?.success("cargo fmt");
    let mut odd = Vec::new();
    for file in nix_files::all()? {
        if nix_files::formatted(&file)?.is_some() {
            odd.push(file.display().to_string());
        }
    }
    rust.map_err(|e| format!("{e}; cargo xtask fmt mends it"))?;
    if odd.is_empty() {
        Ok(Done::default())
    } else {
        Err(format!(
            "not formatted: {}; cargo xtask fmt mends it",
            odd.join(", ")
        ))
    }
}

fn clippy() -> Result<Done, String> {
    let mut clippy = tools::command("cargo");
    clippy.args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]);
    shell::run(&mut clippy, How::minutes(20))?.success("cargo clippy")?;
    Ok(Done::default())
}

fn deny() -> Result<Done, String> {
    let mut deny = tools::command("cargo-deny");
    deny.args(["--workspace", "check", "--hide-inclusion-graph"])
        .args(["bans", "licenses", "sources"]);
    shell::run(&mut deny, How::minutes(5))?.success("cargo deny")?;
    Ok(Done::default())
}

/// The list lies in a git repository, which not every machine reaches: that is said, and is no
/// failure, or a change could not land for want of a network.
fn advisories() -> Result<Done, String> {
    let mut deny = tools::command("sh");
    deny.args(["-c", "exec \"$@\" 2>&1", "sh", "cargo-deny"])
        .args(["--workspace", "check", "--hide-inclusion-graph"])
        .arg("advisories")
        .env("GIT_TERMINAL_PROMPT", "0");
    let ended = shell::run(&mut deny, How::minutes(3).quiet())?;
    if ended.stdout.contains("failed to fetch advisory database") {
        return Ok(note(
            "not looked at: their list cannot be reached".to_owned(),
        ));
    }
    println!("{}", ended.stdout.trim_end());
    ended.success("cargo deny")?;
    Ok(Done::default())
}

fn typos() -> Result<Done, String> {
    let mut typos = tools::command("typos");
    typos.arg("--sort");
    shell::run(&mut typos, How::minutes(2))?.success("typos")?;
    Ok(Done::default())
}

fn nix() -> Result<Done, String> {
    let files = nix_files::all()?;
    if files.is_empty() {
        return Ok(note("there are no Nix files".to_owned()));
    }
    let mut parse = tools::command("nix-instantiate");
    parse
        .envs(tools::nix::environment())
        .arg("--parse")
        .args(&files);
    shell::run(&mut parse, How::minutes(2).quiet())?.success("nix-instantiate --parse")?;
    let mut deadnix = tools::command("deadnix");
    deadnix.arg("--fail").args(&files);
    shell::run(&mut deadnix, How::minutes(1))?.success("deadnix")?;
    Ok(note(format!("{} files", files.len())))
}

/// Three tests at a time for each processor: most of them wait for a machine or a vendor.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from) * 3
}

fn tests(setting: Setting) -> Result<Done, String> {
    let mut test = tools::command("cargo");
    test.args(["test", "--workspace", "--no-fail-fast"])
        .envs(tools::nix::environment());
    if std::env::var_os("RUST_TEST_THREADS").is_none() {
        test.env("RUST_TEST_THREADS", threads().to_string());
    }
    for name in ACCOUNTS {
        test.env_remove(name);
    }
    if setting.require_tools {
        test.env("PROVISION_REQUIRE_TOOLS", "1");
    }
    let ended = shell::run(&mut test, How::minutes(30))?;
    let count = Count::read(&ended.stdout);
    if !ended.status.success() && count.failed == 0 {
        // it did not compile, or a program died before it could say how many
        return Err(format!(
            "cargo test ended with {}, after {count}",
            ended.status
        ));
    }
    Ok(counted(count))
}
