//! A client that leaves while its methods are busy and no more of its input is read is noticed.

use std::time::Duration;

use hubwire::testing::{ClientTransport, PulledTransport, TestClient};
use hubwire::{DisconnectReason, HubCallerContext, hub};
use test_support::in_memory::*;

const KIB: usize = 1024;

struct BusyHub {
    log: Log,
}

#[hub]
impl BusyHub {
    async fn on_disconnected(&self, _cx: &HubCallerContext<Self>, reason: &DisconnectReason) {
        self.log.note(format!("{reason:?}"));
    }

    pub fn echo(&self, text: String) -> String {
        text
    }

    /// Ends with its connection.
    pub async fn outlast(&self, cx: &HubCallerContext<Self>) {
        cx.connection_aborted().cancelled().await;
        self.log.note("aborted");
    }
}

struct Fixture {
    server: TestServer<BusyHub>,
    log: Log,
}

/// A server that accepts long messages, and queues 64 KiB for each client before it waits.
fn fixture() -> Fixture {
    let log = Log::default();
    let server = TestServer::with(BusyHub { log: log.clone() }, |options| {
        options
            .outbound_buffer_size(64 * KIB)
            .maximum_receive_message_size(None)
    });
    Fixture { server, log }
}

impl Fixture {
    async fn pulled(&self) -> TestClient<PulledTransport> {
        TestClient::connect_pulled(&self.server.endpoint)
            .await
            .unwrap()
    }

    /// Checks the hub's notes, in any order, after the only client left, and that nothing is left.
    async fn ends_within(&self, time: Duration, notes: &[&str]) {
        pass(time).await;
        settle().await;
        let mut noted = self.log.take();
        noted.sort();
        assert_eq!(noted, notes);
        self.server.leaves_nothing_behind().await;
    }
}

/// Makes a call that ends with its connection, sends more than a session reads ahead, and leaves.
async fn leave_behind_a_busy_call(
    mut client: TestClient<impl ClientTransport>,
    says_goodbye: bool,
) {
    client.start("Outlast", ()).await.unwrap();
    client.start("Echo", ("waits",)).await.unwrap();
    let long = "x".repeat(70 * KIB);
    client.send("Echo", (long,)).await.unwrap();
    settle().await;
    if says_goodbye {
        client.close().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_during_a_busy_call_is_noticed_by_its_transport_or_by_a_ping() {
    let it = fixture();
    let notes = ["TransportClosed", "aborted"];
    for says_goodbye in [false, true] {
        let pulled = it.pulled().await;
        leave_behind_a_busy_call(pulled, says_goodbye).await;
        it.ends_within(Duration::ZERO, &notes).await;
        // The end of a socket that is not being read is noticed only by writing to it.
        let web_socket = it.server.connect().await;
        leave_behind_a_busy_call(web_socket, says_goodbye).await;
        it.ends_within(seconds(16), &notes).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_without_its_completions_is_noticed_at_once() {
    let it = fixture();
    let mut client = it.pulled().await;
    client.leave();
    for _ in 0..4 {
        let text = "x".repeat(60 * KIB);
        client.start("Echo", (text,)).await.unwrap();
    }
    settle().await;
    drop(client);
    it.ends_within(Duration::ZERO, &["TransportClosed"]).await;
}
