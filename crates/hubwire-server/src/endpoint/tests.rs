//! Connections over a byte stream that panics, which no session can end cleanly.

use std::future::ready;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use hubwire_core::UntypedClient;
use hubwire_protocol::{BindError, Opcode, write_masked_frame};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex};

use super::*;
use crate::connection::{ConnectionRequest, NameIdentifierUserIdProvider};
use crate::hub::{Call, Hub, HubCallerContext, HubResult, HubRuntime, Method, Reply, TypedHub};
use crate::lifetime::DisconnectCount;
use crate::lifetime::tests::lifetime;
use crate::node::HubOptions;
use crate::transport::Socket;

/// A pipe that panics when it is shut down, and when it is dropped.
struct Broken(DuplexStream);

impl AsyncRead for Broken {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Broken {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        panic!("a broken stream");
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "a broken stream");
    }
}

/// Stores a value with each connection.
struct KeepingHub {
    kept: Arc<()>,
}

impl Hub for KeepingHub {
    type Client = UntypedClient;
    const METHODS: &'static [Method] = &[];

    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        cx.items().insert(Arc::clone(&self.kept));
        Ok(())
    }

    fn bind(self: Arc<Self>, _: usize, _: Call<'_, Self>) -> Result<Reply, BindError> {
        Ok(Reply::unknown_method())
    }
}

struct Stage {
    hub: Arc<HubRuntime>,
    table: Arc<ConnectionTable>,
    kept: Arc<()>,
    client: DuplexStream,
}

impl Stage {
    /// Creates a server with one connection that has completed its handshake.
    async fn connected() -> Self {
        let kept = Arc::new(());
        let hub = KeepingHub {
            kept: Arc::clone(&kept),
        };
        let hub = Arc::new(HubRuntime::new(
            "keeping".into(),
            Arc::new(TypedHub::new(hub)),
            KeepingHub::METHODS,
            HubOptions::default(),
            Arc::new(lifetime()),
            Arc::new(NameIdentifierUserIdProvider),
        ));
        let table = Arc::new(ConnectionTable::new(None));
        let endpoint = HubEndpoint::new(
            Arc::clone(&hub),
            Arc::clone(&table),
            Arc::default(),
            Access::default(),
        );
        let (client, far_end) = duplex(1_000);
        let socket = Socket::of_other(Box::new(Broken(far_end)), Bytes::new(), None);
        let attached = Attached::fresh(&endpoint, None, DisconnectCount::default());
        let slot = Arc::clone(attached.slot());
        let request = ConnectionRequest::default();
        let session = open_web_socket(&endpoint, &attached, request, socket);
        spawn_session(&hub, &slot, ready(Some((attached, session))));
        let mut stage = Self {
            hub,
            table,
            kept,
            client,
        };
        let handshake = b"{\"protocol\":\"json\",\"version\":1}\x1e";
        stage.send(Opcode::Text, handshake).await;
        assert_eq!(stage.left(), (1, 1, 3));
        stage
    }

    async fn send(&mut self, opcode: Opcode, payload: &[u8]) {
        let mut frame = Vec::new();
        write_masked_frame(&mut frame, opcode, [1, 2, 3, 4], payload);
        self.client.write_all(&frame).await.unwrap();
        settle().await;
    }

    /// Returns the numbers of connections, of tokens, and of holders of the hub's stored value.
    fn left(&self) -> (usize, usize, usize) {
        let connections = self.hub.lifetime().connections().len();
        let holders = Arc::strong_count(&self.kept);
        (connections, self.table.len(), holders)
    }
}

async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_panics_at_its_end_leaves_nothing_behind() {
    let mut stage = Stage::connected().await;
    stage.send(Opcode::Close, &1000u16.to_be_bytes()).await;
    assert_eq!(stage.left(), (0, 0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_panics_where_its_task_is_cut_off_leaves_nothing_behind() {
    let stage = Stage::connected().await;
    stage.table.abort_all();
    settle().await;
    assert_eq!(stage.left(), (0, 0, 2));
}
