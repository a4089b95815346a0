//! As a person reads it.

use super::{PostMortem, Through};
use std::path::Path;

/// All of it: what failed, what it comes to, and part after part.
pub fn text(found: &PostMortem, file: &Path) -> String {
    let mut text = format!(
        "{} failed at {} ({}, exit code {})\n",
        found.name,
        found.step,
        found.at.strftime("%Y-%m-%d %H:%M:%SZ"),
        found.exit_code
    );
    for line in found.error.lines() {
        text.push_str(&format!("  {line}\n"));
    }
    let mut about = |head: &str, body: &str| text.push_str(&format!("{head:<14}{body}\n"));
    if let Some(finding) = &found.finding {
        about("found out", finding);
    }
    about(
        "looked at",
        match found.through {
            Through::Installer => "by the installer, which still ran",
            Through::Admin => "by the installed system, as its admin",
            Through::Rescue if found.not_back().is_some() => {
                "by the vendor's rescue system, and IT MAY STILL BE IN IT: way back, below"
            }
            Through::Rescue => "by the vendor's rescue system; it boots from its disk again",
            Through::Nothing => "from outside only",
        },
    );
    if let Some(log) = &found.installer_log {
        about("installer log", &log.display().to_string());
    }
    about("kept in", &file.display().to_string());
    for part in &found.parts {
        text.push_str(&format!("\n== {}\n", part.name));
        if let Some(why) = &part.missing {
            text.push_str(&format!("(not there: {why})\n"));
        }
        for line in &part.lines {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::through::WAY_BACK;
    use super::super::{Part, SCHEMA};
    use super::*;
    use crate::event::Step;
    use provision_api::Role;

    #[test]
    fn every_part_is_told_or_why_not() {
        let found = PostMortem {
            schema: SCHEMA,
            at: jiff::Timestamp::UNIX_EPOCH,
            name: "web-1-test".to_owned(),
            host: "web-1".parse().unwrap(),
            role: Role::Test,
            step: Step::Boot,
            exit_code: 10,
            error: "no answer: nobody\nat all".to_owned(),
            finding: Some("nothing boots".to_owned()),
            through: Through::Nothing,
            installer_log: Some("/runs/x/installer.log".into()),
            parts: vec![
                Part::seen("console", vec!["SeaBIOS".to_owned()]),
                Part::missing("rescue", "it takes a password"),
            ],
        };
        let looked = |found: &PostMortem| {
            let text = text(found, Path::new("/x"));
            let mut lines = text.lines();
            let line = lines.find(|line| line.starts_with("looked at"));
            line.unwrap().to_owned()
        };
        let mut rescued = PostMortem {
            through: Through::Rescue,
            ..found.clone()
        };
        assert!(looked(&rescued).ends_with("it boots from its disk again"));
        let stuck = Part::missing(WAY_BACK, "it may still be in rescue");
        rescued.parts.push(stuck);
        assert!(looked(&rescued).contains("STILL BE IN IT"));
        assert_eq!(
            text(&found, Path::new("/runs/x/post-mortem.json")),
            "web-1-test failed at boot (1970-01-01 00:00:00Z, exit code 10)\n\
             \x20 no answer: nobody\n\
             \x20 at all\n\
             found out     nothing boots\n\
             looked at     from outside only\n\
             installer log /runs/x/installer.log\n\
             kept in       /runs/x/post-mortem.json\n\
             \n== console\nSeaBIOS\n\
             \n== rescue\n(not there: it takes a password)\n"
        );
    }
}
