//! A message is encoded only in the protocols of its receivers.

use std::collections::BTreeMap;

use hubwire::protocol::{Opcode, write_masked_frame};
use hubwire::testing::TestClient;
use hubwire::{HubCallerContext, HubResult, hub};
use test_support::in_memory::*;
use tokio::io::{AsyncWriteExt, DuplexStream};

struct KeysHub {
    log: Log,
}

#[hub]
impl KeysHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        self.log.note(cx.connection_id().to_string());
        Ok(())
    }
}

async fn messagepack(server: &TestServer<KeysHub>) -> DuplexStream {
    let mut pipe = TestClient::open(&server.endpoint, None).into_pipe();
    let handshake = b"{\"protocol\":\"messagepack\",\"version\":1}\x1e";
    let mut frame = Vec::new();
    write_masked_frame(&mut frame, Opcode::Text, [0; 4], handshake);
    pipe.write_all(&frame).await.unwrap();
    settle().await;
    pipe
}

/// Keys that are not text cannot be written in JSON, but in MessagePack.
#[tokio::test(start_paused = true)]
async fn messages_that_only_messagepack_can_encode_reach_clients_that_use_it() {
    let log = Log::default();
    let server = TestServer::new(KeysHub { log: log.clone() });
    let pipe = messagepack(&server).await;
    let id = log.take().remove(0);
    let points = BTreeMap::from([((1, 2), "a point")]);
    let clients = server.context().clients();
    clients
        .client(&id)
        .send("Points", (&points,))
        .await
        .unwrap();
    clients.all().send("Points", (&points,)).await.unwrap();
    drop(pipe);
}
