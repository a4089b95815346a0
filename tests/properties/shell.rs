//! Words of shown commands, read back by a real shell.

use crate::hostile;
use proptest::prelude::*;
use provision::report::quote;
use provision::ssh::Target;
use provision::state::plain_name;
use std::process::Command;

/// The words of a command line, as a shell splits it.
fn split(line: &str) -> Vec<String> {
    let script = format!("printf '%s\\0' {line}");
    let printed = Command::new("/bin/sh")
        .args(["-c", &script])
        .output()
        .unwrap();
    assert!(printed.status.success(), "{line:?}: {printed:?}");
    let text = String::from_utf8(printed.stdout).unwrap();
    let mut words: Vec<String> = text.split('\0').map(str::to_owned).collect();
    assert_eq!(words.pop().as_deref(), Some(""));
    words
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_shell_reads_every_word_back(words in prop::collection::vec(hostile::argument(), 1..12)) {
        prop_assume!(words.iter().map(String::len).sum::<usize>() < 60_000);
        let line: Vec<String> = words.iter().map(quote).collect();
        prop_assert_eq!(split(&line.join(" ")), words);
    }

    #[test]
    fn a_command_that_is_shown_has_the_words_that_are_meant(
        name in hostile::argument(),
        identity in hostile::argument(),
        user in hostile::argument(),
    ) {
        prop_assume!(name.len() + identity.len() + user.len() < 60_000);
        let target = Target {
            name: name.clone(),
            host: "2001:db8::1".to_owned(),
            port: 22,
            user: user.clone(),
            identity: identity.clone().into(),
            pins: "/state/known hosts".into(),
        };
        let expected = vec![
            "ssh".to_owned(), "-i".to_owned(), identity, "-p".to_owned(), "22".to_owned(),
            "-o".to_owned(), format!("HostKeyAlias=provision-{}", plain_name(&name)), "-o".to_owned(),
            "UserKnownHostsFile=\"/state/known hosts\"".to_owned(), format!("{user}@2001:db8::1"),
        ];
        prop_assert_eq!(split(&target.shown()), expected);
    }
}

#[test]
fn nothing_that_a_word_says_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("done");
    let touch = format!("touch {}", file.display());
    for word in [
        format!("$({touch})"),
        format!("`{touch}`"),
        format!("'; {touch}; '"),
        format!("\"; {touch}; \""),
        format!("\n{touch}\n"),
        format!("x'$({touch})'y"),
        format!("\\'; {touch} #"),
        format!("| {touch}"),
        format!("& {touch}"),
    ] {
        assert_eq!(split(&quote(&word)), [word.as_str()]);
        assert!(!file.exists(), "{word}");
    }
}
