//! The allowed dependencies. A change of the architecture is a change of this file.

use super::graph::Package;

/// The crates of this workspace and what each may use.
pub(super) const CRATES: &[Row] = &[
    Row {
        crates: Crates::Published("hubwire-protocol"),
        may_use: &[],
        tests_may_use: &["fuzz-properties", "hubwire"],
        libraries: Libraries::Only(&[
            "base64",
            "chrono",
            "jiff",
            "memchr",
            "rmp",
            "rust_decimal",
            "serde",
            "serde_json",
            "serde_path_to_error",
            "stacker",
        ]),
        never_reaches: &[RUNTIMES, HTTP],
    },
    Row {
        crates: Crates::Published("hubwire-core"),
        may_use: &["hubwire-protocol"],
        tests_may_use: &["hubwire"],
        libraries: Libraries::Any,
        never_reaches: &[RUNTIMES, HTTP],
    },
    Row {
        crates: Crates::Published("hubwire-macros"),
        may_use: &[],
        tests_may_use: &["hubwire"],
        libraries: Libraries::Only(&["proc-macro2", "quote", "syn"]),
        never_reaches: &[RUNTIMES, HTTP],
    },
    Row {
        crates: Crates::Published("hubwire-server"),
        may_use: &["hubwire-core", "hubwire-protocol"],
        tests_may_use: &["hubwire"],
        libraries: Libraries::Any,
        never_reaches: &[],
    },
    Row {
        crates: Crates::Published("hubwire-auth"),
        may_use: &["hubwire-server"],
        tests_may_use: &["hubwire"],
        libraries: Libraries::Any,
        never_reaches: &[],
    },
    Row {
        crates: Crates::Published("hubwire"),
        may_use: &[
            "hubwire-auth",
            "hubwire-core",
            "hubwire-macros",
            "hubwire-protocol",
            "hubwire-server",
        ],
        tests_may_use: &["fuzz-properties", "test-support"],
        libraries: Libraries::Any,
        never_reaches: &[],
    },
    Row {
        crates: Crates::Under("apps/"),
        may_use: &["hubwire"],
        tests_may_use: &["test-support"],
        libraries: Libraries::Any,
        never_reaches: &[],
    },
    Row {
        crates: Crates::Under("examples/"),
        may_use: &["hubwire"],
        tests_may_use: &["test-support"],
        libraries: Libraries::Any,
        never_reaches: &[],
    },
    Row {
        crates: Crates::Under("bench/"),
        may_use: &["hubwire"],
        tests_may_use: &[],
        libraries: Libraries::Any,
        never_reaches: &[],
    },
    Row {
        crates: Crates::Under("tests/fuzz-properties"),
        may_use: &["hubwire", "hubwire-protocol"],
        tests_may_use: &[],
        libraries: Libraries::Any,
        never_reaches: &[],
    },
    Row {
        crates: Crates::Under("tests/"),
        may_use: &["hubwire"],
        tests_may_use: &[],
        libraries: Libraries::Any,
        never_reaches: &[],
    },
    Row {
        crates: Crates::Under("xtask"),
        may_use: &[],
        tests_may_use: &[],
        libraries: Libraries::Any,
        never_reaches: &[],
    },
];

/// The rooms of `hubwire-server`, its top-level modules, from the top down, and what each may use.
pub(super) const ROOMS: &[Room] = &[
    Room {
        name: "testing",
        may_use: &[
            "server",
            "endpoint",
            "session",
            "transport",
            "dispatch",
            "handler",
            "hub",
            "lifetime",
            "connection",
            "outbound",
            "node",
        ],
    },
    Room {
        name: "serve",
        may_use: &["server", "transport", "outbound", "node"],
    },
    Room {
        name: "listen",
        may_use: &[],
    },
    Room {
        name: "shutdown_signal",
        may_use: &[],
    },
    Room {
        name: "server",
        may_use: &[
            "endpoint",
            "session",
            "handler",
            "hub",
            "lifetime",
            "connection",
            "outbound",
            "node",
        ],
    },
    Room {
        name: "endpoint",
        may_use: &[
            "session",
            "transport",
            "handler",
            "hub",
            "lifetime",
            "connection",
            "outbound",
            "node",
        ],
    },
    Room {
        name: "session",
        may_use: &[
            "transport",
            "dispatch",
            "handler",
            "hub",
            "lifetime",
            "connection",
            "outbound",
            "node",
        ],
    },
    Room {
        name: "transport",
        may_use: &["outbound", "node"],
    },
    Room {
        name: "dispatch",
        may_use: &["hub", "lifetime", "connection", "outbound", "node"],
    },
    Room {
        name: "handler",
        may_use: &["connection", "outbound", "node"],
    },
    Room {
        name: "hub",
        may_use: &["lifetime", "connection", "outbound", "node"],
    },
    Room {
        name: "lifetime",
        may_use: &["connection", "outbound", "node"],
    },
    Room {
        name: "connection",
        may_use: &["outbound", "node"],
    },
    Room {
        name: "outbound",
        may_use: &["node"],
    },
    Room {
        name: "node",
        may_use: &[],
    },
];

const RUNTIMES: &[&str] = &["async-std", "mio", "smol", "tokio"];

const HTTP: &[&str] = &[
    "axum",
    "axum-core",
    "h2",
    "http",
    "http-body",
    "httparse",
    "hyper",
    "hyper-util",
    "reqwest",
    "tower-http",
];

/// What some crates of this workspace may use.
pub(super) struct Row {
    pub(super) crates: Crates,
    /// Crates of this workspace.
    pub(super) may_use: &'static [&'static str],
    /// Crates of this workspace, in tests only, besides `may_use`.
    pub(super) tests_may_use: &'static [&'static str],
    /// Direct dependencies from outside.
    pub(super) libraries: Libraries,
    /// Packages that must not be among its dependencies at any depth.
    pub(super) never_reaches: &'static [&'static [&'static str]],
}

/// One room of `hubwire-server`.
pub(super) struct Room {
    /// The module's name.
    pub(super) name: &'static str,
    /// Rooms further down, tests included.
    pub(super) may_use: &'static [&'static str],
}

/// The crates that a [`Row`] is about.
#[derive(Clone, Copy)]
pub(super) enum Crates {
    /// The crate of this name, which users depend on.
    Published(&'static str),
    /// All crates with a folder that begins with this; nothing depends on them.
    Under(&'static str),
}

/// The packages from outside that a crate may name in its manifest, except for tests.
#[derive(Clone, Copy)]
pub(super) enum Libraries {
    Any,
    Only(&'static [&'static str]),
}

impl Row {
    /// Returns whether this row is about `package`.
    pub(super) fn is_about(&self, package: &Package) -> bool {
        match (self.crates, package.folder()) {
            (Crates::Published(name), Some(_)) => name == package.name(),
            (Crates::Under(prefix), Some(folder)) => folder.starts_with(prefix),
            (_, None) => false,
        }
    }
}
