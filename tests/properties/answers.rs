//! Vendors that answer as they do, but for one call: to the built program, at each product, for the
//! verbs that read, that would buy, and that remove.

use crate::hostile;
use crate::terminal::is_obeyed;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::SystemTime;
use wiremock::matchers::any as any_request;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// What a vendor says to each `METHOD /path`.
type Answers = BTreeMap<String, Value>;

const PRODUCTS: [&str; 4] = ["hetzner", "ovh", "ovh-vps", "ovh-dedicated"];
const VERBS: [&str; 3] = [
    "list --output json",
    "up web-1 --dry-run --output json",
    "teardown web-1 --yes --output json",
];

fn fixture(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(file);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// As recorded.
fn recorded(product: &str) -> Answers {
    let mut answers = Answers::new();
    if product == "hetzner" {
        for (path, file) in [
            ("/servers", "servers_ours"),
            ("/server_types", "server_types_page2"),
            ("/pricing", "pricing"),
            ("/ssh_keys", "ssh_keys"),
            ("/volumes", "volumes_none"),
            ("/primary_ips", "primary_ips"),
            ("/actions", "actions"),
        ] {
            let answer = fixture(&format!("hetzner/{file}.json"));
            answers.insert(format!("GET {path}"), answer);
        }
        return answers;
    }
    let file = match product {
        "ovh" => "ovh/cloud.json",
        "ovh-vps" => "ovh/vps.json",
        _ => "ovh/dedicated.json",
    };
    let said = fixture(file);
    answers.extend(said.as_object().unwrap().clone());
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    answers.insert("GET /auth/time".to_owned(), json!(now.unwrap().as_secs()));
    answers
}

/// It says what it has, and of one call something else.
struct Vendor {
    answers: Answers,
    spoilt: Option<(String, String, u16)>,
    asked: std::sync::Arc<std::sync::Mutex<BTreeSet<String>>>,
}

impl Respond for Vendor {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let path = request.url.path();
        // an IPv6 address is in one of them
        let path = path.replace("%3A", ":");
        let path = path.strip_prefix("/1.0").unwrap_or(&path);
        let mut call = format!("{} {path}", request.method);
        if let Some(query) = request.url.query()
            && self.answers.contains_key(&format!("{call}?{query}"))
        {
            call = format!("{call}?{query}");
        }
        self.asked.lock().unwrap().insert(call.clone());
        if let Some((_, body, status)) = self.spoilt.as_ref().filter(|(it, ..)| *it == call) {
            return ResponseTemplate::new(*status).set_body_raw(body.clone(), "application/json");
        }
        match self.answers.get(&call) {
            Some(answer) => ResponseTemplate::new(200).set_body_json(answer),
            None if request.method.as_str() == "GET" => ResponseTemplate::new(404),
            None => ResponseTemplate::new(200),
        }
    }
}

/// A folder with a flake of one host, and the programs that an installation asks for.
fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let hosts = Path::new(env!("CARGO_MANIFEST_DIR")).join("hosts/servers");
    let host = folder.path().join("hosts/servers/web-1");
    fs::create_dir_all(&host).unwrap();
    let toml = |name: &str| fs::read_to_string(hosts.join(name).join("host.toml")).unwrap();
    let ovh = toml("ovh-cloud");
    let ovh = &ovh[ovh.find("[ovh]").unwrap()..];
    fs::write(
        host.join("host.toml"),
        format!("{}\n{ovh}", toml("hetzner-cloud")),
    )
    .unwrap();
    fs::write(folder.path().join("flake.nix"), "{ outputs = _: { }; }").unwrap();
    let bin = folder.path().join("bin");
    fs::create_dir(&bin).unwrap();
    for name in [
        "ssh",
        "ssh-keyscan",
        "ssh-keygen",
        "ssh-copy-id",
        "git",
        "sh",
    ] {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut all = std::env::split_paths(&path).map(|dir| dir.join(name));
        if let Some(program) = all.find(|program: &PathBuf| program.is_file()) {
            symlink(program, bin.join(name)).unwrap();
        }
    }
    let program = bin.join("nixos-anywhere");
    fs::write(&program, "#!/bin/sh\nexit 1\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn run(at: &MockServer, folder: &Path, product: &str, verb: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_provision"));
    command
        .args(verb.split_whitespace())
        .args(["--provider", product])
        .current_dir(folder)
        .env_clear()
        .env("PATH", folder.join("bin"))
        .env("HOME", folder)
        .env("NO_COLOR", "1")
        .env("PROVISION_STATE_DIR", folder.join("state"))
        .env("PROVISION_OWNER", "ann")
        .env("PROVISION_DEADLINE_SCALE", "0.001")
        .stdin(Stdio::null());
    if product == "hetzner" {
        command
            .env("HCLOUD_ENDPOINT", at.uri())
            .env("HCLOUD_TOKEN", "t".repeat(64));
    } else {
        command
            .env("OVH_ENDPOINT", format!("{}/1.0", at.uri()))
            .env("OVH_APPLICATION_KEY", "application")
            .env("OVH_APPLICATION_SECRET", "secret-of-the-application")
            .env("OVH_CONSUMER_KEY", "consumer-key-of-the-user")
            .env("OVH_CLOUD_PROJECT_SERVICE", "p1");
    }
    command.output().unwrap()
}

/// It ended by itself, with an exit code of its own, one error if any, one document, and nothing
/// that a terminal obeys.
fn is_well(ran: &Output, what: &str) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (stdout, stderr) = (text(&ran.stdout), text(&ran.stderr));
    let code = ran.status.code().unwrap_or(-1);
    let told = format!("{what}: exit {code}\n{stdout}\n{stderr}");
    assert!((0..=20).contains(&code), "{told}");
    assert!(!stderr.contains("panicked"), "{told}");
    assert!(
        !stdout.contains(is_obeyed) && !stderr.contains(is_obeyed),
        "{told:?}"
    );
    let document: Result<Value, _> = serde_json::from_str(&stdout);
    assert!(document.is_ok(), "{told}");
}

/// Which seed: another one each time, or the one that is asked for.
pub(crate) fn seed() -> u64 {
    let given = std::env::var("PROVISION_PROPERTY_SEED").ok();
    let seed = given.map_or_else(rand::random, |text| text.parse().unwrap());
    println!("PROVISION_PROPERTY_SEED={seed} repeats it");
    seed
}

/// Draws what that seed draws.
pub(crate) fn drawn(seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    TestRunner::new_with_rng(Config::default(), rng)
}

/// A call to spoil, what is said to it, and with which status.
fn spoilt(answers: &Answers, calls: &[String], runner: &mut TestRunner) -> (String, String, u16) {
    let mut draw = |strategy: BoxedStrategy<String>| strategy.new_tree(runner).unwrap().current();
    let at = any::<Index>().prop_map(|at| at.index(usize::MAX).to_string());
    let at: usize = draw(at.boxed()).parse().unwrap();
    let call = calls[at % calls.len()].clone();
    let good = answers.get(&call).cloned().unwrap_or(Value::Null);
    let body = prop_oneof![
        4 => hostile::spoilt(good).prop_map(|document| document.to_string()),
        1 => hostile::json().prop_map(|document| document.to_string()),
        1 => hostile::word(),
    ];
    let body = draw(body.boxed());
    let status = prop::sample::select(vec!["200", "200", "200", "403", "409", "500"]);
    let status = draw(status.prop_map(str::to_owned).boxed());
    (call, body, status.parse().unwrap())
}

/// One run; the calls that it made.
async fn one(
    product: &str,
    verb: &str,
    spoilt: Option<(String, String, u16)>,
    folder: &Path,
) -> (Output, BTreeSet<String>) {
    // what drops a server waits for it, and for ever where a task has used up its turn
    tokio::task::yield_now().await;
    let server = MockServer::start().await;
    let asked = std::sync::Arc::default();
    let vendor = Vendor {
        answers: recorded(product),
        spoilt,
        asked: std::sync::Arc::clone(&asked),
    };
    Mock::given(any_request())
        .respond_with(vendor)
        .mount(&server)
        .await;
    let ran = run(&server, folder, product, verb);
    let asked = asked.lock().unwrap().clone();
    (ran, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_spoilt_answer_ends_well_at_each_product_for_each_verb() {
    let mut runner = drawn(seed());
    for product in PRODUCTS {
        for verb in VERBS {
            let folder = place();
            let (ran, calls) = one(product, verb, None, folder.path()).await;
            is_well(&ran, &format!("{product}, {verb}, as recorded"));
            let calls: Vec<String> = calls.into_iter().collect();
            let is_read = verb == VERBS[0];
            assert!(!is_read || ran.status.success(), "{product}: {ran:?}");
            assert!(calls.len() > 2, "{product}, {verb}: only {calls:?}");
            for _ in 0..5 {
                let spoilt = spoilt(&recorded(product), &calls, &mut runner);
                let what = format!("{product}, {verb}, {spoilt:?}");
                let (ran, _) = one(product, verb, Some(spoilt), folder.path()).await;
                is_well(&ran, &what);
            }
        }
    }
}
