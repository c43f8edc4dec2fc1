//! The numbers of passed, failed and skipped tests, from the output of the test runners.

use std::ops::AddAssign;

/// Tests of one suite, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    /// A suite without its own counts that passed.
    pub(crate) const ONE_PASSED: Self = Self {
        passed: 1,
        failed: 0,
        skipped: 0,
    };
    /// A suite without its own counts that failed.
    pub(crate) const ONE_FAILED: Self = Self {
        passed: 0,
        failed: 1,
        skipped: 0,
    };
    /// A suite that could not run here.
    pub(crate) const ONE_SKIPPED: Self = Self {
        passed: 0,
        failed: 0,
        skipped: 1,
    };

    /// Returns whether no test was run.
    pub(crate) fn is_nothing(self) -> bool {
        self.passed + self.failed == 0
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Reads a runner's standard output line by line.
pub(crate) trait Reader {
    fn line(&mut self, line: &str);
    /// Returns what has been read so far.
    fn counts(&self) -> Counts;
}

/// The output of `cargo test`: the sum over its test programs; ignored tests count as skipped.
#[derive(Default)]
pub(crate) struct CargoTest(Counts);

impl Reader for CargoTest {
    fn line(&mut self, line: &str) {
        // test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished ..
        let Some(result) = line.strip_prefix("test result: ") else {
            return;
        };
        let Some((_, numbers)) = result.split_once(". ") else {
            return;
        };
        for number in numbers.split(';') {
            let Some((count, what)) = number.trim().split_once(' ') else {
                continue;
            };
            let count = count.parse().unwrap_or(0);
            match what {
                "passed" => self.0.passed += count,
                "failed" => self.0.failed += count,
                "ignored" => self.0.skipped += count,
                _ => {}
            }
        }
    }

    fn counts(&self) -> Counts {
        self.0
    }
}

/// The last line of the form `3 passed, 0 failed, 1 skipped`.
#[derive(Default)]
pub(crate) struct LastSum(Counts);

impl Reader for LastSum {
    fn line(&mut self, line: &str) {
        let mut parts = line.split(", ").map(|part| part.split_once(' '));
        let mut next = |what: &str| {
            let (count, word) = parts.next()??;
            (word == what).then(|| count.parse().ok())?
        };
        if let (Some(passed), Some(failed), Some(skipped)) =
            (next("passed"), next("failed"), next("skipped"))
        {
            self.0 = Counts {
                passed,
                failed,
                skipped,
            };
        }
    }

    fn counts(&self) -> Counts {
        self.0
    }
}

/// The summary of `node --test`, from its `spec` or `tap` reporter; `todo` tests count as skipped.
///
/// Only the last line of each kind counts: a test that prints such a line itself does so earlier.
#[derive(Default)]
pub(crate) struct NodeTest {
    pass: u64,
    fail: u64,
    cancelled: u64,
    skipped: u64,
    todo: u64,
}

impl Reader for NodeTest {
    fn line(&mut self, line: &str) {
        let Some(summary) = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# ")) else {
            return;
        };
        let Some((what, count)) = summary.split_once(' ') else {
            return;
        };
        let Ok(count) = count.trim_end().parse() else {
            return;
        };
        match what {
            "pass" => self.pass = count,
            "fail" => self.fail = count,
            "cancelled" => self.cancelled = count,
            "skipped" => self.skipped = count,
            "todo" => self.todo = count,
            _ => {}
        }
    }

    fn counts(&self) -> Counts {
        Counts {
            passed: self.pass,
            failed: self.fail + self.cancelled,
            skipped: self.skipped + self.todo,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sum_counts() {
        let mut sum = LastSum::default();
        for line in [
            "1 passed, 1 failed, 1 skipped",
            "12 passed, 0 failed, 3 skipped",
            "no sum",
            "7 passed, 1 broken",
        ] {
            sum.line(line);
        }
        let counts = sum.counts();
        assert_eq!((counts.passed, counts.failed, counts.skipped), (12, 0, 3));
    }

    fn read(mut reader: impl Reader, output: &str) -> Counts {
        output.lines().for_each(|line| reader.line(line));
        reader.counts()
    }

    #[test]
    fn cargo_test_programs_are_summed() {
        let output = "
running 3 tests
test a ... ok
test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

     Running tests/b.rs
test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 4 filtered out; finished in 1.20s

   Doc-tests hubwire
test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
all doctests ran in 0.25s; merged doctests compilation took 0.24s
";
        let expected = Counts {
            passed: 17,
            failed: 2,
            skipped: 1,
        };
        assert_eq!(read(CargoTest::default(), output), expected);
    }

    #[test]
    fn other_lines_of_cargo_test_are_nothing() {
        let output = "test test result: ok. 9 passed\n  test result: ok. 9 passed;\ntest result: ";
        assert_eq!(read(CargoTest::default(), output), Counts::default());
    }

    #[test]
    fn the_summary_of_the_spec_reporter_is_read() {
        let output = "
▶ echo
  ✔ answers (12.3ms)
ℹ tests 9
ℹ suites 1
ℹ pass 4
ℹ fail 2
ℹ cancelled 1
ℹ skipped 1
ℹ todo 1
ℹ duration_ms 53.01
";
        let expected = Counts {
            passed: 4,
            failed: 3,
            skipped: 2,
        };
        assert_eq!(read(NodeTest::default(), output), expected);
    }

    #[test]
    fn the_summary_of_the_tap_reporter_is_read() {
        let output = "TAP version 13\n# Subtest: a\nok 1 - a\n1..1\n# tests 1\n# pass 1\n# fail 0\n# cancelled 0\n# skipped 0\n# todo 0\n";
        assert_eq!(read(NodeTest::default(), output), Counts::ONE_PASSED);
    }

    #[test]
    fn a_test_that_prints_a_summary_does_not_change_the_counts() {
        let output = "# pass 100\n# pass the salt\nℹ pass 1\nℹ fail 0\n";
        assert_eq!(read(NodeTest::default(), output), Counts::ONE_PASSED);
    }
}
