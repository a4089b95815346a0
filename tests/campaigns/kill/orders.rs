//! Killed while an order is on the wire: the vendor carries it out when nobody listens any more.

use super::after::{listed, one_is_proven, removed, went_on};
use super::place::{Loss, Place};
use super::product::{ALL, Product, Verb};
use super::truth::Truth;
use crate::campaign::Campaign;
use serde_json::json;
use std::time::{Duration, Instant};

/// So long no order is on its way.
const LONGEST: Duration = Duration::from_secs(60);

/// One order, and what is done when its run is dead.
#[derive(Debug)]
struct Cell {
    product: Product,
    /// Which of its tries is under way at the kill: before the second one, the first was given up,
    /// and is under way as well.
    tries: u64,
    then: Then,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// At once, and again when it was carried out.
    Up,
    /// At once.
    Teardown,
    /// Once it was carried out, by somebody who knows of no order.
    Forgotten,
}

impl Then {
    fn name(self) -> &'static str {
        match self {
            Self::Up => "up at once, teardown",
            Self::Teardown => "teardown at once",
            Self::Forgotten => "the state folder is lost; teardown when it has come",
        }
    }
}

impl Cell {
    /// A request is given up after six seconds.
    fn delay(&self) -> u64 {
        if self.tries == 1 { 5000 } else { 8000 }
    }

    /// When nothing can come any more, in seconds; counted from the order.
    fn over(&self) -> u64 {
        if self.tries == 1 { 12 } else { 26 }
    }

    fn path(&self) -> &'static str {
        match self.product.name {
            "hetzner" => "/servers",
            _ => "/cloud/project/*/instance",
        }
    }
}

#[test]
#[ignore = "a campaign: cargo xtask campaign"]
fn killed_orders() {
    let campaign = Campaign::open("kill-orders");
    let mut cells = Vec::new();
    for product in ALL.into_iter().filter(|product| product.rented.is_none()) {
        for tries in [1, 2] {
            for then in [Then::Up, Then::Teardown, Then::Forgotten] {
                // the short form has the first try, and what differs with the second
                if campaign.long || tries == 1 || product.name == "ovh" && then != Then::Forgotten {
                    cells.push(Cell {
                        product,
                        tries,
                        then,
                    });
                }
            }
        }
    }
    campaign.run(
        &["product", "killed in", "then"],
        &cells,
        |cell| {
            let which = ["the first try", "the second try"][usize::from(cell.tries > 1)];
            vec![
                cell.product.name.to_owned(),
                format!("{which} of its order"),
                cell.then.name().to_owned(),
            ]
        },
        act,
    );
}

fn act(cell: &Cell) -> String {
    let rule = json!({
        "method": "POST", "path": cell.path(), "times": cell.tries,
        "kind": { "delay": { "before_ms": cell.delay() } },
    });
    let mut place = Place::open(cell.product, &json!({ "faults": [rule] }));
    place.scale = format!("0.2,lease=3,order={}", cell.over());
    let up = Verb::Up.words(cell.product);
    let mut child = place.logging_in(&up).spawn().unwrap();
    until("the order is on its way", || {
        place.served.hits() == cell.tries
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let (there, perhaps) = listed(&place);
    assert!(there.is_empty(), "it came too early: {there:?}");
    assert_eq!(perhaps, 1, "it is told of");
    let came = match cell.then {
        Then::Teardown => removed(&place),
        Then::Up => {
            let came = went_on(&place);
            carried_out(&place, cell);
            one_is_proven(&place);
            format!("{came}, one server; {}", removed(&place))
        }
        Then::Forgotten => {
            place.lose(Loss::State);
            assert_eq!(listed(&place), (Vec::new(), 0), "nobody knows of it");
            carried_out(&place, cell);
            let (there, _) = listed(&place);
            assert!(!there.is_empty(), "a list shows what has come");
            format!("{} came; {}", there.len(), removed(&place))
        }
    };
    carried_out(&place, cell);
    let left = Truth::of(&place);
    assert!(left.is_nothing(), "{left:?} has come after all");
    format!("perhaps 1 listed; {came}, and nothing came later")
}

/// Every order that was sent is over at the vendor, whatever it did with it.
fn carried_out(place: &Place, cell: &Cell) {
    until("the order is carried out", || {
        let over = u64::try_from(place.served.carried_out(cell.path())).unwrap();
        over >= cell.tries
    });
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + LONGEST;
    while !is_so() {
        assert!(Instant::now() < end, "it never comes to that: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
