//! Code that tests share: servers in memory and on sockets, their clients, farms, and their faults.

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "only tests use it"
)]
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

pub mod any_transport;
pub mod bare_web_socket;
pub mod bombs;
pub mod client;
pub mod each_event;
pub mod farm;
pub mod handed_over;
pub mod http2;
pub mod http2_frames;
pub mod http_client;
pub mod hubs;
pub mod in_memory;
pub mod journal;
pub mod lifecycle;
pub mod line;
pub mod log_lines;
pub mod members;
pub mod memory;
pub mod open_files;
pub mod packed;
pub mod recorded;
pub mod requests;
pub mod spans;
pub mod tls;
pub mod way_out;
