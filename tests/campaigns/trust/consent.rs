//! What goes to whoever answers first goes there by consent: outside of a sandbox of its own, where
//! nothing is at stake, `provision` asks.

use super::impostor::{Impostor, Told};
use super::scenes::ends_with;
use super::way::Way;
use crate::campaign::Campaign;
use crate::lab::{Lab, Ran};

/// A command that may end in words with a machine that nobody can know.
struct Cell {
    before: &'static str,
    act: &'static str,
    /// It is agreed to.
    yes: bool,
}

/// All that ask; only the first sends a password.
const ACTS: [(&str, &str); 2] = [
    ("up ovh-cloud", "rescue ovh-cloud"),
    (
        "up ovh-cloud --provider ovh-vps --server vps-0a1b2c3d.vps.ovh.net",
        "rescue ovh-cloud --provider ovh-vps",
    ),
];

#[test]
#[ignore = "a campaign: cargo xtask campaign"]
fn trust_by_consent() {
    let campaign = Campaign::open("trust-consent");
    let cell = |(before, act), yes| Cell { before, act, yes };
    let cells: Vec<Cell> = ACTS
        .into_iter()
        .flat_map(|act| [cell(act, false), cell(act, true)])
        .collect();
    let row = |cell: &Cell| {
        let agreed = if cell.yes { "--yes" } else { "nothing" };
        vec![cell.act.to_owned(), agreed.to_owned()]
    };
    campaign.run(&["command", "is told"], &cells, row, asked);
}

fn asked(cell: &Cell) -> String {
    let lab = Lab::new();
    lab.run(&format!("{} --sandbox", cell.before)).succeeded();
    let impostor = Impostor::new();
    let (ran, looks) = outside(&lab, cell, &impostor);
    let told = impostor.told();
    let is_mailed = cell.act.contains("vps");
    match (cell.yes, is_mailed) {
        (_, true) => {
            // nobody tells the password, so nothing is asked and nothing is sent
            assert_eq!(ran.code, ends_with("ovh-vps", cell.act), "{ran}");
            silent(&told, &ran);
            format!("armed, nothing sent ({})", ran.code)
        }
        (false, false) => {
            silent(&told, &ran);
            ran.failed(4, &["nothing was done", "--yes"]);
            assert_eq!(looks, 0, "it went there before it was agreed to");
            "refused before anybody was called".to_owned()
        }
        (true, false) => {
            assert_eq!(told.passwords.len(), 1, "{:?}\n{ran}", told.logins);
            assert!(ran.stderr.contains("trusted on first use"), "{ran}");
            assert_ne!(ran.code, 0, "{ran}");
            format!("sent the password, and said so ({})", ran.code)
        }
    }
}

/// As against a vendor: the world is served by another process. And how many calls there were.
fn outside(lab: &Lab, cell: &Cell, impostor: &Impostor) -> (Ran, usize) {
    let served = lab.serve();
    let way = Way::new(lab.path("way"), impostor.port);
    // two looks are at the system from before, whose key is known to the vendor's marks; from the third
    // on another machine answers
    way.turn_at_scan(3);
    let yes = if cell.yes { "--yes" } else { "" };
    let mut command = lab.command(&format!("{} {yes} --owner sandbox", cell.act));
    served.enter(&mut command);
    command.env_remove("PROVISION_SANDBOX_WORLD");
    way.enter(&mut command);
    command.env("PROVISION_DEADLINE_SCALE", "0.2");
    let key = lab.state().join("sandbox/keys/id_ed25519");
    command.arg("--identity").arg(key);
    let ran = Ran::of(command.output().unwrap());
    (ran, way.calls().len())
}

fn silent(told: &Told, ran: &Ran) {
    let is_silent = told.logins.is_empty() && told.bytes.is_empty();
    assert!(is_silent, "{told:?}\n{ran}");
}
