//! Filters around streams, of the server and of the client.

use futures_util::stream;
use hubwire::HubError;
use hubwire::filters::HubInvocation;
use serde_json::{Value, json};
use test_support::in_memory::*;
use test_support::log_lines::LogLines;
use tracing::Level;

use super::{Acting, FilteredHub, Noting};

#[tokio::test(start_paused = true)]
async fn a_filter_that_returns_no_stream_is_an_error_in_the_log() {
    let lines = LogLines::written(Level::WARN);
    let server = TestServer::with(FilteredHub(Log::default()), |hub| {
        hub.filter(Acting(|invocation: &mut HubInvocation| {
            Ok(Some(invocation.result(&"no stream")?))
        }))
    });
    let mut client = server.connect().await;
    let call = json!({"type": 4, "invocationId": "s", "target": "Count", "arguments": [1]});
    client.send_record(&call).await.unwrap();
    client.completion("s").await.unwrap_err();
    let line = lines.one_of_a_connection("FilteredHub");
    assert_eq!(line.level, Level::ERROR);
    assert_eq!(line.field("method"), "Count");
    assert!(line.field("error").contains("a filter returned a value"));
}

#[tokio::test(start_paused = true)]
async fn a_stream_begins_when_its_filters_have_returned_it() {
    let log = Log::default();
    let server = TestServer::with(FilteredHub(log.clone()), |hub| {
        hub.filter(Noting("outer", log.clone()))
            .filter(Acting(|invocation: &mut HubInvocation| {
                match invocation.argument::<u32>(0)? {
                    0 => Ok(Some(invocation.result(&"no stream")?)),
                    1 => Err(HubError::new("Only more than one")),
                    7 => Ok(Some(invocation.stream_result(stream::iter(["seven"])))),
                    to => {
                        invocation.replace_argument(0, &(to - 1))?;
                        Ok(None)
                    }
                }
            }))
    });
    let mut client = server.connect().await;
    settle().await;
    log.take();
    let mut streamed = async |to: u32| {
        let call = json!({"type": 4, "invocationId": "s", "target": "Count", "arguments": [to]});
        client.send_record(&call).await.unwrap();
        let mut messages = Vec::new();
        loop {
            messages.push(message(&mut client).await);
            if messages.last().unwrap()["type"] == 3 {
                return messages;
            }
        }
    };
    let completed = json!({"type": 3, "invocationId": "s"});
    let item = |item: Value| json!({"type": 2, "invocationId": "s", "item": item});
    assert_eq!(
        streamed(3).await,
        [item(json!(0)), item(json!(1)), completed.clone()]
    );
    assert_eq!(log.take(), ["outer before Count", "outer after a stream"]);
    assert_eq!(streamed(7).await, [item(json!("seven")), completed]);
    let text = "The value returned by the streaming method 'Count' is not a ChannelReader<> or IAsyncEnumerable<>.";
    assert_eq!(streamed(0).await[0]["error"], text);
    let text = "An unexpected error occurred invoking 'Count' on the server. HubException: Only more than one";
    assert_eq!(streamed(1).await[0]["error"], text);
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_replaced_argument_loses_none_of_the_clients_streams() {
    let server = TestServer::with(FilteredHub(Log::default()), |hub| {
        hub.filter(Acting(|invocation: &mut HubInvocation| {
            invocation.replace_argument(0, &100)?;
            Ok(None)
        }))
    });
    let mut client = server.connect().await;
    let sum: i32 = client.upload("Sum", (1,), [5, 6]).await.unwrap();
    assert_eq!(sum, 111);
    drop(client);
    server.leaves_nothing_behind().await;
}
