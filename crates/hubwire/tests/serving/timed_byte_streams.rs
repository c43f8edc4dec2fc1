//! Byte streams of other crates with timers of their own, such as a write timeout below TLS.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hubwire::{MapHub, SignalR};
use test_support::handed_over::HandedOver;
use test_support::way_out::*;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep, timeout};

/// A stream that fails if a write waits for a minute.
struct Timed {
    stream: DuplexStream,
    waits: Option<Pin<Box<Sleep>>>,
}

impl AsyncRead for Timed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Timed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = Pin::new(&mut self.stream).poll_write(cx, bytes) {
            self.waits = None;
            return Poll::Ready(written);
        }
        let begun = || Box::pin(sleep(Duration::from_secs(60)));
        let waits = self.waits.get_or_insert_with(begun).as_mut().poll(cx);
        waits.map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

async fn is_heard() {
    let (streams, accepted) = HandedOver::new();
    let signalr = SignalR::new();
    let hub = signalr.hub::<WayOutHub>().build(WayOutHub);
    let app = axum::Router::new().map_hub("/hub", hub.endpoint());
    let mut serving = JoinSet::new();
    serving.spawn(hubwire::serve(accepted, app).into_future());
    let (near, far) = duplex(64 * KIB);
    streams
        .send(Timed {
            stream: near,
            waits: None,
        })
        .unwrap();
    let mut client = Client::over(far).await;
    // The connection is registered before its first call completes.
    client.id().await;
    let all = hub.context().clients().all();
    all.text(0, &"x".repeat(3_000_000)).await.unwrap();
    let heard = timeout(PATIENCE, client.count_pushes(1)).await;
    assert_eq!(heard.unwrap(), 1, "the connection was lost");
}

#[tokio::test]
async fn a_stream_with_a_timer_is_written_where_there_is_one_worker() {
    is_heard().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_with_a_timer_is_written_where_there_are_several_workers() {
    is_heard().await;
}
