//! One cell: the fault, what is said of it, the way on, and what is left in the end.

use super::cells::{Cell, Does};
use super::place::Place;
use super::process::Watched;
use super::troubles::OLD_DISK;
use crate::lab::Ran;
use std::time::{Duration, Instant};

/// A run that reads what a machine says without keeping all of it needs no more.
const MEMORY_MIB: u64 = 256;
/// Three phases, each with its own bound.
const LOG_MIB: u64 = 30;
/// The journal tells of the step by then.
const SOON: Duration = Duration::from_secs(60);

/// Does it, and says what came of it.
pub(super) fn cell(cell: &Cell) -> String {
    let place = Place::open(cell);
    let watched = match cell.does {
        Does::Up => meets_it_on_its_way(&place),
        Does::UpDeletedAt(words) => deleted_on_its_way(&place, words),
        Does::Rescue => meets_it_once_up(&place, &place.words("rescue", "")),
        Does::Teardown => meets_it_once_up(&place, &place.words("teardown", "")),
    };
    let Watched {
        ran,
        took,
        memory_mib,
    } = watched;
    assert!(memory_mib <= MEMORY_MIB, "{memory_mib} MiB: {ran}");
    let log_mib = place.largest_log_mib();
    assert!(log_mib <= LOG_MIB, "a log of {log_mib} MiB: {ran}");
    told(cell, &ran);
    let mut came = format!("exit {} after {} s", ran.code, took.as_secs());
    if has_post_mortem(cell, &ran) {
        kept(&place, &ran);
        came.push_str(", post-mortem");
    }
    if cell.does != Does::Teardown {
        came.push_str(&format!(", {}", goes_on(&place, &ran)));
    }
    nothing_is_left(&place);
    came
}

fn meets_it_on_its_way(place: &Place) -> Watched {
    place.spoil(&place.cell.faults);
    place.hurry(&place.up()).end(place.longest())
}

fn meets_it_once_up(place: &Place, words: &str) -> Watched {
    place.run(&place.up()).succeeded();
    place.spoil(&place.cell.faults);
    place.hurry(words).end(place.longest())
}

fn deleted_on_its_way(place: &Place, words: &str) -> Watched {
    place.spoil(&place.cell.faults);
    let mut run = place.hurry(&place.up());
    let end = Instant::now() + SOON;
    while !place.has_journalled(words) {
        assert!(!run.is_over() && Instant::now() < end, "{words} never came");
        std::thread::sleep(Duration::from_millis(20));
    }
    place.deleted_by_somebody();
    run.end(place.longest())
}

/// One error that names the cause, what remains and its price, and how to go on.
fn told(cell: &Cell, ran: &Ran) {
    assert!(
        cell.expected.codes.contains(&ran.code),
        "{:?}: {ran}",
        cell.expected.codes
    );
    assert!(!ran.stderr.contains("panicked at "), "{ran}");
    let errors = ran.stderr.lines().filter(|l| l.starts_with("error: "));
    assert_eq!(errors.count(), usize::from(ran.code != 0), "{ran}");
    for word in &cell.expected.words {
        assert!(ran.stderr.contains(word), "{word:?} is missing: {ran}");
    }
    if ran.code == 0 {
        return;
    }
    assert!(ran.stderr.contains("remains"), "{ran}");
    if matches!(cell.does, Does::UpDeletedAt(_)) {
        return;
    }
    let price = if cell.product.is_made() {
        "EUR/h"
    } else {
        "contract"
    };
    let verb = if cell.does == Does::Rescue {
        "rescue"
    } else {
        "up"
    };
    let resume = format!("provision {verb} {}", cell.product.host());
    let remove = format!("provision teardown {}", cell.product.host());
    for words in [price, &resume, &remove] {
        assert!(ran.stderr.contains(words), "{words:?} is missing: {ran}");
    }
}

/// Whether something can be found out about a machine that failed.
fn has_post_mortem(cell: &Cell, ran: &Ran) -> bool {
    let of_machine = matches!(ran.code, 5 | 9 | 10 | 11 | 12);
    of_machine && cell.does == Does::Up
}

fn kept(place: &Place, ran: &Ran) {
    let host = place.cell.product.host();
    let show = format!("show {host} --post-mortem --sandbox");
    assert!(
        ran.stderr
            .contains(&format!("provision show {host} --post-mortem")),
        "{ran}"
    );
    let found = place
        .run(&format!("{show} --output json"))
        .succeeded()
        .json();
    assert_eq!(found["exit_code"], ran.code, "{found:#}");
    assert!(!found["parts"].as_array().unwrap().is_empty(), "{found:#}");
}

/// Healed, it ends proven: on the same server, if that is still there.
fn goes_on(place: &Place, failed: &Ran) -> &'static str {
    let before = place.listed();
    place.heal();
    if place.cell.does == Does::Rescue || runs_a_stranger(place, failed) {
        place.run(&place.words("rescue", " --off")).succeeded();
    }
    booted_as_told(place, failed);
    let again = place.run(&format!("{} --output json", place.up()));
    assert_eq!(again.code, 0, "{again}\n--- it had failed so\n{failed}");
    let up = again.json();
    let host = &up["hosts"][0];
    assert_eq!(host["proven"], true, "{again}");
    assert_eq!(place.listed().len(), 1, "{again}");
    match before.as_slice() {
        [] => {
            assert!(matches!(place.cell.does, Does::UpDeletedAt(_)), "{failed}");
            "then proven on a new server"
        }
        [one] => {
            assert_eq!(host["server_id"], one["server_id"], "{again}");
            "then proven"
        }
        more => panic!("{more:#?}"),
    }
}

/// Whether a system still runs whose key nobody knows: it is healed by another boot of the disk,
/// which the error says.
fn runs_a_stranger(place: &Place, failed: &Ran) -> bool {
    let cell = place.cell;
    let is_one = cell.fault == OLD_DISK && !cell.product.knows_old_key();
    let way = format!(
        "boot the disk once more: provision rescue {} --off",
        cell.product.host()
    );
    assert!(!is_one || failed.stderr.contains(&way), "{failed}");
    is_one
}

/// Where the error says to boot the machine again, that is done in its words.
fn booted_as_told(place: &Place, failed: &Ran) {
    let mut lines = failed.stderr.lines();
    let Some(line) = lines.find(|line| line.ends_with("-- sudo systemctl reboot")) else {
        return;
    };
    let (_, words) = line.split_once("provision ").unwrap();
    let ask = words.replace(
        "sudo systemctl reboot",
        "cat /proc/sys/kernel/random/boot_id",
    );
    let before = place.run(&ask).succeeded().stdout;
    place.run(words);
    let end = Instant::now() + SOON;
    loop {
        let asked = place.run(&ask);
        if asked.code == 0 && asked.stdout != before {
            return;
        }
        assert!(Instant::now() < end, "it does not reboot: {asked}");
    }
}

/// After a teardown there is nothing, and nothing more to be removed.
fn nothing_is_left(place: &Place) {
    let teardown = place.words("teardown", " --output json");
    let is_made = place.cell.product.is_made();
    // a rented server that was given back is nobody's: a second teardown asks whose it means
    if is_made || place.cell.does != Does::Teardown {
        place.run(&teardown).succeeded();
    }
    assert!(place.listed().is_empty());
    if is_made {
        let again = place.run(&teardown).succeeded().json();
        assert_eq!(again["removed"], serde_json::json!([]), "{again}");
        assert!(place.machines().is_empty(), "{:#?}", place.machines());
    }
}
