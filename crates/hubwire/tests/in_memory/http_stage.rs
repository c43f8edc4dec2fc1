//! A hub for clients of event streams and long polling.

use futures_util::{Stream, stream};
use hubwire::protocol::Transport;
use hubwire::{DisconnectReason, HubBuilder, HubCallerContext, HubEndpoint, hub};
use serde_json::{Value, json};
use test_support::http_client::record;
use test_support::in_memory::*;

pub(crate) struct StageHub {
    gate: Gate,
    log: Log,
}

#[hub]
impl StageHub {
    async fn on_disconnected(&self, _cx: &HubCallerContext<Self>, reason: &DisconnectReason) {
        self.log.note(reason.to_string());
    }

    pub fn echo(&self, text: String) -> String {
        text
    }

    pub fn note(&self, text: String) {
        self.log.note(text);
    }

    pub async fn wait(&self) -> &'static str {
        self.gate.passed().await;
        "waited"
    }

    pub fn abort(&self, cx: &HubCallerContext<Self>) {
        cx.abort();
    }

    pub fn transport(&self, cx: &HubCallerContext<Self>) -> &'static str {
        let transport: Transport = cx.transport();
        transport.name()
    }

    pub fn user(&self, cx: &HubCallerContext<Self>) -> Option<String> {
        cx.user_id().map(ToString::to_string)
    }

    pub fn role(&self, cx: &HubCallerContext<Self>) -> Option<String> {
        cx.principal()?.claim("role").map(ToOwned::to_owned)
    }

    pub fn role_at_first(&self, cx: &HubCallerContext<Self>) -> Option<String> {
        let user = cx.request().principal()?;
        user.claim("role").map(ToOwned::to_owned)
    }

    pub fn items(&self, count: usize) -> impl Stream<Item = String> {
        stream::iter((0..count).map(|number| format!("{number:01024}")))
    }
}

pub(crate) struct Stage {
    pub(crate) server: TestServer<StageHub>,
    pub(crate) endpoint: HubEndpoint,
    pub(crate) gate: Gate,
    pub(crate) log: Log,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(|hub| hub, |endpoint| endpoint)
    }

    pub(crate) fn with(
        hub: impl FnOnce(HubBuilder<StageHub>) -> HubBuilder<StageHub>,
        endpoint: impl FnOnce(HubEndpoint) -> HubEndpoint,
    ) -> Self {
        let (gate, log) = (Gate::closed(), Log::default());
        let stage_hub = StageHub {
            gate: gate.clone(),
            log: log.clone(),
        };
        let server = TestServer::with(stage_hub, hub);
        Self {
            endpoint: endpoint(server.endpoint.clone()),
            server,
            gate,
            log,
        }
    }

    /// Sends a text to every client.
    pub(crate) async fn broadcast(&self, text: &str) {
        let all = self.server.context().clients().all();
        all.send("Text", (text,)).await.unwrap();
    }

    /// Checks that the only connection ended, at the latest when calls are no longer waited for.
    pub(crate) async fn only_one_ended(&self) {
        pass(seconds(31)).await;
        assert_eq!(self.log.take().len(), 1);
        self.server.leaves_nothing_behind().await;
    }

    /// Checks why the only connection ended, and that nothing is left of it.
    pub(crate) async fn ended(&self, reason: &str) {
        settle().await;
        assert_eq!(self.log.take(), [reason]);
        self.server.leaves_nothing_behind().await;
    }
}

/// The record of a call with an id.
pub(crate) fn call(id: &str, target: &str, arguments: &Value) -> String {
    record(&json!({"type": 1, "invocationId": id, "target": target, "arguments": arguments}))
}

/// The record of a call without an id.
pub(crate) fn send(target: &str, arguments: &Value) -> String {
    record(&json!({"type": 1, "target": target, "arguments": arguments}))
}

pub(crate) fn completed(id: &str, result: impl Into<Value>) -> Value {
    json!({"type": 3, "invocationId": id, "result": result.into()})
}

/// The message by which [`Stage::broadcast`] arrives.
pub(crate) fn text(text: &str) -> Value {
    json!({"type": 1, "target": "Text", "arguments": [text]})
}
