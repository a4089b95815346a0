//! What is shown to a person, whoever wrote it.

use crate::hostile;
use proptest::prelude::*;
use provision::failure::{Exit, Failure};
use provision::report;

/// What a terminal would obey, or would not show.
pub(crate) fn is_obeyed(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_failure_has_its_own_lines_only(what in hostile::word(), why in hostile::word(), mend in hostile::word()) {
        let mut failure = Failure::new(Exit::Provider, &what, &why).mend(&mend);
        failure.remains = vec![why.clone()];
        failure.resume = Some(what.clone());
        let text = report::failure(&failure);
        prop_assert!(!text.contains(is_obeyed), "{:?}", text);
        let mut lines = text.lines();
        prop_assert!(lines.next().unwrap().starts_with("error: "));
        for line in lines {
            prop_assert!(line.starts_with("  "), "{:?}", text);
        }
    }

    #[test]
    fn a_row_is_one_line(cells in prop::collection::vec(hostile::word(), 2)) {
        let drawn = report::table(&["A", "B"], [cells]);
        prop_assert!(!drawn.contains(is_obeyed), "{:?}", drawn);
        prop_assert!(drawn.lines().count() <= 2, "{:?}", drawn);
    }

    #[test]
    fn a_line_is_one_line(word in hostile::word(), text: String) {
        for text in [word, text] {
            let line = report::one_line(&text);
            prop_assert!(!line.contains(is_obeyed) && !line.contains(['\n', '\t']), "{:?}", line);
        }
    }
}
