//! How long, how many, and within which bounds: of the 30 s that `cargo test` runs, or as `cargo xtask soak` says.

use std::collections::hash_map::RandomState;
use std::env;
use std::hash::{BuildHasher, Hasher};
use std::str::FromStr;
use std::time::Duration;

pub(crate) const KIB: usize = 1024;
pub(crate) const MIB: usize = 1024 * KIB;

/// What the process may grow by, whatever hostile peers do: clients and server are one process here.
pub(crate) const NODE_MEMORY: usize = 512 * MIB;

/// What honest clients may make the server hold, all together.
pub(crate) const BURST_MEMORY: usize = 128 * MIB;

/// What no step takes that waits for nobody's speed, however busy the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// One run.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) seed: u64,
    pub(crate) duration: Duration,
    /// How many honest clients there are.
    pub(crate) clients: usize,
    /// The time over which what a client is offered is held against its speed.
    pub(crate) window: Duration,
    /// The server's `transport_progress_timeout`.
    pub(crate) progress_timeout: Duration,
    /// The server's `transport_progress_size`.
    pub(crate) progress_size: usize,
    /// The server's `maximum_outbound_buffer_size`.
    pub(crate) hard_bound: usize,
    /// The fastest of those who read steadily, in bytes for each second.
    pub(crate) fastest: usize,
    /// Whether streams fill what the system keeps for slow clients.
    pub(crate) pulls_fill_system: bool,
}

impl Settings {
    /// As the environment says: `HUBWIRE_SOAK_SECONDS` runs that long under the product's own bounds.
    pub(crate) fn from_environment() -> Self {
        let seed = variable("HUBWIRE_SOAK_SEED").unwrap_or_else(any_seed);
        let clients = variable("HUBWIRE_SOAK_CLIENTS").unwrap_or(500);
        match variable("HUBWIRE_SOAK_SECONDS") {
            Some(seconds) => Self::long(seed, clients, Duration::from_secs(seconds)),
            None => Self::short(seed, clients),
        }
    }

    /// Bounds of 5 s and 2 MiB in place of 60 s and 32 MiB, and all that depends on time a twelfth.
    ///
    /// In 5 s a client of 10 kB/s takes 50 kB, and its kernel tells of them in steps of up to 16 KiB: so what it
    /// has to take is a twelfth of the default, too. Where the system keeps megabytes for it, and they are full, no bound
    /// on time as short as this could tell that it reads.
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

    /// The product's defaults.
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

    /// Whether there is time enough for everybody of the second group to be ended.
    pub(crate) fn is_long_enough_for_endings(&self) -> bool {
        self.duration >= self.progress_timeout * 3
    }
}

/// A variable that is not set, or set to nothing, is none.
fn variable<T: FromStr>(name: &str) -> Option<T> {
    let value = env::var(name).ok().filter(|value| !value.is_empty())?;
    let Ok(value) = value.parse() else {
        panic!("{name} is no number: {value}");
    };
    Some(value)
}

fn any_seed() -> u64 {
    RandomState::new().build_hasher().finish() % 1_000_000
}
