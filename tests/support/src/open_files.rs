//! How many files the process may have open, its sockets among them.

use std::fs;
use std::process::{Command, id};

/// Asks for so many; on many systems fewer are allowed until somebody asks.
pub fn allow_open_files(count: u32) {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let allowed = line.and_then(|line| line.split_whitespace().next()?.parse::<u32>().ok());
    if allowed.is_some_and(|allowed| allowed < count) {
        let asked = Command::new("prlimit")
            .args(["--pid", &id().to_string(), &format!("--nofile={count}:")])
            .status();
        assert!(
            asked.is_ok_and(|status| status.success()),
            "{count} open files are needed: ulimit -n {count}"
        );
    }
}
