//! The table as it is kept: a row for each call, a column for each fault.

use super::calls::Made;
use super::judge::Cell;
use super::list::{EMPTY, FAULTS};
use super::products::Product;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

/// Where the table is written, if it is.
fn folder() -> Option<PathBuf> {
    std::env::var_os("PROVISION_CAMPAIGN_FOLDER").map(PathBuf::from)
}

/// Notes at once what came of a cell: several runs fill one table, and what was tried last counts.
pub(super) fn note(name: &str, row: &[String], word: &str) {
    let Some(folder) = folder() else { return };
    let mut file = std::fs::OpenOptions::new();
    let file = file.create(true).append(true);
    let mut file = file.open(folder.join(format!("{name}.tsv"))).unwrap();
    let line = format!("{}\t{word}\n", row.join("\t"));
    file.write_all(line.as_bytes()).unwrap();
}

/// The cells of which nothing good was noted yet.
pub(super) fn not_noted(name: &str, mut cells: Vec<Cell>) -> Vec<Cell> {
    let noted = folder().and_then(|f| std::fs::read_to_string(f.join(format!("{name}.tsv"))).ok());
    let noted = noted.unwrap_or_default();
    let came: BTreeMap<&str, &str> = noted.lines().filter_map(|l| l.rsplit_once('\t')).collect();
    cells.retain(|cell| {
        let word = came.get(cell.row().join("\t").as_str());
        word.is_none_or(|word| *word == "FAILED")
    });
    cells
}

/// Writes the product's table beside the campaign's list of cells.
pub(super) fn write(name: &str, product: &Product, made: &[Made]) {
    let Some(folder) = folder() else { return };
    let noted = std::fs::read_to_string(folder.join(format!("{name}.tsv"))).unwrap();
    let came: BTreeMap<&str, &str> = noted.lines().filter_map(|l| l.rsplit_once('\t')).collect();
    let mut text = format!("## {}\n\n{}", product.title, head());
    for made in made {
        let step = product.life[made.step].name;
        let _ = write!(text, "| {step} | `{}` |", made.call);
        for fault in FAULTS {
            let here = format!("{step}\t{}\t{}", made.call, fault.name);
            let word = match came.get(here.as_str()) {
                Some(word) => short(word),
                None if fault.fits(product, &made.call) => String::new(),
                None => "·".to_owned(),
            };
            let _ = write!(text, " {word} |");
        }
        text.push('\n');
    }
    std::fs::write(folder.join(format!("{name}-table.md")), text).unwrap();
    std::fs::write(folder.join("faults-legend.md"), legend()).unwrap();
}

fn head() -> String {
    let names: Vec<&str> = FAULTS.iter().map(|fault| fault.name).collect();
    let columns = "|---".repeat(names.len() + 2);
    format!("| command | call | {} |\n{columns}|\n", names.join(" | "))
}

/// `P` proven, `P2` proven and the second one removed, `E6` one error with exit code 6.
fn short(word: &str) -> String {
    let word = word.split(" (").next().unwrap_or(word);
    match word {
        "proven" => "P".to_owned(),
        "proven, the second one removed" => "P2".to_owned(),
        other => match other.strip_prefix("error ") {
            Some(code) => format!("E{code}"),
            None => format!("**{other}**"),
        },
    }
}

fn legend() -> String {
    let mut text = String::from(
        "`P` ended proven; `P2` ended proven, and what a lost answer had made twice was found and \
         removed in the same run; `E6` ended with one error and exit code 6 \
         ([exit codes](../exit-codes.md)). After each cell a teardown left nothing at the vendor's. \
         An empty cell was not tried. A fault comes once, unless it is said to come \"always\".\n\n",
    );
    let _ = writeln!(text, "{EMPTY}\n");
    text.push_str("| fault | is |\n|---|---|\n");
    for fault in FAULTS {
        let _ = writeln!(text, "| {} | {} |", fault.name, fault.means);
    }
    text
}
