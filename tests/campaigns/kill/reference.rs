//! Runs that nobody kills: which lines their journals have, and how long they take.

use super::place::Place;
use super::product::{ALL, Product, Verb};
use serde_json::Value;
use std::time::{Duration, Instant};

/// One run.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    pub(crate) product: Product,
    pub(crate) verb: Verb,
    /// What each line of its journal is.
    pub(crate) lines: Vec<String>,
    pub(crate) took: Duration,
}

/// Every verb of every product, in such a world.
pub(crate) fn all(world: &Value) -> Vec<Reference> {
    std::thread::scope(|scope| {
        let products = ALL.map(|product| scope.spawn(move || of(product, world)));
        let each = products.into_iter().map(|one| one.join().unwrap());
        each.flatten().collect()
    })
}

fn of(product: Product, world: &Value) -> Vec<Reference> {
    let place = Place::open(product, world);
    let mut all = Vec::new();
    for verb in Verb::all(product) {
        if verb == Verb::Reset {
            place.must(Verb::Up);
        }
        let began = Instant::now();
        place.must(verb);
        let took = began.elapsed();
        let lines: Vec<String> = place.journal().iter().map(what).collect();
        assert!(lines.len() > 2, "{} of {}", verb.name(), product.name);
        all.push(Reference {
            product,
            verb,
            lines,
            took,
        });
    }
    all
}

/// `intent acquire`
fn what(line: &Value) -> String {
    let word = |key: &str| line[key].as_str().unwrap_or_default();
    format!("{} {}", word("record"), word("step"))
        .trim()
        .to_owned()
}
