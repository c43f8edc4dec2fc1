//! A whole session: whatever a client sends behind its handshake, the server stays in order.

use std::time::Duration;

use hubwire::protocol::{HubProtocol, Opcode, write_masked_frame};
use hubwire::testing::TestClient;
use hubwire::{
    CancellationToken, HubCallerContext, HubResult, SignalR, Statistics, Stream, StreamReader, hub,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// How long nothing comes from a server that has sent all.
const SILENCE: Duration = Duration::from_millis(100);

struct SessionHub;

#[hub]
impl SessionHub {
    pub fn echo(&self, text: String) -> String {
        text
    }

    pub fn add(&self, a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }

    pub fn count(&self, count: u8) -> impl Stream<Item = u8> {
        futures_util::stream::iter(0..count)
    }

    pub async fn sum(&self, mut numbers: StreamReader<i32>) -> HubResult<i32> {
        let mut sum = 0_i32;
        while let Some(number) = numbers.next().await {
            sum = sum.wrapping_add(number?);
        }
        Ok(sum)
    }

    pub async fn first(&self, mut numbers: StreamReader<i32>) -> HubResult<Option<i32>> {
        numbers.next().await.transpose()
    }

    pub fn back(&self, texts: StreamReader<String>) -> impl Stream<Item = HubResult<String>> {
        texts
    }

    pub async fn wait(&self, cancel: CancellationToken) {
        cancel.cancelled().await;
    }

    pub async fn ask(&self, cx: &HubCallerContext<Self>) -> HubResult<String> {
        Ok(cx.clients().caller().invoke("Name", ()).await?)
    }
}

/// The first byte chooses the protocol and the size of the pieces in which the rest is sent.
pub fn check(data: &[u8]) {
    let Some((first, messages)) = data.split_first() else {
        return;
    };
    let protocol = match first % 2 {
        0 => HubProtocol::Json,
        _ => HubProtocol::MessagePack,
    };
    let piece = usize::from(first / 2) * 8 + 1;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    let runtime = runtime.expect("a runtime without sockets");
    runtime.block_on(serve(protocol, messages.chunks(piece)));
}

/// Serves one client to its end, after which nothing is left of it.
async fn serve(protocol: HubProtocol, pieces: impl Iterator<Item = &[u8]>) {
    let signalr = SignalR::new();
    let hub = signalr.hub::<SessionHub>().build(SessionHub);
    let mut client = TestClient::open(&hub.endpoint(), None).into_pipe();
    let request = format!(
        "{{\"protocol\":\"{}\",\"version\":1}}\u{1e}",
        protocol.name()
    );
    let mut sent = Vec::new();
    frame(&mut sent, Opcode::Text, request.as_bytes());
    let opcode = match protocol {
        HubProtocol::Json => Opcode::Text,
        HubProtocol::MessagePack => Opcode::Binary,
    };
    // One WebSocket message is as good as many: it may end anywhere.
    for piece in pieces {
        frame(&mut sent, opcode, piece);
    }
    let mut buffer = vec![0; 16 * 1024];
    // The server may close the connection, or stop reading, before all is sent.
    let _ = timeout(SILENCE, client.write_all(&sent)).await;
    while let Ok(Ok(1..)) = timeout(SILENCE, client.read(&mut buffer)).await {}
    drop(client);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(signalr.statistics(), Statistics::default(), "{protocol:?}");
    signalr.shutdown().await;
}

fn frame(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    write_masked_frame(out, opcode, true, [1, 2, 3, 4], payload);
}
