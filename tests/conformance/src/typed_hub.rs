//! A hub with a typed proxy for its clients, and one that inherits from it.

use hubwire::{HubCallerContext, HubResult, hub, hub_client};
use serde_json::Value;

use crate::dotnet_values::{Mood, Person};

/// The methods that these hubs call on their clients.
#[hub_client]
pub(crate) trait TypedClient {
    fn receive_message(&self, user: &str, message: &str);
    fn receive_message_async(&self, message: &str);
    fn no_arguments(&self);
    fn with_token(&self, message: &str);
    fn spread(&self, values: &[Value]);
    fn typed(&self, person: &Person, mood: Mood);
    #[hub(name = "renamed-client")]
    fn original_name(&self, message: &str);
    fn get_name(&self, greeting: &str) -> Option<String>;
    fn get_number_async(&self) -> i32;
}

/// Calls every method of its client.
pub(crate) struct TypedHub;

#[hub(client = TypedClient)]
impl TypedHub {
    pub fn who_am_i(&self, cx: &HubCallerContext<Self>) -> String {
        cx.connection_id().to_string()
    }

    pub async fn plain(&self, cx: &HubCallerContext<Self>) -> HubResult {
        let caller = cx.clients().caller();
        Ok(caller.receive_message("ann", "hello").await?)
    }

    pub async fn to_all(&self, cx: &HubCallerContext<Self>) -> HubResult {
        let all = cx.clients().all();
        Ok(all.receive_message("ann", "to all").await?)
    }

    pub async fn name_with_async(&self, cx: &HubCallerContext<Self>) -> HubResult {
        let caller = cx.clients().caller();
        Ok(caller.receive_message_async("hello").await?)
    }

    pub async fn no_arguments(&self, cx: &HubCallerContext<Self>) -> HubResult {
        Ok(cx.clients().caller().no_arguments().await?)
    }

    pub async fn with_token(&self, cx: &HubCallerContext<Self>) -> HubResult {
        Ok(cx.clients().caller().with_token("hello").await?)
    }

    pub async fn spread(&self, cx: &HubCallerContext<Self>) -> HubResult {
        let values = [1.into(), "two".into(), Value::Null];
        Ok(cx.clients().caller().spread(&values).await?)
    }

    pub async fn typed(&self, cx: &HubCallerContext<Self>) -> HubResult {
        let person = Person::named("Ann");
        Ok(cx.clients().caller().typed(&person, Mood(2)).await?)
    }

    pub async fn renamed(&self, cx: &HubCallerContext<Self>) -> HubResult {
        Ok(cx.clients().caller().original_name("hello").await?)
    }

    pub async fn ask_name(&self, cx: &HubCallerContext<Self>) -> HubResult<Option<String>> {
        Ok(cx.clients().caller().get_name("who?").await?)
    }

    pub async fn ask_number(&self, cx: &HubCallerContext<Self>) -> HubResult<i32> {
        Ok(cx.clients().caller().get_number_async().await?)
    }

    pub async fn echo_async(&self, value: Option<String>) -> Option<String> {
        value
    }

    #[hub(name = "with space, and é")]
    pub fn odd_name(&self) -> &'static str {
        "odd"
    }

    pub fn overridden(&self) -> &'static str {
        "base"
    }
}

/// The methods of an inheriting hub that are called: its own and some of its base's.
pub(crate) struct TypedChildHub;

#[hub(client = TypedClient)]
impl TypedChildHub {
    pub fn overridden(&self) -> &'static str {
        "child"
    }

    pub fn inherited(&self) -> &'static str {
        "child only"
    }

    pub fn who_am_i(&self, cx: &HubCallerContext<Self>) -> String {
        cx.connection_id().to_string()
    }

    #[hub(name = "with space, and é")]
    pub fn odd_name(&self) -> &'static str {
        "odd"
    }
}
