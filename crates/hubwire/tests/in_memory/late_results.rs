//! The timeout of a client result includes the time that its invocation waits in the queue.

use hubwire::{HubCallerContext, hub};
use test_support::in_memory::*;
use tokio::time::Instant;

const KIB: usize = 1024;

struct AskedHub {
    log: Log,
}

#[hub]
impl AskedHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) {
        self.log.note(cx.connection_id().to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn the_timeout_runs_while_the_invocation_waits_for_room() {
    let log = Log::default();
    let server = TestServer::with(AskedHub { log: log.clone() }, |options| {
        options.outbound_buffer_size(16 * KIB)
    });
    let client = server.connect().await;
    settle().await;
    let id = log.take().remove(0);
    let clients = server.context().clients();
    for _ in 0..20 {
        let all = clients.all();
        all.send("News", ("x".repeat(10 * KIB),)).await.unwrap();
    }
    let begun = Instant::now();
    let asked = clients.client(id.as_str()).with_timeout(seconds(1));
    let result = asked.invoke::<String, _>("Confirm", ()).await;
    assert!(result.is_err(), "the client does not respond");
    assert_elapsed(begun, 1.0..=1.1);
    drop(client);
    server.leaves_nothing_behind().await;
}
