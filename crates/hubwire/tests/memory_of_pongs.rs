//! The memory of a server for a client that pings and never reads: no more than its bound.
//!
//! This test is alone in its process, because it measures the memory of the whole process.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use hubwire::hub;
use hubwire::protocol::{Opcode, write_masked_frame};
use test_support::in_memory::*;
use test_support::memory::resident;

const MIB: usize = 1024 * 1024;

/// How many pongs of two bytes fill the bound of 1 MiB.
const PONGS: usize = MIB / 2;

const PINGS_AT_ONCE: usize = 5000;

struct SilentHub;

#[hub]
impl SilentHub {}

#[tokio::test(start_paused = true)]
async fn pongs_that_nobody_reads_are_kept_within_the_bound() {
    let server = TestServer::with(SilentHub, |options| options.outbound_buffer_size(MIB));
    let mut client = server.connect().await;
    let mut pings = Vec::new();
    for _ in 0..PINGS_AT_ONCE {
        write_masked_frame(&mut pings, Opcode::Ping, [1, 2, 3, 4], b"");
    }
    client.send_raw(&pings).await.unwrap();
    settle().await;
    let before = resident();
    for _ in 0..2 * PONGS / PINGS_AT_ONCE {
        client.send_raw(&pings).await.unwrap();
        settle().await;
    }
    let kept = server.signalr.statistics().outbound_bytes;
    assert!((MIB..=MIB + 2).contains(&kept), "{kept} bytes are kept");
    let grown = resident().saturating_sub(before);
    assert!(grown < 8 * MIB, "{grown} bytes for 1 MiB of pongs");
}
