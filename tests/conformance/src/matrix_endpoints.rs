//! The hubs of the client matrix and of the tests with proxies that neither transcripts nor SignalR's own
//! tests need.

use std::time::Duration;

use axum::Router;
use hubwire::{MapHub, SignalR};

use crate::authentication::with_users;
use crate::busy_hub::BusyHub;
use crate::contracts_hub::ContractsHub;
use crate::members_hub::MembersHub;
use crate::test_hub::TestHub;

/// What may be queued for one client of the hub for busy clients, in bytes.
const QUEUE: usize = 16 * 1024;

/// Returns the routes.
pub(crate) fn router(signalr: &SignalR) -> Router {
    let contracts = signalr.hub().detailed_errors(true).build(ContractsHub);
    let busy = signalr.hub().outbound_buffer_size(QUEUE).build(BusyHub);
    let frequent = signalr
        .hub()
        .name("FrequentHub")
        .keep_alive_interval(Duration::from_secs(2));
    let frequent = frequent.build(TestHub).endpoint();
    let members = signalr.hub().build(MembersHub).endpoint();
    with_users([("/members", members)])
        .map_hub("/contracts", contracts.endpoint())
        .map_hub("/busy", busy.endpoint())
        .map_hub("/frequent", frequent.poll_timeout(Duration::from_secs(2)))
}
