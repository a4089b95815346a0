//! The key that went in by `user_data` stays readable from the machine's metadata: whoever shows it
//! once the installed system is up is nobody.

use super::impostor::{Does, Impostor};
use super::scenes::Scene;
use super::stage::Stage;
use crate::campaign::Campaign;
use ssh_key::PrivateKey;

const HETZNER: &[&str] = &["up hetzner-cloud"];
const OVH: &[&str] = &["up ovh-cloud"];
const ELSEWHERE: &[&str] = &["up hetzner-cloud", "forget"];
const OVH_ELSEWHERE: &[&str] = &["up ovh-cloud", "forget"];
const RESCUED: &[&str] = &["up hetzner-cloud", "rescue hetzner-cloud"];
const OVH_RESCUED: &[&str] = &["up ovh-cloud", "rescue ovh-cloud"];

/// What is done afterwards, and what was done before.
const ACTS: [(&str, &[&str], &str); 11] = [
    ("hetzner", HETZNER, "up hetzner-cloud"),
    ("hetzner", HETZNER, "ssh hetzner-cloud -- true"),
    ("hetzner", HETZNER, "up hetzner-cloud --reinstall"),
    ("hetzner", ELSEWHERE, "up hetzner-cloud"),
    ("hetzner", ELSEWHERE, "ssh hetzner-cloud -- true"),
    ("hetzner", RESCUED, "rescue hetzner-cloud --off"),
    ("ovh", OVH, "up ovh-cloud"),
    ("ovh", OVH, "ssh ovh-cloud -- true"),
    ("ovh", OVH_ELSEWHERE, "up ovh-cloud"),
    ("ovh", OVH_ELSEWHERE, "ssh ovh-cloud -- true"),
    ("ovh", OVH_RESCUED, "rescue ovh-cloud --off"),
];

/// Which key the other machine shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    FirstBoot,
    /// The installed system's own: the trial must be able to let somebody in.
    Installed,
}

struct Cell {
    scene: Scene,
    key: Key,
}

#[test]
#[ignore = "a campaign: cargo xtask campaign"]
fn trust_the_first_boots_key() {
    let campaign = Campaign::open("trust-first-boot");
    let mut cells = Vec::new();
    for (provider, before, act) in ACTS {
        let cell = |key| Cell {
            scene: Scene {
                provider,
                verb: act.split(' ').next().unwrap(),
                before,
                act,
                first_use: false,
            },
            key,
        };
        cells.push(cell(Key::FirstBoot));
        if act.starts_with("ssh") && !before.contains(&"forget") {
            cells.push(cell(Key::Installed));
        }
    }
    let row = |cell: &Cell| {
        let shows = match cell.key {
            Key::FirstBoot => "the key of user_data",
            Key::Installed => "the installed system's own",
        };
        let before = cell.scene.before.join(", ");
        [cell.scene.provider, &before, cell.scene.act, shows]
            .map(str::to_owned)
            .to_vec()
    };
    let columns = ["provider", "after", "command", "another machine shows"];
    campaign.run(&columns, &cells, row, shown);
}

fn shown(cell: &Cell) -> String {
    let stage = Stage::set(&cell.scene, 1);
    let file = match cell.key {
        Key::FirstBoot => stage.first_boot(),
        Key::Installed => stage.identity(),
    };
    let key = PrivateKey::from_openssh(file).unwrap();
    let impostor = Impostor::with(key, Does::Nothing);
    stage.lead_to(impostor.port);
    stage.way.turn_at(1);
    let ran = stage.act(&cell.scene);
    let told = impostor.told();
    assert!(told.came > 0, "nobody came: {ran}");
    if cell.key == Key::Installed {
        assert!(!told.logins.is_empty(), "it was refused: {told:?}\n{ran}");
        return "let in".to_owned();
    }
    let is_silent = told.logins.is_empty() && told.bytes.is_empty();
    assert!(is_silent, "it was told something: {told:?}\n{ran}");
    let code = if cell.scene.verb == "ssh" { 255 } else { 9 };
    assert!(ran.code == code || ran.code == 9, "{ran}");
    format!("refused ({})", ran.code)
}
