//! Reads the numbers of passed and failed tests from what a stage prints.

/// Passed and failed tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Count {
    /// Adds what a line says, if it is a summary of cargo's or Node's tests, or written like Node's.
    pub(crate) fn read(&mut self, line: &str) {
        if let Some(rest) = line.strip_prefix("test result: ") {
            self.passed += before(rest, " passed");
            self.failed += before(rest, " failed");
        } else if let Some(rest) = line.strip_prefix("# pass ") {
            self.passed += rest.trim().parse().unwrap_or(0);
        } else if let Some(rest) = line.strip_prefix("# fail ") {
            self.failed += rest.trim().parse().unwrap_or(0);
        }
    }

    /// Returns the count of a whole stage: one that names no tests is one itself, and one that failed has a failure.
    pub(crate) fn of_stage(mut self, succeeded: bool) -> Self {
        if !succeeded && self.failed == 0 {
            self.failed = 1;
        } else if succeeded && self == Self::default() {
            self.passed = 1;
        }
        self
    }
}

/// Reads the number that stands before a word.
fn before(text: &str, word: &str) -> u64 {
    let head = text.split(word).next().unwrap_or_default();
    head.rsplit(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(lines: &[&str]) -> Count {
        let mut count = Count::default();
        lines.iter().for_each(|l| count.read(l));
        count
    }

    #[test]
    fn summaries_are_added_up() {
        let cargo = "test result: FAILED. 7 passed; 2 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s";
        let ok = "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(count(&[cargo, "running 3 tests", ok]), Count { passed: 19, failed: 2 });
        assert_eq!(count(&["# tests 5", "# pass 4", "# fail 1", "# cancelled 0"]), Count { passed: 4, failed: 1 });
    }

    #[test]
    fn a_stage_without_tests_counts_as_one() {
        assert_eq!(Count::default().of_stage(true), Count { passed: 1, failed: 0 });
        assert_eq!(Count::default().of_stage(false), Count { passed: 0, failed: 1 });
    }

    #[test]
    fn a_stage_that_ends_badly_is_never_all_passed() {
        let passed = Count { passed: 9, failed: 0 };
        assert_eq!(passed.of_stage(false), Count { passed: 9, failed: 1 });
        assert_eq!(Count { passed: 9, failed: 2 }.of_stage(false), Count { passed: 9, failed: 2 });
    }
}
