//! What the installer prints, kept in a file that does not grow without end.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write as _;

/// So many bytes of a phase are kept from its beginning on, and so many from its end.
const HEAD: usize = 8 * 1024 * 1024;
const TAIL: usize = 1024 * 1024;

/// The log of one phase: its first lines at once, its last ones when it is dropped.
///
/// What cannot be written is lost: a disk that is full here is no reason to stop an installation.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
    /// Bytes that may still be written at once.
    left: usize,
    tail: VecDeque<String>,
    tail_bytes: usize,
    left_out: u64,
}

impl Log {
    pub(super) fn new(file: File) -> Self {
        Self::within(file, HEAD)
    }

    fn within(file: File, head: usize) -> Self {
        Self {
            file,
            left: head,
            tail: VecDeque::new(),
            tail_bytes: 0,
            left_out: 0,
        }
    }

    /// One more line.
    pub(super) fn line(&mut self, line: &str) {
        let long = line.len() + 1;
        if self.tail.is_empty() && long <= self.left {
            self.left -= long;
            let _ = writeln!(self.file, "{line}");
            return;
        }
        self.tail_bytes += long;
        self.tail.push_back(line.to_owned());
        while self.tail_bytes > TAIL
            && let Some(old) = self.tail.pop_front()
        {
            self.tail_bytes -= old.len() + 1;
            self.left_out += 1;
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if self.left_out > 0 {
            let _ = writeln!(self.file, "--- {} lines are left out here", self.left_out);
        }
        let mut rest = String::with_capacity(self.tail_bytes);
        for line in &self.tail {
            rest.push_str(line);
            rest.push('\n');
        }
        let _ = self.file.write_all(rest.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is kept of so many lines, each of so many bytes with its end.
    fn kept(lines: usize, width: usize, most: usize) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut log = Log::within(File::create(&path).unwrap(), most);
        for n in 0..lines {
            log.line(&format!("{n:0width$}", width = width - 1));
        }
        drop(log);
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn the_beginning_and_the_end_are_kept() {
        for (lines, all) in [(0, true), (9, true), (10, true), (11, true), (3000, false)] {
            let text = kept(lines, 1024, 10 * 1024);
            assert_eq!(text.lines().count() == lines, all, "{lines}");
            let numbers = text.lines().filter_map(|line| line.parse::<usize>().ok());
            let numbers: Vec<usize> = numbers.collect();
            assert_eq!(numbers.first().copied(), (lines > 0).then_some(0));
            assert_eq!(numbers.last().copied(), lines.checked_sub(1));
            assert!(numbers.is_sorted(), "{lines}");
        }
        let text = kept(3000, 1024, 10 * 1024);
        assert_eq!(
            text.len(),
            11 * 1024 + TAIL - 1024 + "--- 1966 lines are left out here\n".len()
        );
        assert!(text.contains("--- 1966 lines are left out here\n"));
    }
}
