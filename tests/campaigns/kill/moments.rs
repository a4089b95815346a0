//! At random moments: during the order, the vendor's tasks, SSH, each phase, the reboot.

use super::after::{Then, judge};
use super::lots::Lots;
use super::place::{Loss, Place, descendants, kill};
use super::product::{ALL, Product, Verb};
use super::reference::{self, Reference};
use super::tally;
use crate::campaign::Campaign;
use serde_json::{Value, json};
use std::os::unix::process::ExitStatusExt as _;
use std::process::Child;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Several kills of one server, one after the other.
#[derive(Debug)]
struct Cell {
    product: Product,
    verb: Verb,
    /// After which share of its time the verb is killed; then `up`, and again.
    shares: Vec<f64>,
    /// The power goes, and with it every child; else they live on, as after a crash.
    power: bool,
    loss: Loss,
    then: Then,
}

/// A cloud that takes its time, so that there are moments within.
pub(crate) fn slow() -> Value {
    json!({ "latency": {
        "scale": 0.03,
        "create_ms": 8000, "start_ms": 1500, "stop_ms": 1500, "reset_ms": 2000,
        "rescue_ms": 1000, "rebuild_ms": 8000, "delete_ms": 6000, "other_ms": 500,
        "stock_ms": 12_000, "rescue_boot_ms": 12_000, "disk_ms": 12_000, "kexec_ms": 15_000,
        "down_ms": 2000, "disko_ms": 12_000, "install_ms": 20_000,
    } })
}

#[test]
#[ignore = "a campaign: cargo xtask campaign"]
fn at_random_moments() {
    let campaign = Campaign::open("kill-moments");
    let references = reference::all(&slow());
    let mut lots = Lots::of(campaign.seed);
    let cells: Vec<Cell> = (0..campaign.count(12, 800))
        .map(|at| cell(ALL[at % ALL.len()], &mut lots))
        .collect();
    let kills = AtomicUsize::new(0);
    let columns = ["product", "verb", "killed after", "with", "lost", "then"];
    tally::counted("kill-moments", campaign.long, &kills, || {
        campaign.run(&columns, &cells, row, |cell| act(cell, &references, &kills));
    });
}

fn row(cell: &Cell) -> Vec<String> {
    let shares = cell.shares.iter();
    let shares: Vec<_> = shares.map(|s| format!("{:.1} %", s * 100.0)).collect();
    let with = if cell.power {
        "its children"
    } else {
        "nothing else"
    };
    vec![
        cell.product.name.to_owned(),
        cell.verb.name().to_owned(),
        shares.join(", then up after "),
        with.to_owned(),
        cell.loss.name().to_owned(),
        cell.then.name().to_owned(),
    ]
}

fn cell(product: Product, lots: &mut Lots) -> Cell {
    let mut verbs = vec![Verb::Up, Verb::Up, Verb::Reinstall];
    verbs.extend(Verb::all(product));
    let verb = lots.of_these(&verbs);
    let kills = lots.of_these(&[1, 1, 2, 3]);
    Cell {
        product,
        verb,
        shares: (0..kills).map(|_| lots.share()).collect(),
        power: lots.below(3) == 0,
        loss: lots.of_these(&[Loss::Nothing, Loss::Nothing, Loss::State, Loss::StateAndKey]),
        then: lots.of_these(&[Then::Up, Then::Up, Then::Teardown]),
    }
}

fn act(cell: &Cell, references: &[Reference], kills: &AtomicUsize) -> String {
    let took = |verb: Verb| {
        let of = |r: &&Reference| r.product == cell.product && r.verb == verb;
        references.iter().find(of).unwrap().took
    };
    let place = Place::before(cell.product, &slow(), cell.verb);
    let mut verb = cell.verb;
    let mut was = Vec::new();
    for share in &cell.shares {
        let child = place.logging_in(&verb.words(cell.product)).spawn().unwrap();
        let killed = killed_after(child, took(verb).mul_f64(*share), cell.power);
        if killed {
            kills.fetch_add(1, Ordering::Relaxed);
        }
        // one that was too fast is no kill, and is not counted as one
        was.push(if killed {
            "killed"
        } else {
            "not killed (had ended)"
        });
        verb = Verb::Up;
    }
    format!(
        "{}; {}",
        was.join(", "),
        judge(&place, cell.loss, cell.then)
    )
}

/// Whether it still ran then.
fn killed_after(mut child: Child, pause: Duration, power: bool) -> bool {
    let began = Instant::now();
    // what it prints fits into a pipe
    while began.elapsed() < pause {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let children = if power {
        descendants(child.id())
    } else {
        Vec::new()
    };
    child.kill().unwrap();
    children.into_iter().for_each(kill);
    child.wait().unwrap().signal() == Some(9)
}
