//! Every form of client method, and the types that replace the trait.
#![deny(missing_docs, unreachable_pub, warnings)]

use std::borrow::Cow;

use hubwire::manual::{HubClient, Many, One};
use hubwire::{Proxy, Reach, SendError, hub_client};
use serde::Serialize;

mod chat {
    use super::*;

    #[derive(Serialize)]
    pub(crate) struct Message {
        pub(crate) text: String,
    }

    /// Chats.
    #[hub_client]
    pub(crate) trait ChatClient {
        /// A message arrived.
        fn receive_message(&self, message: Message);
        fn user_joined(&self, connection_id: &str, room: &str);
        fn nothing(self: &Self);
        fn unnamed(&self, _: u8, _: u8);
        fn borrowed<'a>(&self, names: &'a [Cow<'a, str>], others: Cow<'_, str>);
        #[hub(name = "say")]
        fn send(&self, text: &str);
        #[cfg(any())]
        fn missing(&self, missing: Missing);
    }
}

use chat::{ChatClient, ChatClientProxy, Message};

async fn call_all<R: Reach>(proxy: ChatClientProxy<R>) -> Result<(), SendError> {
    proxy.receive_message(Message { text: String::new() }).await?;
    proxy.user_joined("id", &String::from("room")).await?;
    proxy.nothing().await?;
    proxy.unnamed(1, 2).await?;
    proxy.borrowed(&["a".into()], "b".into()).await?;
    proxy.send("typed").await?;
    proxy.as_ref().send("Untyped", ("text", 1)).await?;
    let untyped: &Proxy<R> = &proxy;
    untyped.send("Untyped", ()).await
}

fn assert_send<F: Future + Send>(_: fn(ChatClientProxy<One>) -> F) {}

fn assert_handle<T: Clone + std::fmt::Debug + From<Proxy<Many>> + Send + Sync + 'static>() {}

fn assert_marker<T: Copy + std::fmt::Debug + HubClient<Proxy<Many> = ChatClientProxy<Many>>>() {}

fn main() {
    assert_send(call_all);
    assert_handle::<ChatClientProxy<Many>>();
    assert_marker::<ChatClient>();
}
