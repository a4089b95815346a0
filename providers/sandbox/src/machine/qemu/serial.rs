//! The serial console's file: QEMU appends what the guest says, the sandbox what it does.

use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// So many lines are told.
const LINES: usize = 2000;
/// A line is cut here, in characters.
const LONGEST_LINE: usize = 4000;
/// A file longer than this is cut to its end.
const LONGEST: u64 = 8 * 1024 * 1024;
/// So much of the end is read, and left by a cut.
const END: u64 = 1024 * 1024;

/// Appends a line of the sandbox's own.
pub(super) fn say(file: &Path, line: &str) {
    let open = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(file);
    // a console that cannot be written to must not stop the machine
    drop(open.and_then(|mut open| open.write_all(format!("\r\nsandbox: {line}\r\n").as_bytes())));
}

/// The newest lines, as they were said. A file that grew too long is cut.
pub(super) fn lines(file: &Path) -> Vec<String> {
    let end = end_of(file).unwrap_or_default();
    cut(file);
    // half of a character, as where a file was cut, is replaced by a mark: what is told is UTF-8
    let text = String::from_utf8_lossy(&end);
    let said = text.strip_suffix('\n').unwrap_or(&text);
    if said.is_empty() {
        return Vec::new();
    }
    let mut newest: Vec<String> = split(said).rev().take(LINES).collect();
    newest.reverse();
    newest
}

/// Cuts a file that grew too long to its end. QEMU appends: what it says next follows that.
pub(super) fn cut(file: &Path) {
    let long = std::fs::metadata(file).is_ok_and(|m| m.len() > LONGEST);
    if !long {
        return;
    }
    if let Ok(end) = end_of(file) {
        let kept = OpenOptions::new().write(true).truncate(true).open(file);
        // the next look tries again
        drop(kept.and_then(|mut file| file.write_all(&end)));
    }
}

fn end_of(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut open = std::fs::File::open(file)?;
    let length = open.metadata()?.len();
    open.seek(SeekFrom::Start(length.saturating_sub(END)))?;
    let mut end = Vec::new();
    open.read_to_end(&mut end)?;
    Ok(end)
}

/// The lines as the guest said them. What a terminal would obey is still in them: whoever shows
/// them takes it out.
fn split(text: &str) -> impl DoubleEndedIterator<Item = String> {
    text.split('\n').map(|line| {
        let line = line.trim_end_matches('\r');
        line.chars().take(LONGEST_LINE).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split_bounded_and_else_left_as_they_were_said() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("serial.log");
        let long = "x".repeat(LONGEST_LINE + 1);
        for (said, expected) in [
            (&b"one\r\ntwo\r\n"[..], vec!["one", "two"]),
            (b"one\n\nthree", vec!["one", "", "three"]),
            (b"\x1b[31mred\x1b[0m\n", vec!["\u{1b}[31mred\u{1b}[0m"]),
            (
                b"\xbc half, whole \xc3\xbc\n",
                vec!["\u{fffd} half, whole \u{fc}"],
            ),
            (long.as_bytes(), vec![&long[1..]]),
            (b"", vec![]),
        ] {
            std::fs::write(&file, said).unwrap();
            let told = lines(&file);
            assert_eq!(told, expected, "{said:?}");
            // the control endpoint tells them as JSON
            let json = serde_json::to_vec(&told).unwrap();
            let read: Vec<String> = serde_json::from_slice(&json).unwrap();
            assert_eq!(read, told);
        }
    }

    #[test]
    fn a_long_file_is_cut_to_its_newest_lines() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("serial.log");
        assert!(lines(&file).is_empty());
        std::fs::write(&file, "old line\n".repeat(1_000_000)).unwrap();
        say(&file, "power on");
        let told = lines(&file);
        assert_eq!(told.len(), LINES);
        assert_eq!(told.last().unwrap(), "sandbox: power on");
        assert!(std::fs::metadata(&file).unwrap().len() <= END);
        say(&file, "again");
        assert_eq!(lines(&file).last().unwrap(), "sandbox: again");
    }
}
