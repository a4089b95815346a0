//! Each ends in bounded time with one clear error and an exit code of its own.

use crate::lab::{Lab, Ran};
use serde_json::json;

#[test]
fn names_that_do_not_exist() {
    let lab = Lab::new();
    assert_eq!(lab.run("upp --sandbox").code, 2);
    assert_eq!(lab.run("hetzner-cloud --sandbox").code, 2);
    lab.run("up nobody --sandbox")
        .failed(3, &["nobody", "hetzner-cloud"]);
    lab.run("up hetzner-cloud --sandbox --type cx99")
        .failed(3, &["cx99", "cx23"]);
    lab.run("up hetzner-cloud --sandbox --location mars")
        .failed(3, &["mars", "fsn1"]);
    lab.run("--provider nimbus --sandbox")
        .failed(3, &["nimbus"]);
    lab.run("up hetzner-cloud --provider nimbus --sandbox")
        .failed(3, &["nimbus", "hetzner"]);
    assert_eq!(lab.run("up We_b --sandbox").code, 2);
    lab.run("--sandbox").failed(2, &["provider"]);
    lab.run("up hetzner-cloud --sandbox --flake /nowhere")
        .failed(3, &["/nowhere"]);
}

#[test]
fn several_hosts_of_one_provider_are_listed() {
    let lab = Lab::new();
    lab.add_host("web-1", "provider = 'hetzner'\n");
    lab.run("--provider hetzner --sandbox")
        .failed(2, &["hetzner-cloud", "web-1", "--host"]);
}

#[test]
fn a_wrong_host_toml_names_file_and_key() {
    let lab = Lab::new();
    lab.add_host("web-1", "provider = 'hetzner'\nlayuot = 'auto'\n");
    lab.run("up web-1 --sandbox")
        .failed(3, &["host.toml", "layuot", "layout"]);
}

#[test]
fn money_is_not_spent_without_leave() {
    let lab = Lab::new();
    lab.run("up hetzner-cloud --sandbox --max-price 0.0001")
        .failed(4, &["too dear", "--max-price"]);
    assert!(lab.servers().is_empty());
}

#[test]
fn sold_out_is_walked_and_told() {
    let some = json!({ "sold_out": [{ "type": "cx23" }] });
    let lab = Lab::with_world(&some);
    lab.run("up hetzner-cloud --sandbox").succeeded();
    assert_eq!(lab.servers()[0]["type"], "cpx22");

    let all = json!({ "sold_out": [{ "type": "cx23" }, { "type": "cpx22" }] });
    let lab = Lab::with_world(&all);
    lab.run("up hetzner-cloud --sandbox").failed(
        7,
        &[
            "sold out everywhere",
            "cx23 in",
            "remains key provision-sandbox-",
            "remove  provision teardown",
        ],
    );
}

#[test]
fn the_accounts_limit_is_told() {
    let lab = Lab::with_world(&json!({ "quota_servers": 0 }));
    lab.run("up hetzner-cloud --sandbox")
        .failed(7, &["limit", "remains key provision-sandbox-"]);
}

#[test]
fn a_real_cloud_is_refused_what_only_the_sandbox_may() {
    let lab = Lab::new();
    let run = |arguments: &str, token: Option<&str>| {
        let mut command = lab.command(arguments);
        if let Some(token) = token {
            command.env("HCLOUD_TOKEN", token);
        }
        Ran::of(command.output().unwrap())
    };
    run("list", None).failed(3, &["whose servers", "PROVISION_OWNER"]);
    run("list --owner me", None).failed(5, &["HCLOUD_TOKEN"]);
    run("list --owner me", Some("short")).failed(5, &["64"]);
}

#[test]
fn another_owners_name_is_not_touched() {
    let lab = Lab::new();
    lab.run("up hetzner-cloud --sandbox --owner somebody")
        .succeeded();
    lab.run("up hetzner-cloud --sandbox --owner me")
        .failed(4, &["not ours", "somebody"]);
    lab.run("teardown hetzner-cloud --sandbox --owner me")
        .succeeded();
    let list = lab.json("list --sandbox --owner somebody");
    assert_eq!(list["servers"].as_array().unwrap().len(), 1);
}

#[test]
fn wrong_and_read_only_tokens_are_told_apart() {
    let readonly = "r".repeat(64);
    let lab = Lab::with_world(&json!({ "token_readonly": readonly }));
    let served = lab.serve();
    let run = |arguments: &str, token: &str| {
        let mut command = lab.command(arguments);
        served.enter(&mut command);
        command.env("HCLOUD_TOKEN", token);
        Ran::of(command.output().unwrap())
    };
    run("list --owner me", &"x".repeat(64)).failed(5, &["denied", "token"]);
    run("list --owner me", &readonly).succeeded();
}

#[test]
fn without_ssh_there_is_one_error() {
    let lab = Lab::new();
    let mut command = lab.command("up hetzner-cloud --sandbox");
    command.env("PATH", lab.path("empty"));
    Ran::of(command.output().unwrap()).failed(14, &["ssh", "openssh-client"]);
}

#[test]
fn the_chosen_provider_wins_over_host_toml_and_is_repeated() {
    let lab = Lab::new();
    lab.add_host(
        "box",
        "provider = 'ovh'\n[hetzner]\ntypes = ['cx23']\nlocations = ['fsn1']\n\
         [ovh]\nflavors = ['d2-2']\nregions = ['GRA11']\n",
    );
    let ran = lab.run("up box --provider hetzner --sandbox --dry-run");
    let ran = ran.succeeded();
    assert!(ran.stdout.contains("cx23 in fsn1"), "{ran}");
    lab.run("ssh box --provider hetzner --sandbox")
        .failed(4, &["provision up box --sandbox --provider hetzner"]);
}

#[test]
fn commands_that_are_shown_can_be_pasted() {
    let lab = Lab::new();
    let flake = lab.path("my flake");
    crate::lab::copy(&lab.flake(), &flake);
    let mut command = lab.command("ssh hetzner-cloud --sandbox --flake");
    let ran = Ran::of(command.arg(&flake).output().unwrap());
    ran.failed(4, &[&format!("--flake '{}'", flake.display())]);
}

#[test]
fn how_slow_the_sandbox_is_must_be_understood() {
    let lab = Lab::new();
    let mut command = lab.command("list --sandbox");
    command.env("PROVISION_SANDBOX_LATENCY", "bogus");
    Ran::of(command.output().unwrap()).failed(2, &["PROVISION_SANDBOX_LATENCY", "bogus"]);
}

#[test]
fn what_the_installation_lacks_is_found_before_anything_is_paid_for() {
    let lab = Lab::new();
    let hash = "0".repeat(64);
    // a pipe would be waited for, and through the link the host's key would go to this machine
    std::fs::create_dir_all(lab.flake().join("piped/srv")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(lab.flake().join("piped/srv/pipe"))
        .status();
    assert!(made.unwrap().success());
    std::fs::create_dir_all(lab.flake().join("linked")).unwrap();
    std::os::unix::fs::symlink("/etc", lab.flake().join("linked/etc")).unwrap();
    for (flags, words) in [
        ("--extra-files nowhere".to_owned(), "--extra-files"),
        ("--extra-files piped".to_owned(), "piped/srv/pipe"),
        ("--extra-files linked".to_owned(), "linked/etc"),
        (
            "--disk-encryption-keys /k nowhere".to_owned(),
            "--disk-encryption-keys",
        ),
        ("--store-paths nowhere nowhere".to_owned(), "--store-paths"),
        (format!("--kexec nowhere --kexec-sha256 {hash}"), "--kexec"),
        (
            format!("--kexec http://127.0.0.1/x --kexec-sha256 {hash}"),
            "https",
        ),
        (
            "--kexec https://127.0.0.1/x --kexec-sha256 abc".to_owned(),
            "64 hexadecimal",
        ),
    ] {
        for verb in [
            "up hetzner-cloud --dry-run",
            "up hetzner-cloud",
            "install hetzner-cloud --target-ip 127.0.0.9 --accept-new-host-key",
        ] {
            lab.run(&format!("{verb} --sandbox {flags}"))
                .failed(2, &[words]);
        }
    }
    let wrong = format!("up hetzner-cloud --sandbox --kexec flake.nix --kexec-sha256 {hash}");
    lab.run(&wrong).failed(9, &["its SHA-256 is"]);
    assert!(lab.servers().is_empty());
    let mut command = lab.command("up hetzner-cloud --sandbox --dry-run");
    command.env("PATH", lab.path("empty"));
    Ran::of(command.output().unwrap()).failed(14, &["ssh", "openssh-client"]);
}

#[test]
fn paths_are_read_from_the_users_folder() {
    let lab = Lab::new();
    std::fs::create_dir_all(lab.path("here/files/etc")).unwrap();
    std::fs::write(lab.path("here/files/etc/motd"), "hello\n").unwrap();
    std::fs::write(lab.path("here/disk.key"), "key\n").unwrap();
    let mut command = lab.command(
        "up hetzner-cloud --sandbox --flake ../flake --extra-files files \
         --disk-encryption-keys /tmp/disk.key disk.key",
    );
    command.current_dir(lab.path("here"));
    Ran::of(command.output().unwrap()).succeeded();
}

#[test]
fn a_bare_call_shows_how_it_is_used_and_makes_nothing() {
    let lab = Lab::new();
    for arguments in ["", "--yes", "--output json"] {
        lab.run(arguments).failed(2, &["provider", "--help"]);
    }
    assert!(!lab.state().exists());
}

#[test]
fn every_failure_is_one_document_where_json_is_wanted() {
    let lab = Lab::new();
    for (arguments, code) in [
        ("up nobody --sandbox", 3),
        ("list", 3),
        ("list --owner me", 5),
        ("ssh hetzner-cloud --sandbox", 4),
        ("host key nobody --sandbox", 3),
        ("upp --sandbox", 2),
        ("--sandbox", 2),
    ] {
        let ran = lab.run(&format!("{arguments} --output json"));
        assert_eq!(ran.code, code, "{ran}");
        let document = ran.json();
        assert_eq!(document["schema"], 1);
        assert_eq!(document["failures"][0]["exit_code"], code, "{ran}");
        assert!(!document["failures"][0]["what"].as_str().unwrap().is_empty());
    }
    let ran = lab.run("up hetzner-cloud --sandbox --max-price 0.0001");
    assert_eq!(ran.stdout, "");
}

#[test]
fn of_several_failures_the_first_by_name_decides() {
    let lab = Lab::with_world(&json!({ "sold_out": [{ "type": "cpx22" }] }));
    let toml = |layout: &str, server_type: &str| {
        format!(
            "provider = 'hetzner'\nlayout = '{layout}'\n[hetzner]\ntypes = ['{server_type}']\n\
             locations = ['fsn1']\n"
        )
    };
    // the first is refused by the vendor at once, the other by the gate a good while later
    lab.add_host("aa", &toml("auto", "cpx22"));
    lab.add_host("zz", &toml("uefi", "cx23"));
    let ran = lab.run("up zz aa --sandbox --output json");
    assert_eq!(ran.code, 7, "{ran}");
    let document = ran.json();
    let failures = document["failures"].as_array().unwrap();
    let told: Vec<_> = failures
        .iter()
        .map(|f| (&f["name"], &f["exit_code"]))
        .collect();
    assert_eq!(told, [(&json!("aa"), &json!(7)), (&json!("zz"), &json!(8))]);
    let ran = lab.run("up zz aa --sandbox");
    assert_eq!((ran.code, ran.stdout.as_str()), (7, ""));
    assert_eq!(ran.stderr.matches("error: ").count(), 2, "{ran}");
}

#[test]
fn flags_are_not_dropped() {
    let lab = Lab::new();
    for flags in [
        "--on-failure teardown",
        "--build-on remote",
        "--kexec x --kexec-sha256 y",
    ] {
        lab.run(&format!("{flags} up hetzner-cloud --sandbox"))
            .failed(2, &["before a command"]);
    }
    assert_eq!(lab.run("up hetzner-cloud --ttl 7000000d").code, 2);
    lab.run_hurried("1e300", "up hetzner-cloud --sandbox")
        .succeeded();
    assert_eq!(lab.servers()[0]["expires_at"], serde_json::Value::Null);
    let run = lab.servers()[0]["run"].clone();
    for other in ["--type cpx22", "--location hel1"] {
        lab.run(&format!("up hetzner-cloud --sandbox {other}"))
            .failed(4, &["exists", other.split(' ').next().unwrap()]);
    }
    let document = lab.json("up hetzner-cloud --sandbox --ttl 1h");
    assert!(document["hosts"][0]["expires_at"].is_string(), "{document}");
    let server = &lab.servers()[0];
    assert!(server["expires_at"].is_string(), "{server}");
    assert_eq!((&server["phase"], &server["run"]), (&json!("proven"), &run));
}

/// The token goes out in the clear only to whom it was said by name, and that is told.
#[test]
fn plain_http_is_asked_for_by_name() {
    let lab = Lab::new();
    let asked = |host: Option<&str>| {
        let mut command = lab.command("list --provider hetzner --owner ann");
        command
            .env("HCLOUD_ENDPOINT", "http://nobody.invalid/v1")
            .env("HCLOUD_TOKEN", "x".repeat(64))
            .env("PROVISION_DEADLINE_SCALE", "0.01");
        if let Some(host) = host {
            command.env("PROVISION_PLAIN_HTTP", host);
        }
        Ran::of(command.output().unwrap())
    };
    for host in [None, Some(""), Some("nobody"), Some("127.0.0.1")] {
        asked(host).failed(5, &["without TLS the token could be read", "use https"]);
    }
    let named = asked(Some("nobody.invalid"));
    named.failed(6, &["nobody.invalid", "can read the credentials"]);
}
