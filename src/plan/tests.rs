use super::*;

mod rented;
use provision_api::{Arch, Marks, Offer, RebuildKey, Rescue, ServerId, ServerStatus, ServerType};

fn host(toml: &str) -> Host {
    Host {
        name: "web-1".parse().unwrap(),
        folder: "/nowhere".into(),
        spec: format!("provider = 'hetzner'\n{toml}").parse().unwrap(),
        facts: None,
    }
}

fn catalog() -> Catalog {
    let offer = |location: &str, hourly: &str, available| Offer {
        location: location.into(),
        hourly: Some(hourly.parse().unwrap()),
        available,
        deprecated: false,
    };
    let server_type = |name: &str, arch, offers| ServerType {
        name: name.into(),
        arch,
        cores: 2,
        memory_mib: 4096,
        disk_gib: 40,
        offers,
    };
    Catalog {
        currency: "EUR".into(),
        types: vec![
            server_type(
                "cx23",
                Arch::X86_64,
                vec![offer("fsn1", "0.007", false), offer("nbg1", "0.007", true)],
            ),
            server_type("cpx22", Arch::X86_64, vec![offer("fsn1", "0.012", true)]),
            server_type("cax11", Arch::Aarch64, vec![offer("fsn1", "0.006", true)]),
        ],
    }
}

fn server(owner: &str, host: &str, role: Role, phase: Phase) -> Server {
    Server {
        id: ServerId::new("7"),
        name: server_name(&host.parse().unwrap(), role),
        status: ServerStatus::Running,
        ipv4: None,
        ipv6: None,
        gateway6: None,
        doubt: None,
        server_type: "cx23".into(),
        location: "fsn1".into(),
        arch: Arch::X86_64,
        created: jiff::Timestamp::UNIX_EPOCH,
        rescue_armed: false,
        protected: false,
        labels: std::collections::BTreeMap::new(),
        marks: Some(Marks {
            owner: owner.parse().unwrap(),
            run: "r1".parse().unwrap(),
            host: host.parse().unwrap(),
            role,
            phase,
            expires: None,
            host_key: None,
            lease: None,
        }),
    }
}

const ABLE: Capabilities = Capabilities {
    create: true,
    rescue: Rescue::Keys,
    rebuild: true,
    host_key_at_first_boot: true,
    rebuild_key: RebuildKey::Given,
    unique_names: true,
    keeps_keys: true,
    metal: false,
    first_users: &["root"],
};

fn make(toml: &str, flags: &UpFlags, servers: &[Server]) -> Outcome<HostPlan> {
    make_at("hetzner", ABLE, toml, flags, servers)
}

fn make_at(
    provider: &str,
    capabilities: Capabilities,
    toml: &str,
    flags: &UpFlags,
    servers: &[Server],
) -> Outcome<HostPlan> {
    let known = Known {
        owner: &"me".parse().unwrap(),
        provider,
        capabilities,
        catalog: &catalog(),
        servers,
    };
    HostPlan::make(host(toml), flags, known)
}

const WISHES: &str =
    "[hetzner]\ntypes = ['cx23', 'cpx22']\nlocations = ['fsn1', 'nbg1']\nimage = 'debian-13'\n";

fn created(plan: &HostPlan) -> Vec<String> {
    match &plan.action {
        Action::Create(choices) => choices.iter().map(Choice::to_string).collect(),
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn what_can_be_had_now_comes_first() {
    let plan = make(WISHES, &UpFlags::default(), &[]).unwrap();
    assert_eq!(
        created(&plan),
        ["cx23 in nbg1", "cpx22 in fsn1", "cx23 in fsn1"]
    );
}

#[test]
fn what_cannot_be_ordered_is_refused_with_its_reason() {
    let flags = |server_type: Option<&str>, location: Option<&str>, most: Option<&str>| UpFlags {
        server_type: server_type.map(Into::into),
        location: location.map(Into::into),
        max_price: most.map(|m| m.parse().unwrap()),
        ..UpFlags::default()
    };
    for (flags, exit, word) in [
        (
            flags(Some("cx99"), None, None),
            Exit::Config,
            "no server type cx99",
        ),
        (
            flags(None, Some("mars"), None),
            Exit::Config,
            "no location mars",
        ),
        (flags(Some("cax11"), None, None), Exit::Config, "aarch64"),
        (
            flags(Some("cpx22"), Some("nbg1"), None),
            Exit::Config,
            "cannot be had",
        ),
        (
            flags(None, None, Some("0.001")),
            Exit::Refused,
            "cheapest that fits costs 0.007",
        ),
    ] {
        let refusal = make(WISHES, &flags, &[]).unwrap_err();
        assert_eq!(refusal.exit, exit, "{refusal}");
        assert!(refusal.why.contains(word), "{refusal}");
        assert!(refusal.mend.is_some());
    }
}

#[test]
fn no_location_means_any_and_the_cheapest_first() {
    let plan = make("[hetzner]\ntypes = ['cx23']\n", &UpFlags::default(), &[]).unwrap();
    assert_eq!(created(&plan), ["cx23 in nbg1", "cx23 in fsn1"]);
    let nothing = make("", &UpFlags::default(), &[]).unwrap_err();
    assert!(nothing.why.contains("no server type"), "{nothing}");
    let mend = nothing.mend.clone().unwrap();
    assert!(
        mend.contains("types") && mend.contains("[hetzner]"),
        "{mend}"
    );
}

#[test]
fn the_chosen_provider_says_which_section_counts() {
    let both = "[hetzner]\ntypes = ['cx23']\n[ovh]\nflavors = ['d2-2']\nregions = ['GRA11']\n";
    let host = host(both);
    let wishes = |provider| Wishes::of(&host, provider, &UpFlags::default());
    let hetzner = wishes("hetzner");
    let wishes = wishes("ovh");
    assert_eq!((wishes.section, wishes.key()), ("ovh", "flavors"));
    assert_eq!(wishes.types, ["d2-2"]);
    assert_eq!(hetzner.types, ["cx23"]);
}

#[test]
fn a_price_limit_drops_what_is_dearer() {
    let flags = UpFlags {
        max_price: Some("0.01".parse().unwrap()),
        ..UpFlags::default()
    };
    let plan = make(WISHES, &flags, &[]).unwrap();
    assert_eq!(created(&plan), ["cx23 in nbg1", "cx23 in fsn1"]);
}

#[test]
fn what_exists_decides_what_is_done() {
    let plain = UpFlags::default();
    let again = UpFlags {
        reinstall: true,
        ..UpFlags::default()
    };
    let proven = [server("me", "web-1", Role::Server, Phase::Proven)];
    let half = [server("me", "web-1", Role::Server, Phase::Installed)];
    let action = |flags, servers: &[Server]| make(WISHES, flags, servers).unwrap().action;
    assert!(matches!(action(&plain, &proven), Action::Nothing(_)));
    assert!(matches!(action(&again, &proven), Action::Reinstall(_)));
    assert!(matches!(action(&plain, &half), Action::Resume(_)));
    assert!(matches!(action(&again, &half), Action::Reinstall(_)));
    let test = UpFlags {
        test: true,
        ..UpFlags::default()
    };
    assert!(matches!(action(&test, &proven), Action::Create(_)));
}

#[test]
fn a_strangers_name_is_refused() {
    let mut unmarked = server("me", "web-1", Role::Server, Phase::Proven);
    unmarked.marks = None;
    for stranger in [
        server("you", "web-1", Role::Server, Phase::Proven),
        unmarked,
    ] {
        let refusal = make(WISHES, &UpFlags::default(), &[stranger]).unwrap_err();
        assert_eq!(refusal.exit, Exit::Refused);
        assert!(refusal.what.contains("not ours"), "{refusal}");
    }
    let twice = [
        server("me", "web-1", Role::Server, Phase::Proven),
        server("me", "web-1", Role::Server, Phase::Created),
    ];
    let refusal = make(WISHES, &UpFlags::default(), &twice).unwrap_err();
    assert!(refusal.what.contains("2 servers"), "{refusal}");
}

#[test]
fn a_test_machine_has_a_name_and_an_end_of_its_own() {
    let flags = UpFlags {
        test: true,
        ..UpFlags::default()
    };
    let plan = make(WISHES, &flags, &[]).unwrap();
    assert_eq!(plan.name, "web-1-test");
    assert_eq!(plan.ttl, Some(TEST_TTL));
    assert_eq!(make(WISHES, &UpFlags::default(), &[]).unwrap().ttl, None);
}

#[test]
fn a_server_that_exists_keeps_its_type_and_place() {
    let proven = [server("me", "web-1", Role::Server, Phase::Proven)];
    let flags = |server_type: &str, location: &str| UpFlags {
        server_type: Some(server_type.into()),
        location: Some(location.into()),
        ..UpFlags::default()
    };
    for (flags, word) in [
        (flags("cpx22", "fsn1"), "--type"),
        (flags("cx23", "nbg1"), "--location"),
    ] {
        let refusal = make(WISHES, &flags, &proven).unwrap_err();
        assert_eq!(refusal.exit, Exit::Refused);
        assert!(refusal.what.contains(word), "{refusal}");
    }
    make(WISHES, &flags("cx23", "fsn1"), &proven).unwrap();
}

#[test]
fn a_proven_server_gets_the_end_that_is_given_and_no_other() {
    let proven = [server("me", "web-1", Role::Server, Phase::Proven)];
    let hour = UpFlags {
        ttl: Some(SignedDuration::from_hours(1)),
        ..UpFlags::default()
    };
    let plan = make(WISHES, &hour, &proven).unwrap();
    assert!(plan.renews && !plan.is_work());
    assert!(plan.line("EUR").contains("1h"), "{}", plan.line("EUR"));
    let plan = make(
        &format!("ttl = '2h'\n{WISHES}"),
        &UpFlags::default(),
        &proven,
    )
    .unwrap();
    assert!(!plan.renews);
    let forever = format!("ttl = '876000000h'\n{WISHES}");
    let refusal = make(&forever, &UpFlags::default(), &[]).unwrap_err();
    assert_eq!(refusal.exit, Exit::Config, "{refusal}");
}

#[test]
fn runs_sort_by_their_beginning() {
    let ids = [
        ("2026-11-23T02:25:35Z", "20261123t022535z-00000"),
        ("2026-11-23T02:25:35.000001Z", "20261123t022535z-00001"),
        ("2026-11-23T02:25:35.5Z", "20261123t022535z-80000"),
        ("2026-11-23T02:25:35.999999999Z", "20261123t022535z-fffff"),
        ("2026-11-23T02:25:36Z", "20261123t022536z-00000"),
    ];
    for (begun, id) in ids {
        assert_eq!(
            run_begun(begun.parse().unwrap()).unwrap().as_str(),
            id,
            "{begun}"
        );
    }
    assert!(ids.is_sorted_by_key(|(_, id)| id));
}
