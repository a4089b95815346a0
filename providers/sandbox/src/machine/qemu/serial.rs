//! The serial console's file: QEMU appends what the guest says, the sandbox what it does.

use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// So many lines are told.
const LINES: usize = 2000;
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

/// The newest lines, without what would steer a terminal. A file that grew too long is cut.
pub(super) fn lines(file: &Path) -> Vec<String> {
    let end = end_of(file).unwrap_or_default();
    cut(file);
    let all = plain(&String::from_utf8_lossy(&end));
    let from = all.len().saturating_sub(LINES);
    all.into_iter().skip(from).collect()
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

/// Lines as a printer would show them: escape sequences and control characters are gone, empty
/// lines too, since firmware clears its screen with them.
fn plain(text: &str) -> Vec<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' => out.push(c),
            '\t' => out.push(' '),
            '\u{1b}' => escape(&mut rest, &mut out),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out.lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Skips the rest of an escape sequence. One that moves the cursor to another line ends this one.
fn escape(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) {
    match rest.next() {
        // a control sequence (ECMA-48) ends with a letter or one of a few signs
        Some('[') => {
            let last = rest.find(|c| ('@'..='~').contains(c));
            if matches!(last, Some('H' | 'f' | 'J')) && !out.ends_with('\n') {
                out.push('\n');
            }
        }
        // a text for the terminal ends with BEL or ESC \
        Some(']' | 'P' | '^' | '_') => {
            while let Some(c) = rest.next() {
                if c == '\u{7}' || (c == '\u{1b}' && rest.next_if_eq(&'\\').is_some()) {
                    break;
                }
            }
        }
        Some('(' | ')' | '#') => drop(rest.next()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_is_left() {
        for (text, expected) in [
            ("one\r\ntwo\r\n", vec!["one", "two"]),
            (
                "\u{1b}c\u{1b}[?7l\u{1b}[2J\u{1b}[0mSeaBIOS\r\n",
                vec!["SeaBIOS"],
            ),
            ("a\u{1b}[0;31mred\u{1b}[0m b\u{7}", vec!["ared b"]),
            ("first\u{1b}[02;01Hsecond", vec!["first", "second"]),
            ("\u{1b}]0;title\u{7}x\u{1b}]8;;\u{1b}\\y", vec!["xy"]),
            ("a\tb\n\n\n  \nc", vec!["a b", "c"]),
            ("end\u{1b}", vec!["end"]),
            ("end\u{1b}[", vec!["end"]),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
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
