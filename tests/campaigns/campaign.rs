//! What all campaigns have in common: cells that are run side by side, a seed that repeats them,
//! and a table of what came of each.

use std::any::Any;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a cell says whose moment never came: it is counted apart, and proves nothing.
pub(crate) const NOT_REACHED: &str = "not reached";

/// One campaign, as it was asked for.
///
/// | variable | says |
/// |---|---|
/// | `PROVISION_CAMPAIGN_LONG` | all of it, not CI's part |
/// | `PROVISION_CAMPAIGN_SEED` | which random choices; the same seed makes the same ones |
/// | `PROVISION_CAMPAIGN_COUNT` | how many cells, where the number is free |
/// | `PROVISION_CAMPAIGN_ONLY` | only the cells whose row has this in it |
/// | `PROVISION_CAMPAIGN_FOLDER` | where the table is written to |
pub(crate) struct Campaign {
    name: &'static str,
    /// All of it, not CI's part.
    pub(crate) long: bool,
    /// What random choices begin with.
    pub(crate) seed: u64,
    count: Option<usize>,
    only: Option<String>,
}

impl Campaign {
    /// As the environment says.
    pub(crate) fn open(name: &'static str) -> Self {
        let said = |what: &str| std::env::var(format!("PROVISION_CAMPAIGN_{what}")).ok();
        let number = |what: &str| said(what).map(|text| text.parse::<u64>().expect(what));
        Self {
            name,
            long: said("LONG").is_some(),
            seed: number("SEED").unwrap_or(1),
            count: number("COUNT").map(|n| usize::try_from(n).unwrap()),
            only: said("ONLY"),
        }
    }

    /// How many cells, where the number is free.
    pub(crate) fn count(&self, short: usize, long: usize) -> usize {
        self.count.unwrap_or(if self.long { long } else { short })
    }

    /// Runs every cell, and fails if one of them did: `row` names a cell in the columns, `act`
    /// does it and says in a few words what came of it, or panics.
    ///
    /// A cell that fails does not keep the others from running.
    pub(crate) fn run<C: Sync>(
        &self,
        columns: &[&str],
        cells: &[C],
        row: impl Fn(&C) -> Vec<String>,
        act: impl Fn(&C) -> String + Sync,
    ) {
        let asked = |cell: &&C| {
            let only = self.only.as_deref().unwrap_or_default();
            row(cell).join(" ").contains(only)
        };
        let cells: Vec<&C> = cells.iter().filter(asked).collect();
        assert!(!cells.is_empty(), "{}: there is nothing to try", self.name);
        let results = side_by_side(&cells, |cell| act(cell));
        let mut table = Table::new(columns);
        for (cell, result) in cells.iter().zip(&results) {
            table.add(row(cell), result);
        }
        let failed = results.iter().filter(|result| result.is_err()).count();
        let missed = results.iter().flatten().filter(|word| *word == NOT_REACHED);
        let missed = missed.count();
        let mut sum = format!(
            "{}, seed {}: {} tried, {failed} failed",
            self.name,
            self.seed,
            cells.len() - missed
        );
        if missed > 0 {
            let _ = write!(sum, ", {missed} more {NOT_REACHED}");
        }
        eprintln!("{}\n{sum}", table.text);
        if let Some(folder) = std::env::var_os("PROVISION_CAMPAIGN_FOLDER") {
            let file = PathBuf::from(folder).join(format!("{}.md", self.name));
            std::fs::write(file, format!("{}\n{sum}\n", table.text)).unwrap();
        }
        assert_eq!(failed, 0, "{sum}");
    }
}

/// Three at a time for each processor: a cell waits for most of its time.
fn side_by_side<C: Sync>(
    cells: &[&C],
    act: impl Fn(&C) -> String + Sync,
) -> Vec<Result<String, String>> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(vec![Err("never tried".to_owned()); cells.len()]);
    let workers = std::thread::available_parallelism().map_or(2, usize::from) * 3;
    std::thread::scope(|scope| {
        for _ in 0..workers.min(cells.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(cell) = cells.get(index) else { break };
                    let result = catch_unwind(AssertUnwindSafe(|| act(cell)));
                    let result = result.map_err(|panic| said(&*panic));
                    results.lock().unwrap()[index] = result;
                }
            });
        }
    });
    results.into_inner().unwrap()
}

/// What a panic says.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").to_owned()
}

/// A table in Markdown; below it, what was said where something failed.
struct Table {
    text: String,
}

impl Table {
    fn new(columns: &[&str]) -> Self {
        let mut text = format!("| {} | came of it |\n", columns.join(" | "));
        text.push_str(&"|---".repeat(columns.len() + 1));
        text.push_str("|\n");
        Self { text }
    }

    fn add(&mut self, row: Vec<String>, result: &Result<String, String>) {
        let (word, more) = match result {
            Ok(word) => (word.clone(), None),
            Err(why) => ("**FAILED**".to_owned(), Some(why)),
        };
        let cells: Vec<String> = row.into_iter().chain([word]).collect();
        let clean = |cell: &String| cell.replace('|', "\\|").replace('\n', " ");
        let cells: Vec<String> = cells.iter().map(clean).collect();
        let _ = writeln!(self.text, "| {} |", cells.join(" | "));
        if let Some(why) = more {
            eprintln!("FAILED {}\n{why}\n", cells.join(" | "));
        }
    }
}
