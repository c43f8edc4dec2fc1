//! `cargo xtask test`: runs every suite, one after the other, and prints the sum as the last line.

mod counts;
mod report;
mod session;
mod suite;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::ValueEnum;

use self::{
    report::{Report, Skips},
    session::Session,
    suite::Suite,
};
use crate::workspace::Workspace;

/// Arguments of `cargo xtask test`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Install what is missing with apt-get, as root or through `sudo -n` (also done where CI is
    /// set)
    #[arg(long)]
    install: bool,
    /// Suites to run; all of them if none is named
    #[arg(value_enum, value_name = "SUITE")]
    suites: Vec<Suite>,
}

/// Runs the suites in their own order, regardless of the order on the command line.
pub(crate) fn run(workspace: Workspace, args: &Args) -> Result<ExitCode> {
    let wanted = |suite: &&Suite| args.suites.is_empty() || args.suites.contains(suite);
    let suites: Vec<_> = Suite::value_variants()
        .iter()
        .filter(wanted)
        .copied()
        .collect();
    let may_install = args.install || workspace.is_ci();
    let session = Session::new(workspace, may_install).context("cannot listen for Ctrl-C")?;
    let mut report = Report::default();
    session.install_tools(&suites);
    for suite in suites {
        if session.is_stopped() {
            break;
        }
        report.add(session.run(suite));
    }
    if session.is_stopped() {
        return Ok(report.finish_interrupted());
    }
    let skips = match session.is_ci() {
        true => Skips::Fail,
        false => Skips::Pass,
    };
    Ok(report.finish(skips))
}
