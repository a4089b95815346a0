use super::*;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

#[test]
fn folders_and_files_are_private() {
    let dir = tempfile::tempdir().unwrap();
    let state = State::open(&dir.path().join("a/b")).unwrap();
    let server = state.server("web-1").unwrap();
    write_private(&server.identity(), b"key").unwrap();
    let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&server.identity()), 0o600);
    assert_eq!(mode(&dir.path().join("a/b/servers/web-1")), 0o700);
}

#[test]
fn a_folder_that_is_there_keeps_its_mode_or_is_refused() {
    for (mode, taken) in [
        (0o700, true),
        (0o755, true),
        (0o775, false),
        (0o757, false),
        (0o1777, false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(State::open(dir.path()).is_ok(), taken, "{mode:o}");
        let now = fs::metadata(dir.path()).unwrap().permissions().mode();
        assert_eq!(now & 0o7777, mode);
    }
}

#[test]
fn a_folder_that_cannot_be_written_keeps_nobody_from_looking() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let below = file.join("state");
    assert_eq!(State::open(&below).unwrap_err().exit, Exit::State);
    let (state, unwritable) = State::open_if_possible(&below).unwrap();
    assert_eq!(unwritable.unwrap().exit, Exit::State);
    assert!(!state.is_writable());
    assert!(state.journals(SystemTime::UNIX_EPOCH).unwrap().is_empty());
    assert_eq!(state.server("web-1").unwrap_err().exit, Exit::State);
    // one that others can write to is refused all the same
    let shared = dir.path().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o777)).unwrap();
    assert!(State::open_if_possible(&shared).is_err());
}

#[test]
fn a_server_is_kept_under_a_plain_name() {
    for good in ["web-1", "web-1-at-2001-db8--1", "vps-1a.vps.ovh.net", "0"] {
        assert_eq!(plain_name(good), good);
    }
    let dir = tempfile::tempdir().unwrap();
    let state = State::open(dir.path()).unwrap();
    let long = "a".repeat(256);
    let odd = [
        "",
        ".",
        "..",
        "../x",
        "/etc",
        "a/b",
        "-a",
        ".a",
        "a b",
        "a\nb",
        "a*",
        "a,b",
        "a\0",
        "\u{202e}a",
        &long,
    ];
    for name in odd {
        let kept = state.server(name).unwrap();
        write_private(&kept.identity(), name.as_bytes()).unwrap();
        assert_eq!(plain_name(&plain_name(name)), plain_name(name));
    }
    // each in a folder of its own, and all of them below the state folder's
    for name in odd {
        let kept = state.server(name).unwrap();
        assert_eq!(fs::read(kept.identity()).unwrap(), name.as_bytes());
    }
    let folders = fs::read_dir(dir.path().join("servers")).unwrap();
    assert_eq!(folders.count(), odd.len());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn what_a_killed_run_left_is_swept_away() {
    let dir = tempfile::tempdir().unwrap();
    let state = State::open(dir.path()).unwrap();
    let kept = dir.path().join("servers/web-1");
    state.server("web-1").unwrap();
    let [old, fresh, other] = [".draft-a", ".draft-b", "identity"].map(|n| kept.join(n));
    let hour_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
    for file in [&old, &other] {
        let file = File::create(file).unwrap();
        file.set_modified(hour_ago).unwrap();
    }
    File::create(&fresh).unwrap();
    state.server("web-1").unwrap();
    assert!(!old.exists() && fresh.exists() && other.exists());
}

#[test]
fn a_second_lock_is_refused_and_names_the_holder() {
    let dir = tempfile::tempdir().unwrap();
    let server = State::open(dir.path()).unwrap().server("web-1").unwrap();
    let held = server.lock("web-1").unwrap();
    let refused = server.lock("web-1").unwrap_err();
    assert_eq!(refused.exit, Exit::Busy);
    assert!(refused.why.contains(&std::process::id().to_string()));
    drop(held);
    // a child that another test is just starting holds it, too, until it is another program
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while server.lock("web-1").is_err() {
        assert!(std::time::Instant::now() < until, "it is never let go");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
