//! `cargo xtask bench`: compares the server with the floor and with itself, and writes the results
//! to `bench/RESULTS.md`.

mod hostile;
mod measure;
mod report;
mod scenario;

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::bench::measure::{Runs, Sample};
use crate::bench::scenario::{SCENARIOS, Scenario};
use crate::process;
use crate::workspace::Workspace;

/// Arguments of `cargo xtask bench`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rounds; each runs every scenario on the server and on what it is compared with
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds that each scenario is measured for
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// Only scenarios with names that contain this; the report is printed and not written
    #[arg(long)]
    only: Option<String>,
    /// One short round of the rows with hostile clients; fails if one is far from its bar, and writes nothing
    #[arg(long, conflicts_with_all = ["rounds", "seconds", "only"])]
    quick: bool,
}

/// How long each row of `--quick` is measured, in seconds.
const QUICK_SECONDS: f64 = 3.0;

/// The measurements of one scenario in all rounds, on both sides.
pub(crate) struct Measured {
    pub(crate) scenario: &'static Scenario,
    pub(crate) beside: Vec<f64>,
    pub(crate) server: Vec<f64>,
    pub(crate) samples: Vec<Sample>,
}

/// Builds release binaries, measures in alternating rounds and reports medians.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    ensure!(args.rounds > 0, "--rounds must be at least 1");
    build(workspace)?;
    if args.quick {
        return run_quick(workspace);
    }
    let wanted = |scenario: &&Scenario| {
        let only = args.only.as_deref().unwrap_or_default();
        scenario.name.contains(only)
    };
    let mut measured: Vec<_> = scenarios().filter(wanted).map(Measured::new).collect();
    for round in 1..=args.rounds {
        let mut runs = Runs::new(workspace, args.seconds);
        for measured in &mut measured {
            measured.round(&mut runs)?;
            println!("round {round}: {}", measured.last());
        }
    }
    let report = report::render(&measured, args.rounds, args.seconds, &machine())?;
    println!("\n{report}");
    if args.only.is_none() {
        let path = workspace.root().join("bench/RESULTS.md");
        std::fs::write(&path, &report)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn scenarios() -> impl Iterator<Item = &'static Scenario> {
    SCENARIOS.iter().chain(hostile::SCENARIOS)
}

/// Checks that hostile clients still cost others nothing noticeable.
fn run_quick(workspace: &Workspace) -> Result<()> {
    let mut runs = Runs::new(workspace, QUICK_SECONDS);
    for scenario in scenarios().filter(|scenario| scenario.quick.is_some()) {
        let mut measured = Measured::new(scenario);
        measured.round(&mut runs)?;
        let figure = measured.server.last().copied().unwrap_or(f64::NAN);
        println!("{:<44} {figure:>12.1} {}", scenario.name, scenario.unit);
        scenario.check_quick(figure)?;
    }
    Ok(())
}

/// Builds the release binaries that are measured.
fn build(workspace: &Workspace) -> Result<()> {
    let packages = [
        "--package=bench-server",
        "--package=floor",
        "--package=loadgen",
    ];
    let build = ["build", "--release", "--locked"];
    process::run(&mut workspace.cargo(build.into_iter().chain(packages)))
}

impl Measured {
    fn new(scenario: &'static Scenario) -> Self {
        Self {
            scenario,
            beside: Vec::new(),
            server: Vec::new(),
            samples: Vec::new(),
        }
    }

    fn round(&mut self, runs: &mut Runs<'_>) -> Result<()> {
        let scenario = self.scenario;
        if let Some(load) = scenario.beside {
            let sample = runs.sample(load)?;
            self.beside.push(scenario.figure(&sample));
        }
        let sample = runs.sample(scenario.load)?;
        self.server.push(scenario.figure(&sample));
        self.samples.push(sample);
        Ok(())
    }

    fn last(&self) -> String {
        let last = |figures: &[f64]| figures.last().copied().unwrap_or(f64::NAN);
        format!(
            "{:<44} {:>12.1} beside {:>12.1} {}",
            self.scenario.name,
            last(&self.server),
            last(&self.beside),
            self.scenario.unit,
        )
    }
}

/// Describes the machine, as the system reports it.
fn machine() -> String {
    let first = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let line = text.and_then(|text| text.lines().next().map(str::to_owned));
        line.unwrap_or_else(|| "unknown".to_owned())
    };
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let cpu = cpu.map_or("unknown CPU", |name| {
        name.trim_start_matches([' ', '\t', ':'])
    });
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{cpu}, {cores} cores, {}, {}; commit {}",
        first("uname", &["-sr"]),
        first("rustc", &["--version"]),
        first("git", &["describe", "--always", "--dirty"]),
    )
}
