//! Passing backplane events to the hubs that they are for.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use hubwire_core::{Backplane, BackplaneEvent};

use super::hubs::Hubs;
use crate::node::{Guarded, guarded, guarded_step};
use crate::outbound::Pace;

/// How long the backplane is left alone after a panic, which keeps it from filling the log.
const AFTER_A_PANIC: Duration = Duration::from_secs(1);

/// Passes events on for as long as the backplane reports any.
pub(super) async fn receive(backplane: Arc<dyn Backplane>, hubs: Arc<Hubs>) {
    loop {
        if let Some(events) = guarded_step("the backplane", || backplane.events())
            && receive_all(events, &hubs).await == End::Reported
        {
            tracing::error!(target: "hubwire::backplane", "the backplane reports nothing more: no other node is heard");
            return;
        }
        // A stream that has panicked may have nothing more to report, but a new one may.
        tokio::time::sleep(AFTER_A_PANIC).await;
    }
}

/// How the stream of events ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Panicked,
    Reported,
}

async fn receive_all(events: BoxStream<'static, BackplaneEvent>, hubs: &Hubs) -> End {
    let mut events = Guarded::new(events);
    loop {
        let next = poll_fn(|cx| match events.get_mut() {
            Some(events) => guarded(|| events.poll_next_unpin(cx))
                .map_or_else(|panic| Poll::Ready(Err(panic)), |event| event.map(Ok)),
            None => Poll::Ready(Ok(None)),
        });
        match next.await {
            Ok(Some(event)) => receive_event(event, hubs).await,
            Ok(None) => return End::Reported,
            Err(panic) => {
                panic.log("the events of the backplane");
                return End::Panicked;
            }
        }
    }
}

/// Processes an event; a panic in one event must not prevent the next.
async fn receive_event(event: BackplaneEvent, hubs: &Hubs) {
    match event {
        BackplaneEvent::Received(channel, envelope) => {
            let Some(hub) = hubs.find(&channel.hub) else {
                return;
            };
            let pace = guarded_step("a message of another node", || {
                hub.lifetime().receive_envelope(&channel.subject, envelope)
            });
            if pace == Some(Pace::GiveWay) {
                tokio::task::yield_now().await;
            }
            // As for every sender: messages that arrive faster than they are written stay in the
            // backplane.
            hub.lifetime().flushers().relieved().await;
        }
        other => {
            guarded_step("the log of the backplane's link", || {
                tracing::warn!(target: "hubwire::backplane", ?other, "the link changed");
            });
        }
    }
}
