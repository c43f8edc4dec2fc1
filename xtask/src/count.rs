//! `cargo xtask count`: counts the instructions and allocations of an echo and of a delivery, and
//! the memory of an idle connection, and compares them with `bench/counts.json`.
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

/// The kinds of work that are counted, and the number of parts in one repetition.
const WORKS: &[(&str, f64)] = &[("echo", 1.0), ("delivery", 100.0)];

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
    for (work, parts) in WORKS {
        let instructions = difference(FEW, MANY, |n| instructions(workspace, work, n))?;
        let allocations = difference(FEW, MANY, |n| printed(workspace, work, n))?;
        // Rounded, so that what is stored changes only if the code does.
        let instructions = (instructions / parts).round();
        let allocations = (allocations / parts * 1_000.0).round() / 1_000.0;
        println!("count: {work}: {instructions} instructions, {allocations} allocations");
        counted.insert(format!("{work}: instructions"), instructions);
        counted.insert(format!("{work}: allocations"), allocations);
    }
    let held = |n| printed(workspace, "connection", n);
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

fn instructions(workspace: &Workspace, work: &str, repetitions: usize) -> Result<f64> {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(workspace.release_binary("counting"))
        .args([work, &repetitions.to_string()]);
    let output = command
        .output()
        .context("cannot start valgrind: install Debian's package of that name")?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text
        .lines()
        .find_map(|line| line.split("Collected : ").nth(1));
    let collected = collected.with_context(|| format!("valgrind failed: {text}"))?;
    Ok(collected.trim().parse()?)
}

fn printed(workspace: &Workspace, work: &str, repetitions: usize) -> Result<f64> {
    let output = Command::new(workspace.release_binary("counting"))
        .args([work, &repetitions.to_string()])
        .output()?;
    ensure!(
        output.status.success(),
        "counting {work} failed: {output:?}"
    );
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
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
}
