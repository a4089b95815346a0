use super::*;

fn notes(seed: &Seed) -> String {
    seed.notes.join("\n")
}

#[test]
fn a_host_key_is_taken_in_every_form_of_yaml() {
    let key = keys::generate("web-1").unwrap();
    let pem = key.private.0.clone();
    let indented = pem.replace('\n', "\n    ");
    let folded = pem.replace('\n', "\\n");
    let json = serde_json::json!({"ssh_keys": {"ed25519_private": pem}});
    let table = [
        (
            "block",
            format!("ssh_keys:\n  ed25519_private: |\n    {indented}\n"),
        ),
        (
            "stripped block",
            format!("ssh_keys:\n  ed25519_private: |-\n    {indented}\n"),
        ),
        (
            "double quotes",
            format!("ssh_keys: {{ed25519_private: \"{folded}\"}}\n"),
        ),
        ("json", json.to_string()),
        (
            "anchor",
            format!("k: &k |\n    {indented}\nssh_keys:\n  ed25519_private: *k\n"),
        ),
        (
            "merge",
            format!("d: &d\n  ed25519_private: |\n    {indented}\nssh_keys:\n  <<: *d\n"),
        ),
        (
            "the last of equal keys",
            format!(
                "ssh_keys: {{ed25519_private: no}}\nssh_keys: {{ed25519_private: \"{folded}\"}}\n"
            ),
        ),
    ];
    for (what, body) in table {
        let seed = read(&format!("#cloud-config\n{body}"), None);
        let taken = seed
            .private
            .as_ref()
            .unwrap_or_else(|| panic!("{what}: {}", notes(&seed)));
        assert_eq!(taken.0, pem, "{what}");
        assert_eq!(public_of(taken, None), key.public, "{what}");
    }
}

#[test]
fn users_are_read_in_their_forms() {
    let seed = read(
        concat!(
            "#cloud-config\n",
            "hostname: web-7.example.com\n",
            "ssh_authorized_keys:\n  - ssh-ed25519 AAAA top\n",
            "users:\n",
            "  - default\n",
            "  - name: alice\n",
            "    sudo: ALL=(ALL) NOPASSWD:ALL\n",
            "    ssh_authorized_keys: [ssh-ed25519 BBBB alice]\n",
            "  - name: bob\n",
            "    uid: 1777\n",
            "    sudo: false\n",
            "    ssh-authorized-keys: ssh-ed25519 CCCC bob\n",
            "  - name: carol\n",
            "    sudo: ['ALL=(ALL) NOPASSWD:ALL']\n",
            "packages: [git]\n",
            "8080: odd\n",
        ),
        None,
    );
    assert_eq!(seed.hostname.as_deref(), Some("web-7"));
    assert_eq!(seed.keys, ["ssh-ed25519 AAAA top"]);
    let users: Vec<_> = seed
        .users
        .iter()
        .map(|a| (a.name.as_str(), a.uid, a.wheel, a.keys.len()))
        .collect();
    assert_eq!(
        users,
        [
            ("alice", 1000, true, 1),
            ("bob", 1777, false, 1),
            ("carol", 1002, true, 0)
        ]
    );
    assert!(
        notes(&seed).contains("module of 'packages' is not emulated"),
        "{}",
        notes(&seed)
    );
}

#[test]
fn root_is_turned_away_for_every_yes() {
    let table = [
        ("true", true),
        ("yes", true),
        ("'on'", true),
        ("1", true),
        ("false", false),
        ("no", false),
        ("'False'", false),
        ("", false),
    ];
    for (value, expected) in table {
        let seed = read(
            &format!("#cloud-config\nusers: [{{name: al}}]\ndisable_root: {value}\n"),
            None,
        );
        assert_eq!(seed.root_turned_away.is_some(), expected, "{value}");
        if let Some(message) = seed.root_turned_away {
            assert!(message.contains("\"al\""), "{message}");
        }
    }
}

#[test]
fn what_cannot_be_read_is_ignored_said_and_not_shown() {
    let table = [
        ("#!/bin/sh\necho secret-text\n", "not #cloud-config"),
        (
            "#cloud-config\nssh_keys: {ed25519_private: [secret-text\n",
            "invalid format at line",
        ),
        ("#cloud-config\n- secret-text\n", "no mapping"),
        ("#cloud-config\nssh_keys: secret-text\n", "no mapping"),
        (
            "#cloud-config\nssh_keys: {rsa_private: secret-text}\n",
            "'rsa_private' is not emulated",
        ),
    ];
    for (text, expected) in table {
        let seed = read(text, None);
        assert!(seed.private.is_none());
        assert!(notes(&seed).contains(expected), "{text}: {}", notes(&seed));
        assert!(!notes(&seed).contains("secret-text"), "{}", notes(&seed));
    }
    for nothing in ["", "  \n", "#cloud-config\n", "#cloud-config\n---\n{}\n"] {
        assert!(read(nothing, None).notes.is_empty(), "{nothing:?}");
    }
}

#[test]
fn an_image_s_default_user_gets_the_keys_and_root_is_turned_away() {
    // user data, who there is with how many keys and sudo, whom root's logins are sent to
    type Row<'a> = (&'a str, &'a [(&'a str, usize, bool)], Option<&'a str>);
    let table: &[Row<'_>] = &[
        (
            "",
            &[("root", 1, true), ("debian", 1, true)],
            Some("debian"),
        ),
        (
            "#!/bin/sh\n",
            &[("root", 1, true), ("debian", 1, true)],
            Some("debian"),
        ),
        (
            "#cloud-config\nssh_authorized_keys: [ssh-ed25519 AAAA mine]\n",
            &[("root", 2, true), ("debian", 2, true)],
            Some("debian"),
        ),
        (
            "#cloud-config\ndisable_root: false\nssh_authorized_keys: [ssh-ed25519 AAAA mine]\n",
            &[("root", 2, true), ("debian", 2, true)],
            None,
        ),
        (
            "#cloud-config\nusers: [default, {name: debian, ssh_authorized_keys: [ssh-ed25519 B]}]\n",
            &[("root", 1, true), ("debian", 2, true)],
            Some("debian"),
        ),
        (
            "#cloud-config\nusers: [{name: al, ssh_authorized_keys: [ssh-ed25519 B]}]\n",
            &[("root", 1, true), ("al", 1, false)],
            Some("NONE"),
        ),
        (
            "#cloud-config\nusers: []\ndisable_root: no\n",
            &[("root", 1, true)],
            None,
        ),
    ];
    for (text, expected, sent_to) in table {
        let seed = read(text, Some("debian"));
        let accounts = seed.accounts(vec!["ssh-ed25519 VVVV vendor".into()]);
        let who: Vec<_> = accounts
            .iter()
            .map(|a| (a.name.as_str(), a.keys.len(), a.wheel))
            .collect();
        assert_eq!(who, *expected, "{text}");
        let message = accounts[0].turned_away.clone();
        assert_eq!(message.is_some(), sent_to.is_some(), "{text}");
        assert!(
            message.is_none_or(|m| m.contains(&format!("\"{}\"", sent_to.unwrap()))),
            "{text}"
        );
        assert!(accounts.iter().skip(1).all(|a| a.turned_away.is_none()));
    }
}
