//! Whatever is shown to a person.

#![no_main]

use provision::failure::{Exit, Failure};
use provision::report;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let is_obeyed = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    let shown = report::failure(&Failure::new(Exit::Other, text, text).mend(text));
    assert!(!shown.contains(is_obeyed));
    assert_eq!(
        shown.lines().filter(|line| !line.starts_with("  ")).count(),
        1
    );
    let row = report::table(&["A", "B"], [vec![text.to_owned(), text.to_owned()]]);
    assert!(!row.contains(is_obeyed) && row.lines().count() <= 2);
});
