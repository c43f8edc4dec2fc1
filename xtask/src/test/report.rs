//! The table at the end, the verdict, and the line with the sum of all suites.

use std::{fmt, process::ExitCode, time::Duration};

use anyhow::Error;

use super::{counts::Counts, suite::Suite};

/// The exit status of a Unix program that was ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

/// The outcome of one suite.
pub(crate) struct Row {
    pub(crate) suite: Suite,
    pub(crate) counts: Counts,
    pub(crate) time: Duration,
    /// Why it failed or did not run.
    pub(crate) note: Option<Error>,
}

/// Whether a run with skipped tests is good.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Skips {
    Pass,
    /// Where CI is set.
    Fail,
}

/// The outcomes so far.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

impl Report {
    pub(crate) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Prints the table and, as the last line, the sum.
    pub(crate) fn finish(&self, skips: Skips) -> ExitCode {
        let complaint = self.complaint(skips);
        println!("\n{self}");
        if let Some(complaint) = complaint {
            println!("not good: {complaint}");
        }
        println!("\n{}", self.last_line());
        match complaint {
            Some(_) => ExitCode::FAILURE,
            None => ExitCode::SUCCESS,
        }
    }

    /// The same where not all suites were run.
    pub(crate) fn finish_interrupted(&self) -> ExitCode {
        println!("\n{self}");
        println!("interrupted: the suites after this were not run");
        println!("\n{}", self.last_line());
        ExitCode::from(INTERRUPTED)
    }

    fn sum(&self) -> Counts {
        let mut sum = Counts::default();
        self.rows.iter().for_each(|row| sum += row.counts);
        sum
    }

    fn last_line(&self) -> String {
        let Counts {
            passed,
            failed,
            skipped,
        } = self.sum();
        format!("{passed} passed, {failed} failed, {skipped} skipped")
    }

    /// Returns why the run as a whole does not count as successful.
    fn complaint(&self, skips: Skips) -> Option<&'static str> {
        let sum = self.sum();
        if sum.failed > 0 {
            Some("tests failed")
        } else if sum.is_nothing() {
            Some("nothing was run")
        } else if skips == Skips::Fail && sum.skipped > 0 {
            Some("CI is set, and where CI is set nothing may be skipped")
        } else {
            None
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "suite       passed  failed skipped   minutes (seconds)")?;
        for row in &self.rows {
            let Counts {
                passed,
                failed,
                skipped,
            } = row.counts;
            let seconds = row.time.as_secs_f64();
            let (name, minutes) = (row.suite.to_string(), seconds / 60.0);
            write!(
                f,
                "{name:<10} {passed:>7} {failed:>7} {skipped:>7} {minutes:>9.1} "
            )?;
            writeln!(f, "({seconds:.0})")?;
        }
        for row in &self.rows {
            if let Some(note) = &row.note {
                writeln!(f, "{}: {note:#}", row.suite)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(all: &[(u64, u64, u64)]) -> Report {
        let row = |&(passed, failed, skipped): &_| Row {
            suite: Suite::Rust,
            counts: Counts {
                passed,
                failed,
                skipped,
            },
            time: Duration::from_secs(90),
            note: None,
        };
        Report {
            rows: all.iter().map(row).collect(),
        }
    }

    #[test]
    fn the_last_line_sums_all_suites() {
        let report = report(&[(1, 0, 0), (40, 2, 1), (0, 0, 1)]);
        assert_eq!(report.last_line(), "41 passed, 2 failed, 2 skipped");
    }

    #[test]
    fn a_row_shows_minutes_and_seconds() {
        let shown = report(&[(12, 0, 3)]).to_string();
        let row = shown.lines().nth(1).expect("one row");
        let words: Vec<_> = row.split_whitespace().collect();
        assert_eq!(words, ["rust", "12", "0", "3", "1.5", "(90)"]);
    }

    #[test]
    fn a_failure_makes_the_run_fail() {
        assert!(report(&[(9, 1, 0)]).complaint(Skips::Pass).is_some());
        assert!(report(&[(9, 0, 0)]).complaint(Skips::Fail).is_none());
    }

    #[test]
    fn a_run_of_nothing_fails() {
        assert!(report(&[]).complaint(Skips::Pass).is_some());
        assert!(report(&[(0, 0, 1)]).complaint(Skips::Pass).is_some());
    }

    #[test]
    fn only_ci_takes_offence_at_skipped_tests() {
        assert!(report(&[(9, 0, 1)]).complaint(Skips::Pass).is_none());
        assert!(report(&[(9, 0, 1)]).complaint(Skips::Fail).is_some());
    }
}
