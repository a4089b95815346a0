//! Products that differ: rented servers, names that are not unique, prices that nobody tells.

use super::*;

const RENTED: Capabilities = Capabilities {
    create: false,
    host_key_at_first_boot: false,
    rebuild_key: RebuildKey::Unknown,
    ..ABLE
};

const MANY: Capabilities = Capabilities {
    unique_names: false,
    ..ABLE
};

/// One that nobody has marked.
fn free(id: &str) -> Server {
    Server {
        id: ServerId::new(id),
        name: id.to_owned(),
        marks: None,
        ..server("me", "web-1", Role::Server, Phase::Created)
    }
}

fn named(name: &str) -> UpFlags {
    UpFlags {
        server: Some(name.to_owned()),
        ..UpFlags::default()
    }
}

#[test]
fn only_a_server_that_is_named_is_taken_over() {
    let servers = [free("vps-1"), free("vps-2")];
    let make = |toml: &str, flags: &UpFlags| make_at("ovh-vps", RENTED, toml, flags, &servers);
    let refusal = make("", &UpFlags::default()).unwrap_err();
    assert!(refusal.why.contains("vps-1, vps-2"), "{refusal}");
    assert!(refusal.mend.as_deref().unwrap().contains("--server"));
    let plan = make("", &named("vps-2")).unwrap();
    let line = plan.line("EUR");
    assert!(line.contains("vps-2") && line.contains("WIPE"), "{line}");
    assert!(plan.wipes() && plan.trusts_first_use() && plan.is_work());
    assert_eq!(plan.server_id().unwrap().as_str(), "vps-2");
    assert!(make("", &named("vps-3")).is_err());
    // host.toml names one of the product that it names
    let toml = "[ovh]\nproduct = 'vps'\nservice = 'vps-1'\n";
    let mut host = host(toml);
    host.spec = format!("provider = 'ovh'\n{toml}").parse().unwrap();
    let flags = UpFlags::default();
    let wished = |provider| Wishes::of(&host, provider, &flags).service;
    assert_eq!(wished("ovh-vps").as_deref(), Some("vps-1"));
    assert_eq!(wished("ovh-dedicated"), None);
}

#[test]
fn what_is_taken_suspended_or_doubtful_is_not_touched() {
    let taken = server("you", "db-1", Role::Server, Phase::Proven);
    let suspended = Server {
        status: ServerStatus::Other("suspended".to_owned()),
        ..free("7")
    };
    let doubtful = Server {
        doubt: Some("half a mark".to_owned()),
        ..free("7")
    };
    for (server, word) in [
        (taken, "it is you's, for the host db-1"),
        (suspended, "contract"),
        (doubtful, "half a mark"),
    ] {
        let refusal = make_at("ovh-vps", RENTED, "", &named("7"), &[server]).unwrap_err();
        assert!(refusal.why.contains(word), "{refusal}");
    }
}

#[test]
fn flags_that_mean_nothing_are_not_dropped() {
    for flags in [
        UpFlags {
            server_type: Some("b2-7".to_owned()),
            ..named("7")
        },
        UpFlags {
            max_price: Some("1".parse().unwrap()),
            ..named("7")
        },
    ] {
        let refusal = make_at("ovh-vps", RENTED, "", &flags, &[free("7")]).unwrap_err();
        assert_eq!(refusal.exit, Exit::Refused, "{refusal}");
    }
    let refusal = make(WISHES, &named("7"), &[]).unwrap_err();
    assert_eq!(refusal.exit, Exit::Usage, "{refusal}");
    let ours = [server("me", "web-1", Role::Server, Phase::Proven)];
    let refusal = make_at("ovh-vps", RENTED, "", &named("8"), &ours).unwrap_err();
    assert!(refusal.what.contains("--server"), "{refusal}");
}

#[test]
fn what_one_run_made_twice_is_removed_and_nothing_else() {
    let at = |id: &str, run: &str, phase| {
        let mut server = server("me", "web-1", Role::Server, phase);
        server.id = ServerId::new(id);
        server.marks.as_mut().unwrap().run = run.parse().unwrap();
        server
    };
    let toml = "[ovh]\nflavors = ['cx23']\n";
    let make = |servers: &[Server]| make_at("ovh", MANY, toml, &UpFlags::default(), servers);
    let plan = make(&[
        at("1", "r1", Phase::Created),
        at("2", "r1", Phase::Installed),
    ])
    .unwrap();
    assert_eq!(plan.server().unwrap().id().as_str(), "2");
    assert_eq!(plan.surplus.len(), 1);
    assert!(plan.line("EUR").starts_with("remove 1, which is of no use"));
    for others in [
        at("2", "r2", Phase::Created),
        at("2", "r1", Phase::Installed),
    ] {
        let refusal = make(&[at("1", "r1", Phase::Installed), others]).unwrap_err();
        assert!(refusal.what.contains("2 servers"), "{refusal}");
    }
    // a stranger's name is no obstacle where names are not unique
    let stranger = server("you", "web-1", Role::Server, Phase::Proven);
    assert!(matches!(
        make(&[stranger]).unwrap().action,
        Action::Create(_)
    ));
}

#[test]
fn what_the_vendor_gave_up_making_is_removed_and_ordered_again() {
    let mut failed = server("me", "web-1", Role::Server, Phase::Created);
    failed.status = ServerStatus::Failed;
    let plan = make(WISHES, &UpFlags::default(), &[failed.clone()]).unwrap();
    assert!(matches!(plan.action, Action::Create(_)));
    assert_eq!(plan.surplus.len(), 1);
    // what is on its disk is not given up so lightly
    failed.marks.as_mut().unwrap().phase = Phase::Installed;
    let plan = make(WISHES, &UpFlags::default(), &[failed]).unwrap();
    assert!(matches!(plan.action, Action::Resume(_)) && plan.surplus.is_empty());
}

#[test]
fn an_unknown_price_is_never_within_a_limit() {
    let mut catalog = catalog();
    for offer in catalog.types.iter_mut().flat_map(|t| &mut t.offers) {
        offer.hourly = None;
    }
    let make = |flags: &UpFlags| {
        let known = Known {
            owner: &"me".parse().unwrap(),
            provider: "hetzner",
            capabilities: ABLE,
            catalog: &catalog,
            servers: &[],
        };
        HostPlan::make(host(WISHES), flags, known)
    };
    let plan = make(&UpFlags::default()).unwrap();
    assert!(plan.line("EUR").contains("does not tell"));
    let limited = UpFlags {
        max_price: Some("9".parse().unwrap()),
        ..UpFlags::default()
    };
    let refusal = make(&limited).unwrap_err();
    assert!(refusal.why.contains("tells no price"), "{refusal}");
}
