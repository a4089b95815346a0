//! An impostor from each connection on: nothing is said to it, but where nobody can know the key.

use super::impostor::{Impostor, Told};
use super::scenes::{SCENES, Scene};
use super::stage::Stage;
use super::way::Way;
use crate::campaign::{Campaign, NOT_REACHED};
use crate::lab::Ran;
use std::process::Command;

/// A scene, and the call from which on another machine answers.
struct Cell {
    scene: &'static Scene,
    nth: usize,
    call: String,
}

#[test]
#[ignore = "a campaign: cargo xtask campaign"]
fn trust_in_each_hop() {
    let campaign = Campaign::open("trust-hops");
    let cells = cells(&campaign);
    let row = |cell: &Cell| {
        let scene = cell.scene;
        let nth = cell.nth.to_string();
        [scene.provider, scene.act, &nth, &cell.call]
            .map(str::to_owned)
            .to_vec()
    };
    campaign.run(
        &["provider", "command", "from call", "which is"],
        &cells,
        row,
        met,
    );
}

/// All calls in the long form. In the short one, of Hetzner Cloud's first installation each call
/// that is another than those before it.
fn cells(campaign: &Campaign) -> Vec<Cell> {
    let scenes = SCENES
        .iter()
        .filter(|s| campaign.long || s.provider == "hetzner");
    let scenes: Vec<&Scene> = scenes
        .filter(|s| campaign.long || ["up", "ssh", "rescue"].contains(&s.verb))
        .collect();
    let counted = std::thread::scope(|scope| {
        let counting: Vec<_> = scenes.iter().map(|s| scope.spawn(|| calls(s))).collect();
        let counted = counting.into_iter().map(|c| c.join().unwrap());
        counted.collect::<Vec<_>>()
    });
    let mut cells = Vec::new();
    for (scene, calls) in scenes.into_iter().zip(counted) {
        let mut seen = std::collections::HashSet::new();
        for (at, call) in calls.iter().map(|call| meaning(call)).enumerate() {
            if campaign.long || seen.insert(call.clone()) {
                let nth = at + 1;
                cells.push(Cell { scene, nth, call });
            }
        }
    }
    cells
}

/// What a call is for, in words.
fn meaning(call: &str) -> String {
    let (who, what) = call.split_once(' ').unwrap_or_default();
    let (user, what) = what.split_once('@').unwrap_or(("", what));
    let known = [
        ("echo '==provision== boot-id'", "what it is"),
        ("cat /proc/sys/kernel/random/boot_id;", "to reboot"),
        ("cat /proc/sys/kernel/random/boot_id", "which boot it is"),
        ("systemctl is-system-running", "how its units are"),
        ("sudo -n cat /etc/ssh", "for its identity"),
        ("stand-in facts", "the installer: facts"),
        ("stand-in kexec", "the installer: kexec"),
        ("stand-in disko", "the installer: disks and their keys"),
        (
            "stand-in install",
            "the installer: the system and the host's key",
        ),
        ("mkdir -p /root/.ssh", "to take the login key (by password)"),
        ("true", "whether it lets in"),
        ("0", "whether it lets in"),
    ];
    let known = known.iter().find(|(begins, _)| what.starts_with(begins));
    match known {
        _ if who == "ssh-keyscan" => "looks at its host key".to_owned(),
        Some((_, what)) => format!("{user} asks {what}"),
        // ssh -G names the target last, and connects to nobody
        None if what.starts_with("root@") => "reads ssh's settings".to_owned(),
        None => format!("{user}: {what}"),
    }
}

/// The calls that it takes when nobody is in the way.
fn calls(scene: &Scene) -> Vec<String> {
    let stage = Stage::set(scene, 1);
    let ran = stage.act(scene);
    assert_eq!(ran.code, scene.ends_with(), "{}: {ran}", scene.act);
    let calls = stage.way.calls();
    assert!(!calls.is_empty(), "{}: {ran}", scene.act);
    calls
}

/// What comes of it.
fn met(cell: &Cell) -> String {
    let impostor = Impostor::new();
    let stage = Stage::set(cell.scene, impostor.port);
    stage.way.turn_at(cell.nth);
    let ran = stage.act(cell.scene);
    let told = impostor.told();
    let Some(at) = stage.way.turned_at() else {
        assert_eq!(ran.code, cell.scene.ends_with(), "{ran}");
        return NOT_REACHED.to_owned();
    };
    assert!(!ran.stderr.contains("panicked"), "{ran}");
    let passwords = only_agreed(cell.scene, &stage, &told, &ran);
    if !told.logins.is_empty() {
        return trusted_first(cell.scene, passwords, &told, &ran);
    }
    assert!(
        told.bytes.is_empty(),
        "it was told something: {told:?}\n{ran}"
    );
    let is_fair = match cell.scene.verb {
        // ssh itself tells of the last connection, which is the user's own
        "ssh" => ran.code == 255,
        // who answered before the vendor was asked is never taken for what is booted then
        _ if cell.scene.first_use => ran.code == 10 && ran.stderr.contains("from before"),
        // that far it comes without being let in
        _ => ran.code != 0 && ran.code == cell.scene.ends_with(),
    };
    assert!(ran.code == 9 || is_fair, "turned at {at}: {ran}");
    format!("refused ({})", ran.code)
}

/// Where nobody can know the key, the first one is trusted: that is said, and what goes there is no
/// secret but the password that was agreed to.
fn trusted_first(scene: &Scene, passwords: usize, told: &Told, ran: &Ran) -> String {
    assert!(scene.first_use, "it was let in: {told:?}\n{ran}");
    assert!(ran.stderr.contains("trusted on first use"), "{ran}");
    assert_ne!(ran.code, 0, "{ran}");
    // it is how one gets in there, and so it must be among what is heard
    assert_eq!(passwords > 0, scene.sends_password(), "{told:?}\n{ran}");
    if passwords > 0 {
        let code = ran.code;
        return format!("trusted on first use, sent the password that was agreed to ({code})");
    }
    format!("trusted on first use, nothing secret sent ({})", ran.code)
}

/// Nothing secret was said, but the password where that is agreed to; how many passwords were.
fn only_agreed(scene: &Scene, stage: &Stage, told: &Told, ran: &Ran) -> usize {
    let text = String::from_utf8_lossy(&told.bytes);
    for secret in ["PRIVATE KEY", "ssh_host_ed25519_key"] {
        let is_there = text.contains(secret);
        assert!(!is_there, "it was told a secret: {text}\n{ran}");
    }
    let book = stage.secrets();
    let found = book.found(&told.bytes);
    let agreed = |name: &String| scene.sends_password() && name.contains("password");
    assert!(found.iter().all(agreed), "it was told {found:?}\n{ran}");
    let passwords = told.passwords.len();
    assert!(
        passwords == 0 || scene.sends_password(),
        "it was told a password: {told:?}\n{ran}"
    );
    // whatever it was told as a password is the one that the vendor made
    for password in &told.passwords {
        assert!(!book.found(password.as_bytes()).is_empty(), "{told:?}");
    }
    passwords
}

/// The search must be able to fail: a client that checks nothing tells the impostor all.
#[test]
#[ignore = "a campaign: cargo xtask campaign"]
fn trust_an_impostor_hears_who_does_not_check() {
    use std::io::Write as _;
    let impostor = Impostor::new();
    let dir = tempfile::tempdir().unwrap();
    let way = Way::new(dir.path().join("way"), impostor.port);
    way.turn_at(1);
    let key = dir.path().join("id");
    super::installer::key(&key);
    let mut ssh = Command::new(dir.path().join("way/ssh"));
    ssh.args(["-F", "none", "-o", "UserKnownHostsFile=/dev/null", "-i"])
        .arg(&key)
        .args([
            "-o",
            "StrictHostKeyChecking=no",
            "root@192.0.2.1",
            "cat > /x",
        ])
        .stdin(std::process::Stdio::piped());
    let mut ssh = ssh.spawn().unwrap();
    ssh.stdin
        .take()
        .unwrap()
        .write_all(b"a PRIVATE KEY")
        .unwrap();
    assert!(ssh.wait().unwrap().success());
    let told = impostor.told();
    assert_eq!(told.logins.len(), 1, "{told:?}");
    let text = String::from_utf8_lossy(&told.bytes).into_owned();
    assert!(
        text.contains("cat > /x") && text.contains("PRIVATE KEY"),
        "{text}"
    );
    assert_eq!(way.turned_at().as_deref(), Some("ssh root@cat > /x"));
    assert_eq!(way.elsewhere(), impostor.port);
}
