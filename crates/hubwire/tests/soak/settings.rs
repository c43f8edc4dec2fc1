//! Duration, number of clients and bounds: those of the 30 s that `cargo test` runs, or those of
//! `cargo xtask soak`.

use std::collections::hash_map::RandomState;
use std::env;
use std::hash::{BuildHasher, Hasher};
use std::str::FromStr;
use std::time::Duration;

pub(crate) const KIB: usize = 1024;
pub(crate) const MIB: usize = 1024 * KIB;

/// How much the process may grow, whatever hostile peers do; clients and server are one process
/// here.
pub(crate) const NODE_MEMORY: usize = 512 * MIB;

/// How much honest clients may make the server hold, all together.
pub(crate) const BURST_MEMORY: usize = 128 * MIB;

/// Longer than any step takes that does not depend on anybody's speed, however busy the machine
/// is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The settings of one run.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) seed: u64,
    pub(crate) duration: Duration,
    /// The number of honest clients.
    pub(crate) clients: usize,
    /// The time over which what a client is offered is compared with its speed.
    pub(crate) window: Duration,
    /// The server's `transport_progress_timeout`.
    pub(crate) progress_timeout: Duration,
    /// The server's `transport_progress_size`.
    pub(crate) progress_size: usize,
    /// The server's `maximum_outbound_buffer_size`.
    pub(crate) hard_bound: usize,
    /// The highest steady reading speed, in bytes per second.
    pub(crate) fastest: usize,
    /// Whether streams fill the system's buffers for slow clients.
    pub(crate) pulls_fill_system: bool,
}

impl Settings {
    /// Reads the environment: `HUBWIRE_SOAK_SECONDS` runs that long under the product's own
    /// bounds.
    pub(crate) fn from_environment() -> Self {
        let seed = variable("HUBWIRE_SOAK_SEED").unwrap_or_else(any_seed);
        let clients = variable("HUBWIRE_SOAK_CLIENTS").unwrap_or(500);
        match variable("HUBWIRE_SOAK_SECONDS") {
            Some(seconds) => Self::long(seed, clients, Duration::from_secs(seconds)),
            None => Self::short(seed, clients),
        }
    }

    /// Uses bounds of 5 s and 2 MiB in place of 60 s and 32 MiB, and a twelfth of everything that
    /// depends on time.
    ///
    /// In 5 s a client of 10 kB/s takes 50 kB, and its kernel reports them in steps of up to 16
    /// KiB. The number of bytes that it has to take is therefore also a twelfth of the default. If
    /// the system buffers megabytes for it, and they are full, no time limit as short as this
    /// could show that it reads.
    pub(crate) fn short(seed: u64, clients: usize) -> Self {
        Self {
            seed,
            duration: Duration::from_secs(30),
            clients,
            window: Duration::from_secs(10),
            progress_timeout: Duration::from_secs(5),
            progress_size: 64 * KIB / 12,
            hard_bound: 2 * MIB,
            fastest: 200_000,
            pulls_fill_system: false,
        }
    }

    /// Uses the product's defaults.
    pub(crate) fn long(seed: u64, clients: usize, duration: Duration) -> Self {
        Self {
            seed,
            duration,
            clients,
            window: Duration::from_secs(120),
            progress_timeout: Duration::from_secs(60),
            progress_size: 64 * KIB,
            hard_bound: 32 * MIB,
            fastest: 400_000,
            pulls_fill_system: true,
        }
    }

    /// Returns whether there is enough time for everybody in the second group to be ended.
    pub(crate) fn is_long_enough_for_endings(&self) -> bool {
        self.duration >= self.progress_timeout * 3
    }
}

/// Reads a variable; one that is not set, or empty, is `None`.
fn variable<T: FromStr>(name: &str) -> Option<T> {
    let value = env::var(name).ok().filter(|value| !value.is_empty())?;
    let Ok(value) = value.parse() else {
        panic!("{name} is not a number: {value}");
    };
    Some(value)
}

fn any_seed() -> u64 {
    RandomState::new().build_hasher().finish() % 1_000_000
}
