//! Clients that leave, or are disconnected, while `on_connected` still runs and waits for its token.

use hubwire::testing::{ClientTransport, TestClient};
use hubwire::{HubBuilder, HubCallerContext, HubResult, hub};
use serde_json::json;
use test_support::in_memory::*;
use tokio::time::Instant;

const KIB: usize = 1024;

/// A hub whose `on_connected` ends when the connection does.
struct WaitingHub {
    log: Log,
}

#[hub]
impl WaitingHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        self.log.note("connected");
        cx.connection_aborted().cancelled().await;
        self.log.note("aborted");
        Ok(())
    }

    async fn on_disconnected(&self, _cx: &HubCallerContext<Self>) {
        self.log.note("disconnected");
    }

    pub fn echo(&self, text: String) -> String {
        text
    }
}

fn server(
    configure: impl FnOnce(HubBuilder<WaitingHub>) -> HubBuilder<WaitingHub>,
) -> (TestServer<WaitingHub>, Log) {
    let log = Log::default();
    let hub = WaitingHub { log: log.clone() };
    (TestServer::with(hub, configure), log)
}

/// Sends a handshake, and then more than may wait for the hub.
async fn fill<T: ClientTransport>(client: &mut TestClient<T>) {
    let handshake = json!({"protocol": "json", "version": 1});
    client.send_record(&handshake).await.unwrap();
    settle().await;
    for _ in 0..3 {
        let call = json!({"type": 1, "target": "Echo", "arguments": ["x".repeat(24 * KIB)]});
        client.send_record(&call).await.unwrap();
    }
    settle().await;
}

/// Fills the inbox of a client's connection, and then drops the client.
async fn assert_noticed<T: ClientTransport>(
    (server, log): (TestServer<WaitingHub>, Log),
    open: impl FnOnce(&TestServer<WaitingHub>) -> TestClient<T>,
) {
    let mut client = open(&server);
    fill(&mut client).await;
    assert_eq!(log.take(), ["connected"]);
    drop(client);
    pass(seconds(120)).await;
    assert_eq!(log.take(), ["aborted", "disconnected"]);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_pulled_client_that_leaves_with_a_full_inbox_is_noticed() {
    let open = |server: &TestServer<_>| TestClient::open_pulled(&server.endpoint, None);
    assert_noticed(server(|options| options), open).await;
}

#[tokio::test(start_paused = true)]
async fn a_web_socket_that_is_lost_with_a_full_inbox_is_noticed_by_a_ping() {
    assert_noticed(server(|options| options), TestServer::open).await;
}

/// Otherwise the hook could keep the unread messages for as long as it likes.
#[tokio::test(start_paused = true)]
async fn a_client_that_is_disconnected_cancels_the_token_of_on_connected() {
    let (server, log) = server(|options| {
        options
            .outbound_buffer_size(16 * KIB)
            .maximum_outbound_buffer_size(64 * KIB)
    });
    let mut client = server.open();
    let handshake = json!({"protocol": "json", "version": 1});
    client.send_record(&handshake).await.unwrap();
    settle().await;
    assert_eq!(log.take(), ["connected"]);
    for _ in 0..30 {
        let all = server.context().clients().all();
        all.send("News", ("x".repeat(10 * KIB),)).await.unwrap();
        settle().await;
    }
    pass(seconds(120)).await;
    assert_eq!(log.take(), ["aborted", "disconnected"]);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn the_shutdown_cancels_the_token_of_on_connected() {
    let (server, log) = server(|options| options);
    let mut client = server.open();
    let handshake = json!({"protocol": "json", "version": 1});
    client.send_record(&handshake).await.unwrap();
    settle().await;
    assert_eq!(log.take(), ["connected"]);
    let begun = Instant::now();
    server.signalr.shutdown().await;
    // The client does not return the Close.
    assert_elapsed(begun, 0.0..=10.1);
    assert_eq!(log.take(), ["aborted", "disconnected"]);
    server.leaves_nothing_behind().await;
}
