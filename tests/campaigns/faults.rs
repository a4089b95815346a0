//! Every call of a full run meets every fault.
//!
//! The calls are recorded from a life in which nothing goes wrong: `up`, `rescue`, `rescue --off`,
//! `teardown`. Then each of them is made to fail in each way, and whatever comes of it is held
//! against what must never be: a second server that nobody was told of, something left at the
//! vendor's after a teardown, a change that is made twice, an error that is none.
//!
//! What came of each cell is noted at once (`faults-….tsv`); with `PROVISION_CAMPAIGN_GO_ON` those
//! that ended as they should are not tried again, so that the long form can be had in parts.

#[path = "faults/calls.rs"]
mod calls;
#[path = "faults/judge.rs"]
mod judge;
#[path = "faults/kinds.rs"]
mod kinds;
#[path = "faults/life.rs"]
mod life;
#[path = "faults/list.rs"]
mod list;
#[path = "faults/matrix.rs"]
mod matrix;
#[path = "faults/products.rs"]
mod products;
#[path = "faults/vendor.rs"]
mod vendor;

use crate::campaign::Campaign;
use calls::Made;
use judge::Cell;
use list::FAULTS;
use products::{CLOUD, DEDICATED, HETZNER, Product, VPS};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

#[test]
#[ignore = "a campaign: cargo xtask campaign"]
fn faults_at_hetzner() {
    campaign("faults-hetzner", &HETZNER);
}

#[test]
#[ignore = "a campaign: cargo xtask campaign"]
fn faults_at_ovh_cloud() {
    campaign("faults-ovh", &CLOUD);
}

#[test]
#[ignore = "a campaign: cargo xtask campaign"]
fn faults_at_ovh_vps() {
    campaign("faults-ovh-vps", &VPS);
}

#[test]
#[ignore = "a campaign: cargo xtask campaign"]
fn faults_at_ovh_dedicated() {
    campaign("faults-ovh-dedicated", &DEDICATED);
}

fn campaign(name: &'static str, product: &'static Product) {
    let campaign = Campaign::open(name);
    let made = calls::recorded(product);
    let cells = if campaign.long {
        every(product, &made)
    } else {
        some(product, &made, campaign.seed)
    };
    let cells = if std::env::var_os("PROVISION_CAMPAIGN_GO_ON").is_some() {
        matrix::not_noted(name, cells)
    } else {
        cells
    };
    let act = |cell: &Cell| {
        let result = catch_unwind(AssertUnwindSafe(|| cell.tried()));
        let word = result.as_deref().map_or("FAILED", |word| word);
        matrix::note(name, &cell.row(), word);
        result.unwrap_or_else(|panic| resume_unwind(panic))
    };
    let row = |cell: &Cell| cell.row();
    let ran = catch_unwind(AssertUnwindSafe(|| {
        campaign.run(&["command", "call", "fault"], &cells, row, act);
    }));
    matrix::write(name, product, &made);
    if let Err(panic) = ran {
        resume_unwind(panic);
    }
}

/// All that make sense.
fn every(product: &'static Product, made: &[Made]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for made in made {
        for fault in FAULTS.iter().filter(|f| f.fits(product, &made.call)) {
            cells.push(Cell {
                product,
                made: made.clone(),
                fault: *fault,
            });
        }
    }
    cells
}

/// Each call once, each with another fault; and of the faults that an order can have, the part
/// that the seed says: the two vendors that take orders share them.
fn some(product: &'static Product, made: &[Made], seed: u64) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    let turn = usize::try_from(seed % 1000).unwrap();
    let mut begun = BTreeSet::new();
    for (at, made) in made.iter().enumerate() {
        let fit: Vec<_> = FAULTS
            .iter()
            .filter(|f| f.fits(product, &made.call))
            .collect();
        let is_new = begun.insert(&made.call);
        let half = usize::from(product.name == "ovh");
        for (number, fault) in fit.iter().enumerate() {
            let is_its_turn = is_new && number == (at * 7 + turn) % fit.len();
            let is_share = made.call.is_order() && number % 2 == half;
            if is_its_turn || is_share {
                cells.push(Cell {
                    product,
                    made: made.clone(),
                    fault: **fault,
                });
            }
        }
    }
    cells
}
