//! Every form of client result.
#![deny(missing_docs, unreachable_pub, warnings)]

use std::borrow::Cow;
use std::time::Duration;

use futures_util::StreamExt;
use hubwire::manual::{ClientResults, Many, One};
use hubwire::{ClientResultError, ConnectionId, hub_client};
use serde::Deserialize;

mod chat {
    use super::*;

    #[derive(Deserialize)]
    pub(crate) struct Choice {
        pub(crate) text: String,
    }

    #[hub_client]
    pub(crate) trait ChatClient {
        /// Documented.
        fn confirm(&self, question: String) -> bool;
        fn choose(&self, question: &str, among: &[Cow<'_, str>]) -> Option<Choice>;
        fn named<'a>(&self, question: &'a str) -> (u32, Vec<String>);
        #[hub(name = "time")]
        fn invoke(&self) -> u64;
        fn push(&self, invoking: u8, sending: u8);
        // The names that the expansion itself uses.
        fn clash(&self, invoking: u8, sending: u8, proxy: u8) -> u8;
        #[cfg(any())]
        fn missing(&self) -> Missing;
    }

    #[hub_client]
    pub(crate) trait Timed {
        fn with_timeout(&self, seconds: u32) -> u32;
    }
}

use chat::{Choice, ChatClientProxy, TimedProxy};

async fn invoke_one(proxy: ChatClientProxy<One>) -> Result<String, ClientResultError> {
    let proxy = proxy.with_timeout(Duration::from_secs(1));
    let _: bool = proxy.confirm("Really?".to_owned()).await?;
    let _: u64 = proxy.invoke().await?;
    let _: bool = proxy.as_ref().invoke("Confirm", ("untyped",)).await?;
    let (_, _) = proxy.named(&String::from("borrowed")).await?;
    proxy.push(1, 2).await?;
    proxy.clash(1, 2, 3).await?;
    let question = String::from("borrowed");
    let choice = proxy.choose(&question, &["a".into()]).await?;
    Ok(choice.map_or_else(String::new, |Choice { text }| text))
}

async fn invoke_many(proxy: ChatClientProxy<Many>) -> Result<usize, ClientResultError> {
    let proxy = proxy.with_timeout(Duration::from_secs(1));
    let mut results: ClientResults<bool> = proxy.confirm("Really?".to_owned())?;
    let _: Option<(ConnectionId, Result<bool, ClientResultError>)> = results.next().await;
    let results = {
        let question = String::from("borrowed");
        proxy.choose(&question, &["a".into()])?
    };
    proxy.push(1, 2).await?;
    drop(proxy.clash(1, 2, 3)?);
    Ok(results.count().await)
}

async fn invoke_timed(proxy: TimedProxy<One>) -> Result<u32, ClientResultError> {
    proxy.with_timeout(3).await
}

fn assert_send<P, F: Future + Send>(_: fn(P) -> F) {}

fn main() {
    assert_send(invoke_one);
    assert_send(invoke_many);
    assert_send(invoke_timed);
}
