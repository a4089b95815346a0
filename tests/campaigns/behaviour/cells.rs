//! What is tried: every fault of a machine at every stage where it makes sense.

use super::machine::{self, STAGES, Ssh, Stage};
use super::product::{self, Product};
use super::troubles;
use serde_json::Value;

/// What is done when the fault is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    /// `up`, which meets the fault on its way.
    Up,
    /// `up` meets the fault, and somebody deletes the server once the journal has these words.
    UpDeletedAt(&'static str),
    /// The host is up; `rescue` meets the fault.
    Rescue,
    /// The host is up and misbehaves; `teardown`.
    Teardown,
}

/// How it has to end.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    /// With one of these exit codes.
    pub(super) codes: Vec<i32>,
    /// What the error names.
    pub(super) words: Vec<&'static str>,
}

impl Expected {
    pub(super) fn new(codes: &[i32], words: &[&'static str]) -> Self {
        Self {
            codes: codes.to_vec(),
            words: words.to_vec(),
        }
    }
}

/// One thing that is tried.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) product: Product,
    pub(super) stage: String,
    pub(super) fault: String,
    /// The faults that the machine is made with, or gets where it exists already.
    pub(super) faults: Value,
    pub(super) does: Does,
    pub(super) expected: Expected,
}

/// CI's part: every fault once, and every stage.
const SHORT: &[(Stage, Ssh)] = &[
    (Stage::FirstLogin, Ssh::Refuse),
    (Stage::FirstLogin, Ssh::NoKey),
    (Stage::BeforeKexec, Ssh::Close),
    (Stage::InKexec, Ssh::CutAfter),
    (Stage::AfterKexec, Ssh::TurnedAway),
    (Stage::InDisko, Ssh::Cut),
    (Stage::InDisko, Ssh::Flood),
    (Stage::InInstall, Ssh::HangCommand),
    (Stage::InInstall, Ssh::FloodLine),
    (Stage::AfterReboot, Ssh::HangAuth),
    (Stage::AfterReboot, Ssh::Password),
    (Stage::InProve, Ssh::Impostor),
    (Stage::InRescue, Ssh::HangCommand),
    (Stage::InTeardown, Ssh::Hang),
];

/// All cells, or CI's.
pub(super) fn all(long: bool) -> Vec<Cell> {
    if !long {
        let product = Product::Hetzner;
        let mut cells: Vec<Cell> = SHORT
            .iter()
            .filter_map(|(stage, ssh)| of_ssh(product, *stage, *ssh))
            .collect();
        cells.extend(troubles::of(product, false));
        // its image lets somebody else in than root
        let of_vps = troubles::of(Product::Vps, false).into_iter();
        cells.extend(of_vps.filter(|cell| cell.fault == troubles::OLD_DISK));
        return cells;
    }
    let mut cells = Vec::new();
    for product in product::ALL {
        for stage in STAGES {
            cells.extend(
                machine::ALL
                    .iter()
                    .filter_map(|ssh| of_ssh(product, stage, *ssh)),
            );
        }
        cells.extend(troubles::of(product, true));
    }
    cells
}

/// The fault at that stage; nothing where it makes no sense.
fn of_ssh(product: Product, stage: Stage, ssh: Ssh) -> Option<Cell> {
    let does = match stage {
        Stage::InRescue => Does::Rescue,
        Stage::InTeardown => Does::Teardown,
        _ => Does::Up,
    };
    Some(Cell {
        product,
        stage: stage.name(),
        fault: ssh.name(),
        faults: stage.then(product, &ssh.faults()),
        does,
        expected: expected(product, stage, ssh)?,
    })
}

fn expected(product: Product, stage: Stage, ssh: Ssh) -> Option<Expected> {
    let is = |code: i32, words: &[&'static str]| Some(Expected::new(&[code], words));
    let is_impostor = ssh == Ssh::Impostor;
    match stage {
        // whoever answers first is trusted there, and that is said
        Stage::FirstLogin if is_impostor && !product.knows_first_key() => None,
        Stage::InRescue if is_impostor || !product.has_keyed_rescue() => None,
        // root is to be kept out, and so it is
        Stage::InProve if ssh.refuses_login() => None,
        Stage::InTeardown => is(0, &[]),
        _ if is_impostor => is(9, &["host key"]),
        Stage::FirstLogin | Stage::AfterReboot | Stage::InRescue if ssh.refuses_login() => {
            is(5, &["login is refused"])
        }
        Stage::AfterReboot if ssh == Ssh::TurnedAway => is(10, &["it lets nobody in"]),
        Stage::AfterReboot => is(10, &["no answer"]),
        Stage::FirstLogin | Stage::InRescue => is(10, &["answer"]),
        Stage::InInstall if ssh.refuses_login() => is(5, &["login is refused"]),
        // the installation is done, and the reboot is not
        Stage::InInstall if !ssh.spoils_its_command() => is(10, &[]),
        Stage::BeforeKexec
        | Stage::InKexec
        | Stage::AfterKexec
        | Stage::InDisko
        | Stage::InInstall => is(11, &["failed in its phase", "installer.log"]),
        Stage::InProve => is(12, &["it runs, and is not what was installed"]),
    }
}
