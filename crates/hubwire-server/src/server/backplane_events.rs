//! What the backplane reports, handed to the hub that it is for.

use std::sync::Arc;

use futures_util::StreamExt;
use hubwire_core::{Backplane, BackplaneEvent};

use super::hubs::Hubs;

/// Hands on what arrives, as long as the backplane reports anything.
pub(super) async fn receive(backplane: Arc<dyn Backplane>, hubs: Arc<Hubs>) {
    let mut events = backplane.events();
    while let Some(event) = events.next().await {
        match event {
            BackplaneEvent::Received(channel, envelope) => {
                if let Some(hub) = hubs.find(&channel.hub) {
                    hub.lifetime().receive_envelope(&channel.subject, envelope);
                    // As every sender: what comes faster than it is written stays with the backplane.
                    hub.lifetime().flushers().relieved().await;
                }
            }
            other => tracing::warn!(target: "hubwire::backplane", ?other, "the link changed"),
        }
    }
}
