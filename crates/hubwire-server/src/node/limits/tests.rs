//! What the documentation says about limits: the table with each limit's metric, and the alert.

use std::collections::BTreeSet;

use super::{Consequence, Limits, ServeLimits};
use crate::node::METRICS;

const ARCHITECTURE: &str = include_str!("../../../../../ARCHITECTURE.md");
const OPERATING: &str = include_str!("../../../../../docs/operating.md");

/// Limits of the system and of the HTTP library, which tell nobody when they are hit, and those
/// whose hits nobody notices.
const NOT_COUNTED: [&str; 4] = [
    "connections that wait to be accepted (`listen`)",
    "requests of an HTTP/2 connection at the same time; bytes that its client may send ahead of each",
    "the reason of a `Disconnect` (`Disconnect::MAXIMUM_REASON_SIZE`)",
    "text from a client that an error or the log repeats (`Excerpt`)",
];

/// Returns the first and the last cell of each row in the table of limits.
fn rows() -> Vec<(&'static str, &'static str)> {
    let (_, section) = ARCHITECTURE.split_once("\n## Limits\n").unwrap();
    let rows = section
        .lines()
        .skip_while(|line| !line.starts_with("| ---"))
        .skip(1)
        .take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [limit, _default, _consequence, metric] = cells[..] else {
            panic!("a row of {} cells: {row}", cells.len());
        };
        (limit, metric)
    })
    .collect()
}

/// Returns the names in a cell, which are all that is in it.
#[track_caller]
fn names(cell: &'static str) -> Vec<&'static str> {
    let names = cell.split(", ").map(|name| {
        let name = name.strip_prefix('`').and_then(|it| it.strip_suffix('`'));
        name.unwrap_or_else(|| panic!("{cell} is no list of names"))
    });
    names.collect()
}

/// The names of all limits, each with the consequence of hitting it.
fn all() -> impl Iterator<Item = &'static (&'static str, Consequence)> {
    Limits::ALL.iter().chain(ServeLimits::ALL)
}

#[test]
fn each_limit_of_the_table_has_a_metric_and_each_counted_limit_is_in_the_table() {
    let counted: BTreeSet<_> = all().map(|(name, _)| *name).collect();
    assert_eq!(
        counted.len(),
        all().count(),
        "two limits have the same name"
    );
    let mut documented = BTreeSet::new();
    for (limit, metric) in rows() {
        assert_eq!(metric == "-", NOT_COUNTED.contains(&limit), "{limit}");
        if metric == "-" {
            continue;
        }
        for name in names(metric) {
            if METRICS.iter().any(|metric| metric.name == name) {
                continue;
            }
            assert!(counted.contains(name), "nothing counts: {limit}");
            documented.insert(name);
        }
    }
    assert_eq!(documented, counted);
}

/// An option is called the same everywhere.
#[test]
fn a_limit_with_an_option_has_its_name() {
    for (limit, metric) in rows() {
        if metric.starts_with("`hubwire.") {
            continue;
        }
        let options = limit.split('`').skip(1).step_by(2);
        let options = options.map(|it| it.rsplit("::").next().unwrap_or(it));
        for option in options.filter(|it| it.starts_with(|first: char| first.is_lowercase())) {
            if option == "listen" {
                continue;
            }
            assert!(names(metric).contains(&option), "{option} of {limit}");
        }
    }
}

#[test]
fn the_alert_leaves_out_exactly_what_is_routine() {
    let routine = all().filter(|(_, consequence)| *consequence == Consequence::Routine);
    let mut routine: Vec<_> = routine.map(|(name, _)| *name).collect();
    routine.sort_unstable();
    let alert = format!(
        "hubwire_limit_hits_total{{limit!~\"{}\"}}",
        routine.join("|")
    );
    assert!(OPERATING.contains(&alert), "{alert}");
}
