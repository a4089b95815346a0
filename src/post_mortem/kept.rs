//! Where it is kept: in the folder of its run, for its owner's eyes alone.

use super::PostMortem;
use crate::failure::Outcome;
use crate::state::{State, write_private};
use provision_api::{HostName, Role};
use std::path::{Path, PathBuf};

const FILE: &str = "post-mortem.json";

/// Keeps it in what the run keeps of the server.
pub(super) fn keep(dir: &Path, found: &PostMortem) -> Outcome<PathBuf> {
    let file = dir.join(FILE);
    let text = serde_json::to_vec_pretty(found).unwrap_or_default();
    write_private(&file, &text)?;
    Ok(file)
}

/// The last one of the host that is kept here, and its file.
pub fn last(state: &State, host: &HostName, role: Role) -> Option<(PostMortem, PathBuf)> {
    let mut found: Vec<(PostMortem, PathBuf)> = state
        .runs()
        .iter()
        .filter_map(|run| std::fs::read_dir(state.run(run).ok()?).ok())
        .flatten()
        .flatten()
        .filter_map(|server| {
            let file = server.path().join(FILE);
            let one: PostMortem = serde_json::from_slice(&std::fs::read(&file).ok()?).ok()?;
            (one.host == *host && one.role == role).then_some((one, file))
        })
        .collect();
    found.sort_by_key(|(one, _)| one.at);
    found.pop()
}

#[cfg(test)]
mod tests {
    use super::super::{Part, SCHEMA, Through};
    use super::*;
    use crate::event::Step;
    use jiff::Timestamp;
    use std::os::unix::fs::PermissionsExt as _;

    fn of(host: &str, role: Role, second: i64) -> PostMortem {
        PostMortem {
            schema: SCHEMA,
            at: Timestamp::from_second(second).unwrap(),
            name: host.to_owned(),
            host: host.parse().unwrap(),
            role,
            step: Step::Boot,
            exit_code: 10,
            error: "no answer".to_owned(),
            finding: None,
            through: Through::Nothing,
            installer_log: None,
            parts: vec![Part::missing("console", "there is none")],
        }
    }

    #[test]
    fn the_last_one_of_the_host_is_found_and_only_its_owner_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(&dir.path().join("state")).unwrap();
        let host: HostName = "web-1".parse().unwrap();
        assert!(last(&state, &host, Role::Server).is_none());
        for (run, one) in [
            ("20260101t000000z-00001", of("web-1", Role::Server, 1)),
            ("20260102t000000z-00001", of("web-1", Role::Server, 2)),
            ("20260103t000000z-00001", of("web-1", Role::Test, 3)),
            ("20260104t000000z-00001", of("web-2", Role::Server, 4)),
        ] {
            let folder = state.run(&run.parse().unwrap()).unwrap().join(&one.name);
            crate::state::private_dir(&folder).unwrap();
            let file = keep(&folder, &one).unwrap();
            let mode = std::fs::metadata(file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let (found, file) = last(&state, &host, Role::Server).unwrap();
        assert_eq!(found, of("web-1", Role::Server, 2));
        assert!(file.ends_with("20260102t000000z-00001/web-1/post-mortem.json"));
        let (test, _) = last(&state, &host, Role::Test).unwrap();
        assert_eq!(test.at.as_second(), 3);
    }
}
