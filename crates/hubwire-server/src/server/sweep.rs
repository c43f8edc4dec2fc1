//! The one timer of a server: pings, client timeouts and the expiry of negotiated ids.

use std::sync::{Arc, Weak};
use std::time::Duration;

use hubwire_core::EncodedMessage;
use hubwire_protocol::HubProtocol;
use tokio::time::MissedTickBehavior;

use super::{HubRuntime, Server};
use crate::connection::{Connection, EndReason};

/// ASP.NET Core's heartbeat: everything it does is up to this much late.
const PERIOD: Duration = Duration::from_secs(1);

/// Sweeps until the server is gone.
pub(super) async fn run(server: Weak<Server>) {
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let pings = [HubProtocol::Json, HubProtocol::MessagePack].map(|it| (it, ping(it)));
    loop {
        ticks.tick().await;
        let Some(server) = server.upgrade() else {
            return;
        };
        let now = server.clock().now();
        server.table().expire(now);
        server.limits().say_the_rest(now);
        for hub in server.hubs() {
            let connections = hub.lifetime().connections();
            connections.for_each(|connection| check(&hub, connection, &pings, now));
        }
    }
}

fn check(
    hub: &HubRuntime,
    connection: &Arc<Connection>,
    pings: &[(HubProtocol, EncodedMessage)],
    now: u64,
) {
    let clock = connection.clock();
    if clock.timed_out(now, hub.options().client_timeout_interval) {
        connection.end(EndReason::ClientTimedOut);
    } else if clock.ping_due(now, hub.options().keep_alive_interval)
        && !connection.outbound().is_refused()
    {
        let protocol = connection.protocol();
        if let Some((_, ping)) = pings.iter().find(|(it, _)| *it == protocol) {
            let _ = connection.offer(ping);
        }
    }
}

fn ping(protocol: HubProtocol) -> EncodedMessage {
    let mut payload = Vec::new();
    protocol.writer(&mut payload).ping();
    EncodedMessage::new(protocol, &payload)
}
