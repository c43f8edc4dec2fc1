//! Figures about a process, from /proc.

use std::fs;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sample {
    /// User and system time since the process started, in seconds, with a resolution of 10 ms.
    pub(crate) cpu_s: f64,
    pub(crate) rss_kib: u64,
    /// The largest amount of memory that was ever resident.
    pub(crate) peak_kib: u64,
    pub(crate) threads: u64,
}

/// Returns `None` if there is no such process.
pub(crate) fn sample(pid: u32) -> Option<Sample> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    // The name, in parentheses, may contain spaces, so count from its end.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    let field = |name: &str| {
        status
            .lines()
            .find_map(|line| {
                line.strip_prefix(name)?
                    .split_whitespace()
                    .next()?
                    .parse()
                    .ok()
            })
            .unwrap_or(0)
    };
    Some(Sample {
        // USER_HZ is 100 on every supported Linux.
        cpu_s: ticks as f64 / 100.0,
        rss_kib: field("VmRSS:"),
        peak_kib: field("VmHWM:"),
        threads: field("Threads:"),
    })
}
