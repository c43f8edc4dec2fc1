//! Clients that leave while a method does not read their upload, and the messages after it.

use hubwire::testing::{Received, TestClient};
use hubwire::{DisconnectReason, HubCallerContext, HubResult, StreamReader, hub};
use serde_json::json;
use test_support::in_memory::*;

struct UploadsHub {
    log: Log,
}

#[hub]
impl UploadsHub {
    async fn on_disconnected(&self, _cx: &HubCallerContext<Self>, reason: &DisconnectReason) {
        self.log.note(format!("{reason:?}"));
    }

    pub fn note(&self, text: String) {
        self.log.note(text);
    }

    pub async fn wait_and_note(&self, text: String) {
        pass(seconds(20)).await;
        self.log.note(text);
    }

    pub async fn never_end(&self) {
        std::future::pending::<()>().await;
    }

    pub async fn sum(&self, mut numbers: StreamReader<i32>) -> HubResult {
        let mut sum = 0;
        while let Some(number) = numbers.next().await {
            sum += number?;
        }
        self.log.note(sum.to_string());
        Ok(())
    }

    /// Reads the second stream before the first.
    pub async fn second_first(&self, mut first: StreamReader<i32>, mut second: StreamReader<i32>) {
        let mut ends = Vec::new();
        for numbers in [&mut second, &mut first] {
            let mut count = 0;
            let end = loop {
                match numbers.next().await {
                    Some(Ok(_)) => count += 1,
                    Some(Err(error)) => break error.to_string(),
                    None => break "its end".to_owned(),
                }
            };
            ends.push(format!("{count} until {end}"));
        }
        self.log.note(ends.join(", "));
    }
}

fn server() -> (TestServer<UploadsHub>, Log) {
    let log = Log::default();
    (TestServer::new(UploadsHub { log: log.clone() }), log)
}

async fn call(client: &mut TestClient, target: &str, streams: &[&str]) {
    let call = json!({"type": 1, "target": target, "arguments": [], "streamIds": streams});
    client.send_record(&call).await.unwrap();
}

async fn items(client: &mut TestClient, id: &str, count: i32) {
    for number in 0..count {
        let item = json!({"type": 2, "invocationId": id, "item": number});
        client.send_record(&item).await.unwrap();
    }
}

async fn note(client: &mut TestClient, text: &str) {
    client.send("Note", (text,)).await.unwrap();
}

/// The ways to leave.
#[derive(Clone, Copy, Debug)]
enum Goodbye {
    CloseFrame,
    CloseMessage,
    None,
}

const CLOSED: &str = "The underlying connection was closed.";

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_with_a_full_stream_is_gone_at_once() {
    for goodbye in [Goodbye::None, Goodbye::CloseFrame, Goodbye::CloseMessage] {
        let (server, log) = server();
        let mut client = server.connect().await;
        call(&mut client, "SecondFirst", &["a", "b"]).await;
        items(&mut client, "a", 12).await;
        settle().await;
        match goodbye {
            Goodbye::CloseFrame => client.close().await.unwrap(),
            Goodbye::CloseMessage => client.send_record(&json!({"type": 7})).await.unwrap(),
            Goodbye::None => {}
        }
        drop(client);
        settle().await;
        let reason = match goodbye {
            Goodbye::CloseMessage => "ClientClosed",
            _ => "TransportClosed",
        };
        let ends = format!("0 until {CLOSED}, 10 until {CLOSED}");
        assert_eq!(log.take(), [reason.to_owned(), ends], "{goodbye:?}");
        server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn calls_after_a_full_stream_are_still_run() {
    let (server, log) = server();
    let mut client = server.connect().await;
    call(&mut client, "SecondFirst", &["a", "b"]).await;
    items(&mut client, "a", 12).await;
    items(&mut client, "b", 3).await;
    note(&mut client, "behind").await;
    client.close().await.unwrap();
    assert_eq!(next(&mut client).await, Received::Closed(Some(1000)));
    settle().await;
    let ends = format!("3 until {CLOSED}, 10 until {CLOSED}");
    assert_eq!(log.take(), ["behind", "TransportClosed", &ends]);
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn an_upload_of_a_client_that_leaves_at_once_is_read_completely() {
    let (server, log) = server();
    let mut client = server.connect().await;
    call(&mut client, "Sum", &["a"]).await;
    items(&mut client, "a", 1_000).await;
    let end = json!({"type": 3, "invocationId": "a"});
    client.send_record(&end).await.unwrap();
    client.close().await.unwrap();
    drop(client);
    settle().await;
    let mut notes = log.take();
    notes.sort();
    assert_eq!(notes, ["499500", "TransportClosed"]);
    server.leaves_nothing_behind().await;
}

/// A call that waits for one that never ends keeps a connection only as long as a client may be silent.
#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_with_a_waiting_call_is_gone_after_the_client_timeout() {
    for says_goodbye in [false, true] {
        let (server, log) = server();
        let mut client = server.connect().await;
        client.send("NeverEnd", ()).await.unwrap();
        note(&mut client, "never run").await;
        pass(seconds(100)).await;
        if says_goodbye {
            client.close().await.unwrap();
        }
        drop(client);
        pass(seconds(29)).await;
        assert_eq!(log.take(), [""; 0]);
        pass(seconds(3)).await;
        assert_eq!(log.take(), ["TransportClosed"]);
        server.signalr.shutdown().await;
        server.leaves_nothing_behind().await;
    }
}

/// Calls that are only slow are still run.
#[tokio::test(start_paused = true)]
async fn calls_that_end_in_time_are_run_for_a_client_that_has_left() {
    let (server, log) = server();
    let mut client = server.connect().await;
    for text in ["1", "2", "3"] {
        client.send("WaitAndNote", (text,)).await.unwrap();
    }
    client.close().await.unwrap();
    drop(client);
    pass(seconds(70)).await;
    // The connection ends when no call waits any more; the last call ends by itself.
    assert_eq!(log.take(), ["1", "2", "TransportClosed", "3"]);
    server.leaves_nothing_behind().await;
}
