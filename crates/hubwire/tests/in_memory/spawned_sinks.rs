//! Streams of a hub that passes their sink to a separate task.

use std::sync::Arc;

use futures_util::StreamExt;
use hubwire::manual::{BindError, Call, Hub, Method, Reply, UntypedClient};
use serde_json::{Value, json};
use test_support::in_memory::*;
use tokio::task::JoinSet;

/// A hub with a stream that is driven by a task, which the method does not wait for.
struct SpawningHub;

impl Hub for SpawningHub {
    type Client = UntypedClient;

    const METHODS: &'static [Method] = &[Method::new("Count", &[], "")];

    fn bind(self: Arc<Self>, _: usize, _: Call<'_, Self>) -> Result<Reply, BindError> {
        Ok(Reply::stream(|sink| async move {
            let mut tasks = JoinSet::new();
            tasks.spawn(async move {
                let numbers = futures_util::stream::iter(0..3).then(|number| async move {
                    pass(seconds(1)).await;
                    number
                });
                sink.send_all(numbers).await
            });
            tasks.detach_all();
            settle().await;
            panic!("it does not wait for its task");
        }))
    }
}

#[tokio::test(start_paused = true)]
async fn no_item_is_sent_after_the_completion() {
    let server = TestServer::new(SpawningHub);
    let mut client = server.connect().await;
    let call = json!({"type": 4, "invocationId": "1", "target": "Count", "arguments": []});
    client.send_record(&call).await.unwrap();
    let completion = message(&mut client).await;
    assert_eq!(completion["type"], 3, "{completion}");
    assert_ne!(completion["error"], Value::Null);
    assert_silent(&mut client, seconds(20)).await;
    drop(client);
    server.leaves_nothing_behind().await;
}
