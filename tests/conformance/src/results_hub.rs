//! The hub that invokes its clients for results.

use std::fmt;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::try_join;
use futures_util::{Stream, stream};
use hubwire::manual::One;
use hubwire::{ClientResultError, HubCallerContext, HubContext, HubError, HubResult, Proxy, hub};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::chat_streams::pause;
use crate::dotnet_values::Person;

/// A .NET string, which may be null.
type Text = Option<String>;

/// Invokes clients where this is allowed, in every possible way.
pub(crate) struct ResultsHub {
    outside: HubContext<Self>,
    invokes_in_lifecycle: bool,
    invoking: Mutex<JoinSet<()>>,
}

impl ResultsHub {
    pub(crate) fn new(outside: HubContext<Self>) -> Self {
        Self {
            outside,
            invokes_in_lifecycle: false,
            invoking: Mutex::default(),
        }
    }

    /// Also invokes on connecting, without waiting, and on disconnecting.
    pub(crate) fn with_lifecycle(outside: HubContext<Self>) -> Self {
        Self {
            outside,
            invokes_in_lifecycle: true,
            invoking: Mutex::default(),
        }
    }
}

async fn name_of(client: Proxy<One>, argument: &str) -> Result<Text, ClientResultError> {
    client.invoke("GetName", (argument,)).await
}

/// Returns the result, or the error, in .NET's words.
async fn report<T: fmt::Display>(
    result: impl Future<Output = Result<T, ClientResultError>>,
) -> String {
    match result.await {
        Ok(value) => format!("result {value}"),
        Err(error) => {
            let error = HubError::from(error);
            format!("{}: {error}", error.type_name())
        }
    }
}

async fn report_name(client: Proxy<One>, argument: &str) -> String {
    report(async { Ok(name_of(client, argument).await?.unwrap_or_default()) }).await
}

fn milliseconds(count: i32) -> Duration {
    Duration::from_millis(count.try_into().unwrap_or_default())
}

#[hub]
impl ResultsHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) {
        if !self.invokes_in_lifecycle {
            return;
        }
        let client = self.outside.clients().client(cx.connection_id());
        let mut invoking = self.invoking.lock().unwrap_or_else(PoisonError::into_inner);
        while invoking.try_join_next().is_some() {}
        invoking.spawn(async move {
            let result = report_name(client.clone(), "who?").await;
            // A client that is gone need not be told.
            let _ = client.send("Answered", (result,)).await;
        });
    }

    async fn on_disconnected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        if self.invokes_in_lifecycle {
            let result = report_name(cx.clients().caller(), "still there?").await;
            let others = cx.clients().others();
            others.send("AskedOnDisconnect", (result,)).await?;
        }
        Ok(())
    }

    pub fn who_am_i(&self, cx: &HubCallerContext<Self>) -> String {
        cx.connection_id().to_string()
    }

    pub fn echo(&self, value: Text) -> Text {
        value
    }

    pub async fn delay(&self, milliseconds: i32, value: Text) -> Text {
        pause(milliseconds).await;
        value
    }

    pub async fn ask_name(&self, cx: &HubCallerContext<Self>) -> HubResult<Text> {
        Ok(name_of(cx.clients().caller(), "who?").await?)
    }

    pub async fn ask_number(&self, cx: &HubCallerContext<Self>) -> HubResult<i32> {
        Ok(cx.clients().caller().invoke("GetNumber", ()).await?)
    }

    pub async fn ask_person(&self, cx: &HubCallerContext<Self>) -> HubResult<Option<Person>> {
        Ok(cx.clients().caller().invoke("GetPerson", ()).await?)
    }

    pub async fn ask_object(&self, cx: &HubCallerContext<Self>) -> HubResult<Value> {
        Ok(cx.clients().caller().invoke("GetObject", ()).await?)
    }

    pub async fn ask_client(&self, cx: &HubCallerContext<Self>, id: Text) -> String {
        match id {
            Some(id) => report_name(cx.clients().client(id), "who?").await,
            None => {
                "ArgumentNullException: Value cannot be null. (Parameter 'connectionId')".to_owned()
            }
        }
    }

    pub async fn ask_client_number(&self, cx: &HubCallerContext<Self>, id: String) -> String {
        report::<i32>(cx.clients().client(id).invoke("GetNumber", ())).await
    }

    pub async fn ask_from_outside(&self, id: String) -> String {
        report_name(self.outside.clients().client(id), "who?").await
    }

    pub async fn ask_in_time(&self, cx: &HubCallerContext<Self>, id: String, limit: i32) -> String {
        let client = cx.clients().client(id);
        report_name(client.with_timeout(milliseconds(limit)), "quick!").await
    }

    pub async fn ask_in_time_uncaught(
        &self,
        cx: &HubCallerContext<Self>,
        limit: i32,
    ) -> HubResult<Text> {
        let client = cx.clients().caller().with_timeout(milliseconds(limit));
        Ok(name_of(client, "quick!").await?)
    }

    pub async fn ask_cancelled(&self, cx: &HubCallerContext<Self>) -> String {
        let client = cx.clients().caller().with_timeout(Duration::ZERO);
        report_name(client, "never?").await
    }

    pub async fn ask_while_connected(&self, cx: &HubCallerContext<Self>) -> String {
        report_name(cx.clients().caller(), "who?").await
    }

    pub async fn ask_two(&self, cx: &HubCallerContext<Self>) -> HubResult<String> {
        let client = || cx.clients().caller();
        let both = try_join(name_of(client(), "first"), name_of(client(), "second"));
        let (first, second) = both.await?;
        let text = Option::unwrap_or_default;
        Ok(format!("{}+{}", text(first), text(second)))
    }

    pub async fn ask_then_delay(
        &self,
        cx: &HubCallerContext<Self>,
        milliseconds: i32,
    ) -> HubResult<Text> {
        let name = name_of(cx.clients().caller(), "who?").await?;
        pause(milliseconds).await;
        Ok(name)
    }

    pub fn ask_stream(
        &self,
        cx: &HubCallerContext<Self>,
        count: i32,
    ) -> impl Stream<Item = HubResult<Text>> {
        stream::unfold((cx, 0), move |(cx, number)| async move {
            if number >= count {
                return None;
            }
            let name = name_of(cx.clients().caller(), &number.to_string()).await;
            Some((name.map_err(HubError::from), (cx, number + 1)))
        })
    }
}

/// Invokes where it is not allowed: in the hook for new connections.
pub(crate) struct ResultsConnectHub;

#[hub]
impl ResultsConnectHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        name_of(cx.clients().caller(), "who?").await?;
        Ok(())
    }
}
