//! The only timer of a server: pings, client timeouts, slow clients and the expiry of negotiated
//! ids.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use hubwire_core::EncodedMessage;
use hubwire_protocol::{HubProtocol, Transport};
use tokio::time::MissedTickBehavior;

use super::hubs::Hubs;
use super::metrics::Measured;
use crate::connection::{Connection, DisconnectReason};
use crate::endpoint::ConnectionTable;
use crate::hub::{HubRuntime, say_the_rest_of_responses};
use crate::node::{Node, guarded_step, guarded_step_of};
use crate::outbound::Flushers;

/// ASP.NET Core's heartbeat: everything it does may be late by this much.
const PERIOD: Duration = Duration::from_secs(1);

/// Sweeps until the node is dropped.
pub(super) async fn run(
    node: Weak<Node>,
    table: Arc<ConnectionTable>,
    hubs: Arc<Hubs>,
    flushers: Arc<Flushers>,
) {
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sweeps = 0_u64;
    loop {
        ticks.tick().await;
        let Some(node) = node.upgrade() else {
            return;
        };
        sweeps += 1;
        node.tick();
        let now = node.now();
        guarded_step("the sweep", || {
            let expired = table.expire(now);
            let limits = node.limits();
            limits.negotiated_id_timeout.count_many(expired.negotiated);
            limits.ended_token_timeout.count_many(expired.ended);
            limits.say_the_rest(now);
            say_the_rest_of_responses();
            node.drops().say_the_rest(now);
        });
        guarded_step("the log of panics", || node.say_the_rest_of_panics());
        // Created for this sweep only, to hold nothing while there are no clients.
        let pings = [HubProtocol::Json, HubProtocol::MessagePack].map(|it| (it, ping(it)));
        let mut measured = Measured::default();
        let hubs = hubs.all();
        for hub in &hubs {
            guarded_step("the sweep", || hub.say_the_rest(now));
            let connections = hub.lifetime().connections();
            connections.for_each(|connection| {
                guarded_step_of(connection.whose(), "the sweep of a connection", || {
                    check(hub, connection, &pings, now, sweeps);
                });
                measured.add(connection);
            });
        }
        measured.pass_on(&node, &flushers, &hubs);
    }
}

fn check(
    hub: &HubRuntime,
    connection: &Arc<Connection>,
    pings: &[(HubProtocol, EncodedMessage)],
    now: u64,
    sweeps: u64,
) {
    // Distributes the checks over different seconds.
    let position = connection.position().load(Ordering::Relaxed) as u64;
    let turn = position.wrapping_add(sweeps);
    connection.outbound().check_progress(now, turn);
    let is_polling = connection.transport() == Transport::LongPolling;
    if is_polling && connection.outbound().is_absent_for_too_long(now) {
        // Its session may take a while to end.
        if !connection.has_lost_transport() {
            hub.node().limits().disconnect_timeout.count();
        }
        connection.end_absence();
    }
    if connection.expiry() <= now {
        connection.end(DisconnectReason::AuthenticationExpired);
    }
    let clock = connection.clock();
    if clock.timed_out(now, hub.options().client_timeout_interval) {
        // Its session may take a while to end.
        if !connection.has_ended() {
            hub.node().limits().client_timeout.count();
        }
        connection.end(DisconnectReason::ClientTimedOut);
    } else if !is_polling
        && clock.ping_due(now, hub.options().keep_alive_interval)
        && !connection.outbound().is_stalled()
    {
        let protocol = connection.protocol();
        if let Some((_, ping)) = pings.iter().find(|(it, _)| *it == protocol) {
            let _ = connection.outbound().offer(ping);
        }
    }
}

fn ping(protocol: HubProtocol) -> EncodedMessage {
    let mut payload = Vec::new();
    protocol.writer(&mut payload).ping();
    EncodedMessage::new(protocol, payload)
}
