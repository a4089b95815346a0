//! What the test harness said, in numbers.

/// Tests by how they ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Left out by `#[ignore]`.
    pub(crate) ignored: u64,
    /// The names of those that failed.
    pub(crate) failures: Vec<String>,
}

impl Count {
    /// Reads what `cargo test` printed: a `test result:` line for each program, and a
    /// `test NAME ... FAILED` line for each failure.
    pub(crate) fn read(stdout: &str) -> Self {
        let mut count = Self::default();
        for line in stdout.lines() {
            if let Some(result) = line.strip_prefix("test result: ") {
                count.line(result);
            } else if let Some(test) = line.strip_prefix("test ")
                && let Some(name) = test.strip_suffix(" ... FAILED")
            {
                count.failures.push(name.to_owned());
            }
        }
        count
    }

    /// Both together. What one left out and the other ran was not left out.
    pub(super) fn join(&mut self, later: Self) {
        let ran = later.passed + later.failed;
        self.passed += later.passed;
        self.failed += later.failed;
        self.ignored = self.ignored.saturating_sub(ran) + later.ignored;
        self.failures.extend(later.failures);
    }

    /// `ok. 5 passed; 0 failed; 1 ignored; …`
    fn line(&mut self, result: &str) {
        let (_, numbers) = result.split_once(". ").unwrap_or_default();
        for part in numbers.split("; ") {
            let Some((number, what)) = part.split_once(' ') else {
                continue;
            };
            let Ok(number) = number.parse::<u64>() else {
                continue;
            };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

/// `N passed, N failed`, and how many were left out when there are any.
impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.ignored > 0 {
            write!(f, ", {} skipped", self.ignored)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_all_programs() {
        let said = "\
running 3 tests
test a::b ... ok
test a::c ... FAILED
test a::d ... ignored
test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

   Doc-tests x
test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.20s
";
        let count = Count::read(said);
        assert_eq!((count.passed, count.failed, count.ignored), (5, 1, 1));
        assert_eq!(count.failures, ["a::c"]);
        assert_eq!(count.to_string(), "5 passed, 1 failed, 1 skipped");
    }

    #[test]
    fn what_is_left_for_later_counts_when_it_runs() {
        let read = |line: &str| Count::read(&format!("test result: ok. {line}"));
        let mut count = read("4 passed; 0 failed; 3 ignored; 0 measured");
        count.join(read("2 passed; 1 failed; 0 ignored; 0 measured"));
        assert_eq!(count.to_string(), "6 passed, 1 failed");
    }

    #[test]
    fn what_did_not_run_counts_as_nothing() {
        assert_eq!(
            Count::read("error: could not compile").to_string(),
            "0 passed, 0 failed"
        );
    }
}
