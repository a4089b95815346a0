//! Right before each line of the journal, in its middle, and right after it.

use super::after::{Then, judge};
use super::lots::Lots;
use super::place::{Loss, Place, to_its_end};
use super::product::{Product, Verb};
use super::reference::{self, Reference};
use super::tally;
use crate::campaign::Campaign;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One kill.
#[derive(Debug)]
struct Cell {
    product: Product,
    verb: Verb,
    /// As `PROVISION_CRASH` says it.
    side: &'static str,
    line: usize,
    what: String,
    loss: Loss,
    then: Then,
}

/// In half of the cells the state folder is lost as well.
const LOSSES: [Loss; 4] = [Loss::Nothing, Loss::Nothing, Loss::State, Loss::StateAndKey];
const THENS: [Then; 3] = [Then::Up, Then::Up, Then::Teardown];

#[test]
#[ignore = "a campaign: cargo xtask campaign"]
fn at_every_line() {
    let campaign = Campaign::open("kill-lines");
    let references = reference::all(&json!({}));
    let mut lots = Lots::of(campaign.seed);
    let mut cells = if campaign.long {
        everything(&references, &mut lots)
    } else {
        once(&references, &mut lots)
    };
    let count = campaign.count(cells.len(), cells.len());
    // a part of them is one of all products and verbs
    while cells.len() > count {
        cells.swap_remove(lots.below(cells.len()));
    }
    let kills = AtomicUsize::new(0);
    let columns = ["product", "verb", "killed", "lost", "then"];
    let row = |cell: &Cell| {
        vec![
            cell.product.name.to_owned(),
            cell.verb.name().to_owned(),
            format!("{} line {} ({})", cell.side, cell.line, cell.what),
            cell.loss.name().to_owned(),
            cell.then.name().to_owned(),
        ]
    };
    tally::counted("kill-lines", campaign.long, &kills, || {
        campaign.run(&columns, &cells, row, |cell| act(cell, &kills));
    });
}

/// Every line of every run, on both sides; and within it where anything can be begun.
fn everything(references: &[Reference], lots: &mut Lots) -> Vec<Cell> {
    let mut cells = Vec::new();
    for reference in references {
        let sides: &[&'static str] = match reference.verb {
            Verb::Up => &["before", "torn", "after"],
            _ => &["before", "after"],
        };
        for line in 1..=reference.lines.len() {
            for side in sides {
                cells.push(cell(reference, side, line, lots));
            }
        }
    }
    cells
}

/// Every kind of line once, on one of its sides: at the product whose turn it is, of those that
/// have it. Another seed begins with the other side.
fn once(references: &[Reference], lots: &mut Lots) -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut seen = BTreeSet::new();
    let kinds = |reference: &Reference| {
        let mut all = Vec::new();
        for (at, what) in reference.lines.iter().enumerate() {
            let same = reference.lines[..at].iter().filter(|w| *w == what);
            all.push((at + 1, (reference.verb.name(), what.clone(), same.count())));
        }
        all
    };
    let mut turn = lots.below(2);
    for reference in references {
        for (_, kind) in kinds(reference) {
            if !seen.insert(kind.clone()) {
                continue;
            }
            let mut having = Vec::new();
            for other in references {
                let lines = kinds(other).into_iter();
                having.extend(
                    lines
                        .filter(|(_, k)| *k == kind)
                        .map(|(line, _)| (other, line)),
                );
            }
            let (other, line) = having[turn / 2 % having.len()];
            cells.push(cell(other, ["before", "after"][turn % 2], line, lots));
            turn += 1;
        }
    }
    cells
}

fn cell(reference: &Reference, side: &'static str, line: usize, lots: &mut Lots) -> Cell {
    Cell {
        product: reference.product,
        verb: reference.verb,
        side,
        line,
        what: reference.lines[line - 1].clone(),
        loss: lots.of_these(&LOSSES),
        then: lots.of_these(&THENS),
    }
}

fn act(cell: &Cell, kills: &AtomicUsize) -> String {
    let place = Place::before(cell.product, &json!({}), cell.verb);
    let mut command = place.logging_in(&cell.verb.words(cell.product));
    command.env("PROVISION_CRASH", format!("{}:{}", cell.side, cell.line));
    let ran = to_its_end(command.spawn().unwrap());
    // no exit code: a signal has ended it
    assert_eq!(ran.code, -1, "it was not killed: {ran}");
    kills.fetch_add(1, Ordering::Relaxed);
    judge(&place, cell.loss, cell.then)
}
