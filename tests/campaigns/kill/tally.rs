//! How many kills were made: of each campaign, and of both together.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Those that count.
const CAMPAIGNS: [&str; 2] = ["kill-lines", "kill-moments"];
/// So many the long forms make together at least.
const LEAST: usize = 1000;

/// What was made so far in this process.
static MADE: Mutex<Vec<(&str, usize)>> = Mutex::new(Vec::new());

/// Runs a campaign and says how many kills it made. When both have run in their long forms, whole,
/// there have to be enough.
pub(super) fn counted(
    name: &'static str,
    long: bool,
    kills: &AtomicUsize,
    campaign: impl FnOnce(),
) {
    let ran = catch_unwind(AssertUnwindSafe(campaign));
    let mut made = MADE.lock().unwrap();
    made.push((name, kills.load(Ordering::Relaxed)));
    let (told, is_enough) = judged(&made, long && !is_narrowed());
    drop(made);
    eprintln!("{told}");
    if let Some(folder) = std::env::var_os("PROVISION_CAMPAIGN_FOLDER") {
        std::fs::write(PathBuf::from(folder).join("kills.md"), format!("{told}\n")).unwrap();
    }
    if let Err(panic) = ran {
        resume_unwind(panic);
    }
    assert!(is_enough, "{told}, and at least {LEAST} are wanted");
}

/// Only a part of the cells was asked for.
fn is_narrowed() -> bool {
    ["COUNT", "ONLY"]
        .iter()
        .any(|what| std::env::var_os(format!("PROVISION_CAMPAIGN_{what}")).is_some())
}

/// The number in words, and whether it is enough; as long as one has not run that is not known.
fn judged(made: &[(&str, usize)], is_whole: bool) -> (String, bool) {
    let each: Vec<String> = made
        .iter()
        .map(|(name, kills)| format!("{name}: {kills} kills"))
        .collect();
    let all: usize = made.iter().map(|(_, kills)| kills).sum();
    let is_over = CAMPAIGNS
        .iter()
        .all(|name| made.iter().any(|(other, _)| other == name));
    let is_enough = !is_whole || !is_over || all >= LEAST;
    (format!("{}; {all} in all", each.join(", ")), is_enough)
}

#[test]
fn enough_is_asked_of_both_together() {
    for (made, is_whole, is_enough) in [
        (vec![("kill-lines", 3)], true, true),
        (vec![("kill-lines", 3), ("kill-moments", 4)], true, false),
        (vec![("kill-lines", 3), ("kill-moments", 4)], false, true),
        (vec![("kill-moments", 997), ("kill-lines", 3)], true, true),
    ] {
        assert_eq!(judged(&made, is_whole).1, is_enough, "{made:?}");
    }
    let (told, _) = judged(&[("kill-lines", 3), ("kill-moments", 4)], true);
    assert_eq!(told, "kill-lines: 3 kills, kill-moments: 4 kills; 7 in all");
}
