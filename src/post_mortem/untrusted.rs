//! What a machine may print that is looked at, for property tests and fuzz targets.

use super::dead;
use super::script::{self, Question};

/// Reads the bytes as the answers to questions, and as a list of disks.
pub(crate) fn prints(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let questions = ["list", "mount", "subvolumes", "ls"].map(|name| Question::new(name, "true"));
    for answer in script::read(&questions, &text) {
        let part = answer.part();
        for line in part.lines.iter().chain(&part.missing) {
            assert!(!line.contains(char::is_control), "{line:?}");
            assert!(!line.contains("AGE-SECRET-KEY-"), "{line:?}");
        }
    }
    dead::untrusted(&text);
}
