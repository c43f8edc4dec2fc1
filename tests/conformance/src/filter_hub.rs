//! The hub inside the recorded filters.

use futures_util::{Stream, StreamExt, stream};
use hubwire::{DisconnectReason, HubCallerContext, HubResult, StreamReader, hub};

use crate::throwing_hubs::invalid_operation;

/// A hub with methods that are named after what the innermost filter does to them.
pub(crate) struct FilterHub;

#[hub]
impl FilterHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        Ok(cx.clients().caller().send("OnConnected", ()).await?)
    }

    async fn on_disconnected(
        &self,
        cx: &HubCallerContext<Self>,
        _: &DisconnectReason,
    ) -> HubResult {
        Ok(cx.clients().others().send("OnDisconnected", ()).await?)
    }

    pub fn echo(&self, value: String) -> String {
        value
    }

    pub fn nothing(&self) {}

    #[authorize]
    pub fn secret(&self) -> &'static str {
        "secret"
    }

    pub fn short_circuit(&self, value: String) -> String {
        value
    }

    pub fn throw_before(&self, value: String) -> String {
        value
    }

    pub fn throw_plain_before(&self, value: String) -> String {
        value
    }

    pub fn throw_after(&self, value: String) -> String {
        value
    }

    pub fn replace(&self, value: String) -> String {
        value
    }

    pub fn wrong_count(&self, value: String) -> String {
        value
    }

    pub fn wrong_type(&self, value: String) -> String {
        value
    }

    pub fn wrong_result(&self, value: i32) -> i32 {
        value
    }

    pub fn null_result(&self, value: String) -> String {
        value
    }

    pub fn void_with_result(&self) {}

    pub fn swallow(&self) -> HubResult<String> {
        Err(invalid_operation("method boom"))
    }

    pub fn rethrow(&self) -> HubResult<String> {
        Err(invalid_operation("method boom"))
    }

    pub fn arguments(&self, value: String) -> impl Stream<Item = String> {
        stream::iter([value])
    }

    pub fn stream(&self, count: u32) -> impl Stream<Item = u32> {
        stream::iter(0..count)
    }

    pub fn stream_short_circuit(&self, count: u32) -> impl Stream<Item = u32> {
        stream::iter(0..count)
    }

    pub fn stream_throw_before(&self, count: u32) -> impl Stream<Item = u32> {
        stream::iter(0..count)
    }

    pub fn stream_replaced(&self, count: u32) -> impl Stream<Item = u32> {
        stream::iter(0..count)
    }

    pub async fn upload(&self, numbers: StreamReader<i32>) -> HubResult<i32> {
        let numbers: Vec<_> = numbers.collect().await;
        numbers.into_iter().sum::<Result<i32, _>>()
    }
}
