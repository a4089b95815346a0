//! Several `up` of one host at once, from one machine or from several of the same owner.

use super::after::as_listed;
use super::lots::Lots;
use super::moments::slow;
use super::place::{Place, to_its_end};
use super::product::{ALL, Product, Verb};
use super::truth::Truth;
use crate::campaign::Campaign;
use crate::lab::Ran;
use serde_json::json;
use std::process::Command;
use std::time::Duration;

/// One race.
#[derive(Debug)]
struct Cell {
    product: Product,
    machines: Machines,
    /// The cloud takes its time, so that some begin when another is half way.
    slow: bool,
    /// When each begins, in milliseconds.
    begin: Vec<u64>,
}

/// Who runs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Machines {
    /// One: they share its state folder.
    One,
    /// One each.
    Many,
}

#[test]
#[ignore = "a campaign: cargo xtask campaign"]
fn twins() {
    let campaign = Campaign::open("twins");
    let mut lots = Lots::of(campaign.seed);
    let cells: Vec<Cell> = (0..campaign.count(16, 200))
        .map(|at| {
            let slow = at / 8 % 2 == 1;
            let within = if slow { 6000 } else { 1500 };
            let runs = if at % 5 == 4 { 4 } else { 2 };
            Cell {
                product: ALL[at % ALL.len()],
                machines: [Machines::One, Machines::Many][at / 4 % 2],
                slow,
                begin: (0..runs)
                    .map(|_| u64::try_from(lots.below(within)).unwrap())
                    .collect(),
            }
        })
        .collect();
    campaign.run(
        &["product", "cloud", "runs", "machines", "begun at"],
        &cells,
        |cell| {
            let begin: Vec<_> = cell.begin.iter().map(ToString::to_string).collect();
            vec![
                cell.product.name.to_owned(),
                if cell.slow { "slow" } else { "fast" }.to_owned(),
                cell.begin.len().to_string(),
                format!("{:?}", cell.machines).to_lowercase(),
                format!("{} ms", begin.join(", ")),
            ]
        },
        act,
    );
}

fn act(cell: &Cell) -> String {
    let world = if cell.slow { slow() } else { json!({}) };
    let place = Place::open(cell.product, &world);
    let up = Verb::Up.words(cell.product);
    let command = |at: usize| {
        let mut command = place.logging_in(&up);
        if cell.machines == Machines::Many && at > 0 {
            let state = place.elsewhere(&format!("machine-{at}"));
            command.env("PROVISION_STATE_DIR", state);
        }
        command
    };
    let commands = cell.begin.iter().enumerate();
    let commands: Vec<_> = commands.map(|(at, ms)| (command(at), *ms)).collect();
    let ended: Vec<Ran> = std::thread::scope(|scope| {
        let begun = |(mut command, ms): (Command, u64)| {
            scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(ms));
                to_its_end(command.spawn().unwrap())
            })
        };
        let runs: Vec<_> = commands.into_iter().map(begun).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let all: String = ended.iter().map(ToString::to_string).collect();
    let mut told = Vec::new();
    for ran in &ended {
        assert!(!ran.stderr.contains("panicked"), "{ran}");
        told.push(match ran.code {
            0 if ran.stderr.contains("nothing to do") => "found it proven",
            0 => "won",
            13 => "gave way",
            _ => panic!(
                "{}",
                ended.iter().map(ToString::to_string).collect::<String>()
            ),
        });
    }
    told.sort_unstable();
    let wins = told.iter().filter(|word| **word == "won").count();
    assert_eq!(wins, 1, "{all}");
    assert_eq!(as_listed(&place), 1, "one server: {told:?}");
    let again = place.must(Verb::Up);
    assert!(again.stderr.contains("nothing to do"), "{again}");
    place.must(Verb::Teardown);
    let left = Truth::of(&place);
    assert!(left.is_nothing(), "{left:?}");
    told.join(", ")
}
