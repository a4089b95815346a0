//! Configuration as the vendor's clients find it, and what is said where it is wrong.

use super::*;
use secrecy::ExposeSecret;
use std::collections::HashMap;
use std::path::Path;

const KEYS: &str = "application_key=appkey\napplication_secret=s3cret\nconsumer_key=c0nsumer\n";

/// A folder to work in, one of a user, and one of the machine.
struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    fn new(here: Option<&str>, home: Option<&str>, all: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("ovh.conf", here), (".ovh.conf", home), ("etc.conf", all)] {
            if let Some(text) = text {
                std::fs::write(folder.path().join(name), text).unwrap();
            }
        }
        Self { folder }
    }

    fn read(&self, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let variables: HashMap<_, _> = variables.iter().copied().collect();
        let lookup = |name: &str| variables.get(name).map(|value| (*value).to_owned());
        let files = ["ovh.conf", ".ovh.conf", "etc.conf"].map(|name| self.folder.path().join(name));
        Config::from_files(lookup, &files)
    }
}

fn values(config: &Config) -> Vec<String> {
    config
        .credentials
        .parts()
        .map(|(_, value)| value.to_owned())
        .collect()
}

#[test]
fn files_are_read_as_the_vendors_clients_read_them() {
    let text = format!(
        "[default]\n; a comment\nendpoint = ovh-ca\n# another\n[ovh-eu]\napplication_key=wrong\n\
         [ovh-ca]\n{KEYS}"
    );
    let config = Machine::new(None, Some(&text), None).read(&[]).unwrap();
    assert_eq!(config.endpoint.as_str(), ENDPOINT_CA);
    assert_eq!(values(&config), ["appkey", "s3cret", "c0nsumer"]);
    assert_eq!(config.project, None);
    let source = config.endpoint_source.to_string();
    assert!(
        source.starts_with("[default] in ") && source.ends_with(".ovh.conf"),
        "{source}"
    );
    let (name, source) = &config.credentials_sources[2];
    assert!(*name == "consumer_key" && source.to_string().starts_with("[ovh-ca] in "));
    let shown = format!("{config:?}");
    assert!(
        !shown.contains("s3cret") && !shown.contains("c0nsumer"),
        "{shown}"
    );
}

#[test]
fn an_earlier_source_wins_key_by_key() {
    let here = "[ovh-eu]\napplication_secret=here\nconsumer_key=\n";
    let home = "[ovh-eu]\napplication_secret=home\nconsumer_key=home\n";
    let all = "[default]\nendpoint=ovh-eu\n[ovh-eu]\napplication_key=all\nconsumer_key=all\n";
    let machine = Machine::new(Some(here), Some(home), Some(all));
    assert_eq!(values(&machine.read(&[]).unwrap()), ["all", "here", "home"]);
    let env = [
        ("OVH_APPLICATION_KEY", "env"),
        ("OVH_APPLICATION_SECRET", ""),
        ("OVH_CLOUD_PROJECT_SERVICE", "p1"),
    ];
    let config = machine.read(&env).unwrap();
    assert_eq!(values(&config), ["env", "here", "home"]);
    assert_eq!(config.project.as_deref(), Some("p1"));
    let source = &config.credentials_sources[0].1;
    assert_eq!(
        source.to_string(),
        "the environment variable OVH_APPLICATION_KEY"
    );
}

#[test]
fn a_service_account_may_stand_in_the_environment_alone() {
    let machine = Machine::new(None, None, None);
    let url = "http://127.0.0.1:8080/ovh/1.0";
    let env = [
        ("OVH_ENDPOINT", url),
        ("OVH_CLIENT_ID", "id"),
        ("OVH_CLIENT_SECRET", "s3cret"),
    ];
    let config = machine.read(&env).unwrap();
    assert_eq!(config.endpoint.as_str(), url);
    match &config.credentials {
        Credentials::OAuth2 {
            client_id,
            client_secret,
        } => {
            assert_eq!(
                (client_id.as_str(), client_secret.expose_secret()),
                ("id", "s3cret")
            );
        }
        other @ Credentials::Signature { .. } => panic!("{other:?}"),
    }
    assert_eq!(
        machine.read(&env[1..]).unwrap().endpoint_source,
        Source::Default
    );
    // a URL has a section of its own
    let machine = Machine::new(Some(&format!("[{url}]\n{KEYS}")), None, None);
    let config = machine.read(&env[..1]).unwrap();
    assert_eq!(values(&config), ["appkey", "s3cret", "c0nsumer"]);
}

/// A file, variables, and what the error says.
type Case<'a> = (Option<&'a str>, &'a [(&'a str, &'a str)], &'a [&'a str]);

#[test]
fn what_is_missing_mixed_or_unknown_is_named_with_its_source_and_never_shown() {
    let signed = format!("[ovh-eu]\n{KEYS}");
    let id = ("OVH_CLIENT_ID", "s3cret-id");
    let key = ("OVH_APPLICATION_KEY", "s3cret-key");
    let cases: [Case<'_>; 7] = [
        (
            None,
            &[],
            &[
                "no credentials",
                "OVH_CONSUMER_KEY",
                "under [ovh-eu] in one of",
                "etc.conf",
            ],
        ),
        (None, &[("OVH_ENDPOINT", "ovh-us")], &["under [ovh-us]"]),
        (
            None,
            &[key],
            &[
                "application_key from the environment variable OVH_APPLICATION_KEY",
                "without application_secret and consumer_key",
            ],
        ),
        (
            None,
            &[id],
            &[
                "client_id from the environment variable",
                "without client_secret",
            ],
        ),
        (
            Some(&signed),
            &[id, ("OVH_CLIENT_SECRET", "s3cret")],
            &[
                "two kinds",
                "consumer_key from [ovh-eu] in",
                "client_id from the environment",
            ],
        ),
        (
            Some(&signed),
            &[id],
            &["two kinds", "keep the keys or the service account"],
        ),
        (
            Some(&signed),
            &[("OVH_ENDPOINT", "ovh-mars")],
            &[
                "variable OVH_ENDPOINT is \"ovh-mars\"",
                "name ovh-eu, ovh-ca, ovh-us",
            ],
        ),
    ];
    for (file, variables, expected) in cases {
        let error = Machine::new(file, None, None).read(variables).unwrap_err();
        let text = error.of("ovh").to_string();
        assert!(text.starts_with("ovh: find the credentials: "), "{text}");
        for part in expected {
            assert!(text.contains(part), "{part} is not in: {text}");
        }
        assert!(
            !text.contains("s3cret") && !text.contains("c0nsumer"),
            "{text}"
        );
    }
}

/// The folder's file, the user's, variables, and whether it is good.
type Sent<'a> = (&'a str, Option<&'a str>, &'a [(&'a str, &'a str)], bool);

/// A flake's folder may be somebody else's: what it has in it sends no secrets away.
#[test]
fn a_folder_sends_only_its_own_credentials_to_an_address_of_its_own() {
    const URL: &str = "https://api.example/1.0";
    let chosen = format!("[default]\nendpoint={URL}\n");
    let section = format!("[{URL}]\n{KEYS}");
    let whole = format!("{chosen}{section}");
    let halves = section.split_at(section.find("consumer_key").unwrap());
    let half = format!("{chosen}{}", halves.0);
    let key = [("OVH_CONSUMER_KEY", "s3cret-key")];
    let account = [("OVH_CLIENT_ID", "id"), ("OVH_CLIENT_SECRET", "s3cret")];
    let rest = format!("[{URL}]\n{}", halves.1);
    let cases: [Sent<'_>; 6] = [
        (&whole, None, &[], true),
        (&whole, None, &key, false),
        (&half, Some(&rest), &[], false),
        (&chosen, Some(&section), &[], false),
        (&chosen, None, &account, false),
        ("[default]\nendpoint=ovh-ca\n", None, &account, true),
    ];
    for (here, home, variables, good) in cases {
        match Machine::new(Some(here), home, None).read(variables) {
            Ok(config) => assert!(good, "{here} {home:?} {variables:?}: {config:?}"),
            Err(error) => {
                assert!(!good, "{error}");
                assert!(matches!(error, ConfigError::Elsewhere { .. }), "{error}");
                let text = error.of("ovh").to_string();
                for part in ["URL from [default] in", "ovh.conf", "OVH_ENDPOINT"] {
                    assert!(text.contains(part), "{text}");
                }
                assert!(
                    !text.contains("s3cret") && !text.contains("c0nsumer"),
                    "{text}"
                );
            }
        }
    }
    // who names it in the environment or at home means it
    let named = [("OVH_ENDPOINT", URL), account[0], account[1]];
    Machine::new(Some(&chosen), None, None)
        .read(&named)
        .unwrap();
    let home = Machine::new(None, Some(&chosen), None);
    assert_eq!(home.read(&account).unwrap().endpoint.as_str(), URL);
}

#[test]
fn a_broken_file_is_named_only_where_something_is_missing() {
    let broken = "[ovh-eu\napplication_secret s3cret\n";
    let machine = Machine::new(Some(broken), None, None);
    let text = machine.read(&[]).unwrap_err().to_string();
    assert!(
        text.contains("ovh.conf: it is no INI file") && !text.contains("s3cret"),
        "{text}"
    );
    let id = [("OVH_CLIENT_ID", "id"), ("OVH_CLIENT_SECRET", "secret")];
    machine.read(&id).unwrap();
}

#[test]
fn the_usual_places_are_here_at_home_and_the_machines() {
    let machine = Machine::new(Some(&format!("[ovh-eu]\n{KEYS}")), None, None);
    let folder = machine.folder.path();
    let config = Config::from_environment(|_| None, None, folder).unwrap();
    assert_eq!(values(&config), ["appkey", "s3cret", "c0nsumer"]);
    let empty = tempfile::tempdir().unwrap();
    let home = Path::new("/nonexistent/home");
    let error = Config::from_environment(|_| None, Some(home), empty.path());
    if let Err(ConfigError::None { files, .. }) = error {
        let ends = ["ovh.conf", "/nonexistent/home/.ovh.conf", "/etc/ovh.conf"];
        assert!(
            files
                .iter()
                .zip(ends)
                .all(|(file, end)| file.ends_with(end))
        );
        assert_eq!(files.len(), 3);
    }
}
