//! `cargo xtask count`: counts the instructions and allocations of an echo and of a delivery, and
//! the memory of an idle connection, and compares them with `bench/counts.json`; and those with an
//! exporter of metrics with those without.
//!
//! The counts of one thread are the same on any machine, so a rise is caused by a change of the
//! code.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::process;
use crate::workspace::Workspace;

/// The factor by which a count may rise before the check fails.
const ALLOWED_RISE: f64 = 1.1;

/// A count below this fraction of the stored one must be looked at, and then stored.
const ALLOWED_FALL: f64 = 0.5;

/// Less than a thousandth of an allocation counts as none.
const NOTHING: f64 = 0.0005;

/// The factor by which an exporter of metrics may raise the instructions of any work.
const ALLOWED_BY_METRICS: f64 = 1.03;

/// A kind of work that is counted.
struct Work {
    name: &'static str,
    arguments: &'static [&'static str],
    /// The number of parts in one repetition.
    parts: f64,
}

const WORKS: &[Work] = &[
    Work {
        name: "echo",
        arguments: &["echo"],
        parts: 1.0,
    },
    Work {
        name: "echo with a filter",
        arguments: &["echo", "--with=filter"],
        parts: 1.0,
    },
    Work {
        name: "echo with metrics",
        arguments: &["echo", "--with=metrics"],
        parts: 1.0,
    },
    Work {
        name: "delivery",
        arguments: &["delivery"],
        parts: 100.0,
    },
    Work {
        name: "delivery with metrics",
        arguments: &["delivery", "--with=metrics"],
        parts: 100.0,
    },
];

/// The names of works with an exporter of metrics, each with the same work without one.
const MEASURED: &[(&str, &str)] = &[
    ("echo with metrics", "echo"),
    ("delivery with metrics", "delivery"),
];

/// The function in which callgrind counts.
const COUNTED: &str = "*counted_work*";

/// How often allocations are counted; the least counts. Where a machine stalls a run, the server
/// does what it does each second in the middle of the work.
const RUNS: usize = 3;

const FEW: usize = 500;
const MANY: usize = 1_500;

/// Numbers of connections that fit the descriptors that any machine allows.
const FEW_CONNECTIONS: usize = 100;
const MANY_CONNECTIONS: usize = 400;

/// Arguments of `cargo xtask count`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Store the counts instead of comparing them with the stored ones
    #[arg(long)]
    write: bool,
}

type Counts = BTreeMap<String, f64>;

/// Counts, then stores the counts, or fails if one rose by more than a tenth.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let build = ["build", "--release", "--locked", "--package=counting"];
    process::run(&mut workspace.cargo(build))?;
    let counted = count(workspace)?;
    check_metrics(&counted)?;
    let path = workspace.root().join("bench/counts.json");
    if args.write {
        let text = serde_json::to_string_pretty(&counted)? + "\n";
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("count: stored in {}", path.display());
        return Ok(());
    }
    let text = std::fs::read(&path).with_context(|| {
        format!(
            "cannot read {}: `cargo xtask count --write` makes it",
            path.display()
        )
    })?;
    compare(&counted, &serde_json::from_slice(&text)?)
}

fn count(workspace: &Workspace) -> Result<Counts> {
    let mut counted = Counts::new();
    for work in WORKS {
        let (name, arguments) = (work.name, work.arguments);
        let instructions = difference(FEW, MANY, |n| instructions(workspace, arguments, n))?;
        let allocations = difference(FEW, MANY, |n| allocations(workspace, arguments, n))?;
        // Rounded, so that what is stored changes only if the code does.
        let instructions = (instructions / work.parts).round();
        let allocations = (allocations / work.parts * 1_000.0).round() / 1_000.0;
        println!("count: {name}: {instructions} instructions, {allocations} allocations");
        counted.insert(format!("{name}: instructions"), instructions);
        counted.insert(format!("{name}: allocations"), allocations);
    }
    let held = |n| printed(workspace, &["connection"], n);
    let bytes = difference(FEW_CONNECTIONS, MANY_CONNECTIONS, held)?.round();
    println!("count: connection at rest: {bytes} bytes");
    counted.insert("connection: bytes".to_owned(), bytes);
    Ok(counted)
}

/// Returns the cost of one more repetition, without the fixed cost of a run.
fn difference(few: usize, many: usize, measure: impl Fn(usize) -> Result<f64>) -> Result<f64> {
    let more = u32::try_from(many - few)?;
    Ok((measure(many)? - measure(few)?) / f64::from(more))
}

fn instructions(workspace: &Workspace, work: &[&str], repetitions: usize) -> Result<f64> {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg("--collect-atstart=no")
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg(workspace.release_binary("counting"))
        .args(work)
        .arg(repetitions.to_string());
    let output = command
        .output()
        .context("cannot start valgrind: install Debian's package of that name")?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text
        .lines()
        .find_map(|line| line.split("Collected : ").nth(1));
    let collected = collected.with_context(|| format!("valgrind failed: {text}"))?;
    let collected = collected.trim().parse()?;
    ensure!(collected > 0.0, "no function is called {COUNTED}: {text}");
    Ok(collected)
}

fn allocations(workspace: &Workspace, work: &[&str], repetitions: usize) -> Result<f64> {
    let mut least = f64::INFINITY;
    for _ in 0..RUNS {
        least = least.min(printed(workspace, work, repetitions)?);
    }
    Ok(least)
}

fn printed(workspace: &Workspace, work: &[&str], repetitions: usize) -> Result<f64> {
    let output = Command::new(workspace.release_binary("counting"))
        .args(work)
        .arg(repetitions.to_string())
        .output()?;
    ensure!(
        output.status.success(),
        "counting {work:?} failed: {output:?}"
    );
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
}

/// Fails if recording metrics costs too much.
fn check_metrics(counted: &Counts) -> Result<()> {
    for (measured, plain) in MEASURED {
        let instructions = |name: &str| {
            let instructions = counted.get(&format!("{name}: instructions")).copied();
            instructions.with_context(|| format!("\"{name}\" was not counted"))
        };
        let factor = instructions(measured)? / instructions(plain)?;
        let percent = (factor - 1.0) * 100.0;
        println!("count: metrics cost {percent:.1} % of the instructions of {plain}");
        ensure!(
            factor <= ALLOWED_BY_METRICS,
            "metrics cost {percent:.1} % of the instructions of {plain}, and may cost {:.0} %",
            (ALLOWED_BY_METRICS - 1.0) * 100.0
        );
    }
    Ok(())
}

fn compare(counted: &Counts, stored: &Value) -> Result<()> {
    let mut changed = Vec::new();
    for (name, now) in counted {
        let Some(before) = stored.get(name).and_then(Value::as_f64) else {
            bail!("bench/counts.json does not have \"{name}\": run `cargo xtask count --write`");
        };
        if *now > before * ALLOWED_RISE + NOTHING {
            changed.push(format!("{name} rose from {before} to {now}"));
        } else if *now < before * ALLOWED_FALL - NOTHING {
            changed.push(format!("{name} fell from {before} to {now}"));
        }
    }
    ensure!(
        changed.is_empty(),
        "{}; if that is meant, `cargo xtask count --write` stores it",
        changed.join("; ")
    );
    println!("count: nothing rose by more than a tenth or fell by more than half");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(value: f64) -> Counts {
        [("echo: instructions".to_owned(), value)].into()
    }

    #[test]
    fn a_rise_of_more_than_a_tenth_fails_and_so_does_a_fall_to_less_than_half() {
        let stored = serde_json::json!({"echo: instructions": 1000.0});
        assert!(compare(&counts(1099.0), &stored).is_ok());
        assert!(compare(&counts(500.0), &stored).is_ok());
        let error = compare(&counts(499.0), &stored).unwrap_err().to_string();
        assert!(error.contains("fell from 1000 to 499"), "{error}");
        let error = compare(&counts(1101.0), &stored).unwrap_err().to_string();
        assert!(error.contains("rose from 1000 to 1101"), "{error}");
        assert!(compare(&counts(1.0), &serde_json::json!({})).is_err());
    }

    #[test]
    fn metrics_that_cost_more_than_three_percent_fail() {
        let counted = |echo: f64, delivery: f64| -> Counts {
            [
                ("echo: instructions", 1000.0),
                ("echo with metrics: instructions", echo),
                ("delivery: instructions", 100.0),
                ("delivery with metrics: instructions", delivery),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into()
        };
        assert!(check_metrics(&counted(1029.0, 103.0)).is_ok());
        let error = check_metrics(&counted(1031.0, 100.0)).unwrap_err();
        let expected = "metrics cost 3.1 % of the instructions of echo, and may cost 3 %";
        assert_eq!(error.to_string(), expected);
        assert!(check_metrics(&counted(1000.0, 104.0)).is_err());
        assert!(check_metrics(&counts(1000.0)).is_err());
    }
}
