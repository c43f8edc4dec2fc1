//! A client that goes is noticed where its methods are busy too, and no more of it is read.

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

/// A server that takes long messages, and keeps 64 KiB for each client before it waits.
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

    /// Checks what the hub has noted since the only client went, in any order, and that nothing is left.
    async fn ends_within(&self, time: Duration, notes: &[&str]) {
        pass(time).await;
        settle().await;
        let mut noted = self.log.take();
        noted.sort();
        assert_eq!(noted, notes);
        self.server.leaves_nothing_behind().await;
    }
}

/// Sends more than a session reads ahead, behind a call that ends with its connection, and goes.
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
async fn who_leaves_behind_a_busy_call_is_noticed_by_its_transport_or_by_a_ping() {
    let it = fixture();
    let notes = ["TransportClosed", "aborted"];
    for says_goodbye in [false, true] {
        let pulled = it.pulled().await;
        leave_behind_a_busy_call(pulled, says_goodbye).await;
        it.ends_within(Duration::ZERO, &notes).await;
        // A socket that is not read is only noticed by whoever writes to it.
        let web_socket = it.server.connect().await;
        leave_behind_a_busy_call(web_socket, says_goodbye).await;
        it.ends_within(seconds(16), &notes).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_leaves_without_its_completions_is_noticed_at_once() {
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
