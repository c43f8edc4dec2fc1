//! What the backplane reports, handed to the hub that it is for.

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

/// How long the backplane is left alone after it has panicked, so that it fills no log.
const AFTER_A_PANIC: Duration = Duration::from_secs(1);

/// Hands on what arrives, as long as the backplane reports anything.
pub(super) async fn receive(backplane: Arc<dyn Backplane>, hubs: Arc<Hubs>) {
    loop {
        if let Some(events) = guarded_step("the backplane", || backplane.events())
            && receive_all(events, &hubs).await == End::Reported
        {
            tracing::error!(target: "hubwire::backplane", "the backplane reports nothing more: no other node is heard");
            return;
        }
        // One that has panicked may have nothing more to say, but another one may.
        tokio::time::sleep(AFTER_A_PANIC).await;
    }
}

/// How events ended.
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

/// What is wrong with an event is no reason to miss the next.
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
            // As every sender: what comes faster than it is written stays with the backplane.
            hub.lifetime().flushers().relieved().await;
        }
        other => {
            guarded_step("the log of the backplane's link", || {
                tracing::warn!(target: "hubwire::backplane", ?other, "the link changed");
            });
        }
    }
}
