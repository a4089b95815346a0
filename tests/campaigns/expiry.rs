//! Time to live: whatever the clocks say, what lives stays, and what is dead goes.
//!
//! The vendor's clock is shifted against this computer's, which comes to the same as a computer
//! whose clock is off. Time passes by shifting it further.

#[path = "expiry/paused.rs"]
mod paused;
#[path = "expiry/place.rs"]
mod place;
#[path = "expiry/runs.rs"]
mod runs;
#[path = "expiry/states.rs"]
mod states;
#[path = "expiry/units.rs"]
mod units;

use crate::campaign::Campaign;
use place::{DAY, Product};
use runs::Alive;
use states::State;

/// One state of a server, at one product, under one clock.
struct Cell<S> {
    product: Product,
    /// Seconds that the vendor's clock is ahead.
    skew: i64,
    state: S,
}

/// How far this computer's clock is from the vendor's, in words.
fn off(skew: i64) -> String {
    match skew {
        0 => "right".to_owned(),
        ahead if ahead > 0 => format!("{} d behind", ahead / DAY),
        behind => format!("{} d ahead", -behind / DAY),
    }
}

const CLOCKS: [i64; 3] = [0, 2 * DAY, -2 * DAY];

/// All of it in the long form; in the short one each state at one product that is created and at
/// one that is rented, under one of the clocks each, in turn.
fn cells<S: Copy>(campaign: &Campaign, states: &[S]) -> Vec<Cell<S>> {
    let mut cells = Vec::new();
    for (at, state) in states.iter().enumerate() {
        for (nth, product) in Product::ALL.into_iter().enumerate() {
            for (clock, skew) in CLOCKS.into_iter().enumerate() {
                let is_turn = (at + nth) % 2 == 0 && (at / 2 + nth) % CLOCKS.len() == clock;
                if campaign.long || is_turn {
                    let state = *state;
                    cells.push(Cell {
                        product,
                        skew,
                        state,
                    });
                }
            }
        }
    }
    cells
}

#[test]
#[ignore = "a campaign: cargo xtask campaign"]
fn expiry_states() {
    run(
        "expiry_states",
        "server",
        &State::ALL,
        State::words,
        State::judged,
    );
}

#[test]
#[ignore = "a campaign: cargo xtask campaign"]
fn expiry_runs() {
    run(
        "expiry_runs",
        "run",
        &Alive::ALL,
        Alive::words,
        Alive::judged,
    );
}

/// Tries all of these; `what` heads their column.
fn run<S: Copy + Sync>(
    name: &'static str,
    what: &str,
    all: &[S],
    words: fn(S) -> &'static str,
    judged: fn(S, Product, i64) -> String,
) {
    let campaign = Campaign::open(name);
    campaign.run(
        &["provider", "this computer's clock", what],
        &cells(&campaign, all),
        |cell| {
            vec![
                cell.product.name().to_owned(),
                off(cell.skew),
                words(cell.state).to_owned(),
            ]
        },
        |cell| judged(cell.state, cell.product, cell.skew),
    );
}
