//! The hub that everybody connects to.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use hubwire::{
    DisconnectReason, HubCallerContext, HubContext, HubError, HubResult, Stream, hub, hub_client,
};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::numbered::{Filler, Source};
use crate::plan::Feed;
use crate::scene::Scene;

/// How long a method blocks its thread.
const BLOCKED: Duration = Duration::from_millis(200);

/// The size of what the third group requests.
const LARGE: usize = 1_000_000;

#[hub_client]
pub(crate) trait SoakClient {
    fn push(&self, label: &str, filler: Filler);
}

pub(crate) struct SoakHub {
    scene: Arc<Scene>,
    blocked: Vec<Mutex<Source>>,
}

impl SoakHub {
    pub(crate) fn new(scene: Arc<Scene>) -> Self {
        let plans = scene.plan.blocked.iter();
        let blocked = plans.map(|plan| Mutex::new(Source::new(plan, scene.seed())));
        Self {
            blocked: blocked.collect(),
            scene,
        }
    }
}

/// Returns the name of the peer: `honest17`, or `flooded3.2` for the third connection of a place.
fn peer(cx: &HubCallerContext<SoakHub>) -> &str {
    let query = cx.request().query();
    query.strip_prefix("peer=").unwrap_or_default()
}

#[hub(client = SoakClient)]
impl SoakHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        let peer = peer(cx);
        let plan = &self.scene.plan;
        if let Some(number) = peer.strip_prefix("honest") {
            let number = number.parse()?;
            let groups = plan.groups.iter().chain(&plan.peaks).chain(&plan.blocked);
            for group in groups.filter(|group| group.hearers.contains(&number)) {
                cx.groups().add(cx.connection_id(), &group.label).await?;
            }
        } else {
            let name = peer.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
            cx.groups().add(cx.connection_id(), name).await?;
        }
        self.scene.note_connected(peer, cx.connection_id().clone());
        Ok(())
    }

    async fn on_disconnected(&self, cx: &HubCallerContext<Self>, reason: &DisconnectReason) {
        self.scene.note_ended(peer(cx), reason.clone());
    }

    /// Sends to a group, if that may be sent to, and then blocks its thread.
    pub async fn block(&self, cx: &HubCallerContext<Self>, number: usize) -> HubResult {
        let mut source = self.blocked[number].lock().await;
        if let Some(message) = source.try_next() {
            self.scene.note_sent(&source.plan.label, source.sent());
            let group = cx.clients().group(&source.plan.label);
            group.push(&message.label, message.filler).await?;
        }
        #[expect(clippy::disallowed_methods, reason = "the test needs a blocked thread")]
        std::thread::sleep(BLOCKED);
        Ok(())
    }

    /// Streams numbered items until the run is over; a pulled stream lasts for a window.
    pub fn feed(&self, number: usize) -> HubResult<impl Stream<Item = (String, Filler)>> {
        let scene = Arc::clone(&self.scene);
        let feed = scene
            .plan
            .feeds
            .iter()
            .find(|(client, _)| *client == number);
        let (_, plan) = feed.ok_or_else(|| HubError::new("no feed"))?;
        let source = Source::new(plan, scene.seed());
        let kind = scene.plan.clients[number].feed;
        let until = Instant::now() + scene.plan.settings.window;
        Ok(stream::unfold(
            (scene, source),
            move |(scene, mut source)| async move {
                let message = match kind {
                    Feed::Pulled if Instant::now() > until || scene.sent_all.is_cancelled() => {
                        return None;
                    }
                    Feed::Pulled => source.small(),
                    _ => tokio::select! {
                        biased;
                        () = scene.sent_all.cancelled() => return None,
                        message = source.next() => message,
                    },
                };
                scene.note_sent(&source.plan.label, source.sent());
                Some(((message.label, message.filler), (scene, source)))
            },
        ))
    }

    /// Returns a large result.
    pub fn large(&self) -> Filler {
        Filler(LARGE)
    }
}

pub(crate) type Context = HubContext<SoakHub>;
