//! One run of the suites: its time limits, its interruption, and each suite's outcome.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Error, Result, anyhow};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    flag,
};

use super::{
    counts::Counts,
    report::Row,
    suite::{Suite, Work},
};
use crate::{
    clock::now,
    stream::{self, Limits},
    tools::{self, Tool},
    workspace::Workspace,
};

/// The time limit of one suite.
const SUITE_LIMIT: Duration = Duration::from_secs(30 * 60);

/// The time limit of all suites together: a run has 90 minutes, which include printing the sums.
const RUN_LIMIT: Duration = Duration::from_secs(85 * 60);

/// A run of suites.
pub(crate) struct Session {
    workspace: Workspace,
    may_install: bool,
    stop: Arc<AtomicBool>,
    deadline: Instant,
}

impl Session {
    /// Begins a run; from here on Ctrl-C stops it.
    pub(crate) fn new(workspace: Workspace, may_install: bool) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            flag::register(signal, Arc::clone(&stop))?;
        }
        Ok(Self {
            workspace,
            may_install,
            stop,
            deadline: now() + RUN_LIMIT,
        })
    }

    pub(crate) fn is_ci(&self) -> bool {
        self.workspace.is_ci()
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Installs what `suites` lack, if that is allowed. The suites themselves report what is still
    /// missing afterwards.
    pub(crate) fn install_tools(&self, suites: &[Suite]) {
        if !self.may_install {
            return;
        }
        let wanted: Vec<_> = suites
            .iter()
            .flat_map(|suite| suite.needs())
            .copied()
            .collect();
        if let Err(error) = self.install(&wanted) {
            println!("cannot install what is missing: {error:#}");
        }
    }

    fn install(&self, wanted: &[Tool]) -> Result<()> {
        let missing = tools::missing(wanted)?;
        if missing.is_empty() {
            return Ok(());
        }
        let limits = self.limits();
        for command in tools::install_commands(&missing) {
            stream::run(command, &limits, &mut |_| {})?;
        }
        Ok(())
    }

    /// Runs one suite to its end.
    pub(crate) fn run(&self, suite: Suite) -> Row {
        println!("\n=== {suite} ===");
        let begun = now();
        let (counts, note) = match tools::missing(suite.needs()) {
            Ok(missing) if !missing.is_empty() => self.without(&missing),
            Ok(_) => self.run_equipped(suite),
            Err(error) => (Counts::ONE_FAILED, Some(error)),
        };
        if let Some(note) = &note {
            println!("{suite}: {note:#}");
        }
        Row {
            suite,
            counts,
            time: begun.elapsed(),
            note,
        }
    }

    /// Returns the outcome of a suite that cannot run: skipped, or failed if its tools should have
    /// been installed.
    fn without(&self, missing: &[Tool]) -> (Counts, Option<Error>) {
        let counts = if self.may_install {
            Counts::ONE_FAILED
        } else {
            Counts::ONE_SKIPPED
        };
        (counts, Some(anyhow!("NOT RUN, {}", tools::advice(missing))))
    }

    fn run_equipped(&self, suite: Suite) -> (Counts, Option<Error>) {
        let mut counts = Counts::default();
        let result = self.carry_out(suite, &mut counts);
        judge(counts, result)
    }

    fn carry_out(&self, suite: Suite, counts: &mut Counts) -> Result<()> {
        let limits = self.limits();
        let whole = |command: Command| stream::run(command, &limits, &mut |_| {});
        let plan = suite.plan(&self.workspace)?;
        plan.before.into_iter().try_for_each(whole)?;
        match plan.work {
            Work::Check(check) => check(&self.workspace)?,
            Work::Whole(command) => whole(command)?,
            Work::Counted(command, mut reader) => {
                let result = stream::run(command, &limits, &mut |line| reader.line(line));
                *counts = reader.counts();
                return result;
            }
        }
        *counts = Counts::ONE_PASSED;
        Ok(())
    }

    fn limits(&self) -> Limits {
        let deadline = self.deadline.min(now() + SUITE_LIMIT);
        Limits {
            deadline,
            stop: Arc::clone(&self.stop),
        }
    }
}

/// Judges a suite: one that failed, or ran nothing, has at least one failure.
fn judge(mut counts: Counts, result: Result<()>) -> (Counts, Option<Error>) {
    let note = match result {
        Err(error) => Some(error),
        Ok(()) if counts.is_nothing() => Some(anyhow!("no test was run: that is a failure")),
        Ok(()) => None,
    };
    if note.is_some() && counts.failed == 0 {
        counts.failed = 1;
    }
    (counts, note)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_of_no_tests_is_a_failure() {
        let (counts, note) = judge(
            Counts {
                passed: 0,
                failed: 0,
                skipped: 2,
            },
            Ok(()),
        );
        assert_eq!(
            counts,
            Counts {
                passed: 0,
                failed: 1,
                skipped: 2
            }
        );
        assert!(note.is_some());
    }

    #[test]
    fn a_failure_that_no_test_explains_counts_as_one() {
        let (counts, _) = judge(
            Counts {
                passed: 7,
                ..Counts::default()
            },
            Err(anyhow!("crashed")),
        );
        assert_eq!(
            counts,
            Counts {
                passed: 7,
                failed: 1,
                skipped: 0
            }
        );
    }

    #[test]
    fn failed_tests_are_not_counted_twice() {
        let (counts, _) = judge(
            Counts {
                passed: 7,
                failed: 2,
                skipped: 0,
            },
            Err(anyhow!("101")),
        );
        assert_eq!(counts.failed, 2);
    }

    #[test]
    fn a_good_suite_needs_no_note() {
        let (counts, note) = judge(Counts::ONE_PASSED, Ok(()));
        assert_eq!(counts, Counts::ONE_PASSED);
        assert!(note.is_none());
    }
}
