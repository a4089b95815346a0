use super::parse::*;
use super::*;
use clap::CommandFactory as _;

#[test]
fn clap_agrees_with_itself() {
    Cli::command().debug_assert();
}

#[test]
fn a_mistyped_verb_is_not_a_host() {
    assert!(Cli::try_parse_from(["provision", "upp"]).is_err());
    assert!(Cli::try_parse_from(["provision", "web-1"]).is_err());
    assert!(Cli::try_parse_from(["provision", "--provider", "hetzner"]).is_ok());
}

#[test]
fn flags_of_the_bare_form_are_not_dropped_beside_a_verb() {
    for flags in [
        "--on-failure teardown",
        "--store-paths /a /b",
        "--kexec x --kexec-sha256 y",
        "--disk-encryption-keys /a b",
        "--build-on remote",
        "--yes",
        "--host web-1",
        "--max-price 1",
    ] {
        let line = format!("provision {flags} up web-1");
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        assert_eq!(cli.check().unwrap_err().exit, Exit::Usage, "{line}");
    }
    for line in [
        "provision --provider hetzner up web-1 --yes",
        "provision --host web-1 --yes",
        "provision --provider hetzner",
    ] {
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        cli.check().unwrap();
    }
    for line in ["provision", "provision --yes"] {
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        assert_eq!(cli.check().unwrap_err().exit, Exit::Usage, "{line}");
    }
}

#[test]
fn times_are_read_as_people_write_them() {
    for (text, seconds) in [
        ("2h", 7200),
        ("90m", 5400),
        ("3d", 259_200),
        ("1h30m", 5400),
    ] {
        assert_eq!(duration(text).unwrap().as_secs(), seconds, "{text}");
    }
    for text in ["", "2", "-2h", "0s", "1 fortnight", "11y", "7000000d"] {
        assert!(duration(text).is_err(), "{text:?} was taken");
    }
}

#[test]
fn install_names_both_ways_to_trust() {
    let parse = |line: &str| Cli::try_parse_from(line.split(' '));
    let error = parse("provision install web-1 --target-ip 192.0.2.7").unwrap_err();
    let error = error.to_string();
    for flag in ["--host-key", "--accept-new-host-key"] {
        assert!(error.contains(flag), "{error}");
    }
    let key = format!("--host-key SHA256:{}", "A".repeat(43));
    let line = format!("provision install web-1 --target-ip 192.0.2.7 {key}");
    assert!(parse(&line).is_ok());
    assert!(parse(&format!("{line} --accept-new-host-key")).is_err());
}

#[test]
fn teardown_wants_one_way_of_choosing() {
    let parse = |line: &str| Cli::try_parse_from(line.split(' '));
    assert!(parse("provision teardown").is_err());
    assert!(parse("provision teardown web-1 --expired").is_err());
    assert!(parse("provision teardown --test --run r1").is_err());
    assert!(parse("provision teardown web-1 --test").is_ok());
    assert!(parse("provision teardown web-1 web-2 --yes").is_ok());
    assert!(parse("provision teardown --expired").is_ok());
}
