//! The hub for .NET's injected parameters, which are fields here, and for cancellation tokens.

use futures_util::{Stream, StreamExt};
use hubwire::{CancellationToken, HubCallerContext, HubResult, StreamReader, hub};

use crate::chat_streams::{numbers, numbers_until, pause};

/// A .NET string, which may be null.
type Text = Option<String>;

/// Greets as .NET's services do.
pub(crate) struct ServicesHub {
    greeting: &'static str,
}

impl ServicesHub {
    pub(crate) fn new() -> Self {
        Self { greeting: "hello" }
    }

    fn greet(&self, name: Text) -> String {
        format!("{} {}", self.greeting, name.unwrap_or_default())
    }
}

#[hub]
impl ServicesHub {
    pub fn implicit(&self, name: Text) -> String {
        self.greet(name)
    }

    pub fn implicit_last(&self, name: Text) -> String {
        self.greet(name)
    }

    pub fn explicit(&self, name: Text) -> String {
        self.greet(name)
    }

    pub fn several(&self, name: Text) -> String {
        self.greet(name)
    }

    pub fn provider(&self) -> &'static str {
        "a provider"
    }

    pub async fn upload(&self, mut names: StreamReader<Text>) -> HubResult<String> {
        let mut all = Vec::new();
        while let Some(name) = names.next().await {
            all.push(self.greet(name?));
        }
        Ok(all.join(", "))
    }

    #[hub(name = "Stream")]
    pub fn greetings(&self, count: i32) -> impl Stream<Item = String> {
        numbers(count, 0).map(|number| self.greet(Some(number.to_string())))
    }

    pub fn echo(&self, value: Text) -> Text {
        value
    }

    pub fn token(&self, value: Text, _token: CancellationToken) -> String {
        format!("{}, can be cancelled", value.unwrap_or_default())
    }

    pub fn token_first(&self, _token: CancellationToken, value: Text) -> Text {
        value
    }

    pub async fn upload_token(
        &self,
        numbers: StreamReader<i32>,
        _token: CancellationToken,
    ) -> HubResult<i32> {
        crate::chat_streams::first(numbers).await
    }

    pub async fn until_aborted(
        &self,
        cx: &HubCallerContext<Self>,
        milliseconds: i32,
    ) -> HubResult<&'static str> {
        let aborted = cx.connection_aborted();
        if aborted
            .run_until_cancelled(pause(milliseconds))
            .await
            .is_some()
        {
            return Ok("not aborted");
        }
        cx.clients().others().send("Aborted", ()).await?;
        Ok("aborted")
    }

    pub fn stream_no_token(&self, count: i32, delay_ms: i32) -> impl Stream<Item = i32> {
        numbers(count, delay_ms)
    }

    pub fn stream_token_in_the_middle(
        &self,
        count: i32,
        token: CancellationToken,
        delay_ms: i32,
    ) -> impl Stream<Item = i32> {
        numbers_until(count, delay_ms, token)
    }
}
