//! Byte streams that panic: tasks that write to several streams continue.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::task::JoinSet;

use super::super::{Failure, Flushers, Outbound, SharedStream, SocketWriter, Uptake};
use super::{BARE, attach_stream, bounds, label, message, node, read};
use crate::node::{Node, ServerOptions};

/// Accepts bytes like a pipe until it panics.
pub(crate) struct PanickingStream {
    pipe: DuplexStream,
    panics: Panics,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Panics {
    Always,
    /// Panics after it has refused bytes; the flag says whether it has.
    AfterARefusal(bool),
}

impl AsyncRead for PanickingStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_read(cx, buffer)
    }
}

impl AsyncWrite for PanickingStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.pipe).poll_write(cx, bytes);
        match self.panics {
            Panics::AfterARefusal(false) => {
                let panics = written.is_pending();
                self.panics = Panics::AfterARefusal(panics);
                written
            }
            _ => panic!("a broken stream"),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

struct Queues {
    node: Arc<Node>,
    broken: Arc<Outbound>,
    other: Arc<Outbound>,
    flushing: JoinSet<()>,
}

/// Creates two queues of one flusher; the stream of the first one panics.
fn queues(panics: Panics) -> (Queues, DuplexStream) {
    let node = node();
    let flusher = Flushers::new(1, &ServerOptions::default()).assign();
    let queue = || {
        let (node, flusher) = (Arc::clone(&node), Arc::clone(&flusher));
        Outbound::new(label(), node, flusher, bounds(1_000, 1_000), &BARE)
    };
    let (broken, other) = (queue(), queue());
    let (pipe, far) = tokio::io::duplex(4);
    let stream = PanickingStream { pipe, panics };
    let writer = SharedStream::new(Box::new(stream), Uptake::WithItsPeer);
    broken.attach_socket(SocketWriter::Other(writer));
    let mut flushing = JoinSet::new();
    flushing.spawn(flusher.run());
    let queues = Queues {
        node,
        broken,
        other,
        flushing,
    };
    (queues, far)
}

async fn assert_the_other_is_written(queues: &Queues) {
    let mut far = attach_stream(&queues.other, 100);
    for text in ["one;", "two;"] {
        for outbound in [&queues.broken, &queues.other] {
            let _ = outbound.offer(&message(text));
        }
        let written = tokio::time::timeout(Duration::from_secs(1), read(&mut far, 4)).await;
        assert_eq!(written.expect("the flusher continues").unwrap(), text);
    }
    assert_eq!(queues.broken.failure(), Some(Failure::Lost));
    assert_eq!(queues.other.failure(), None);
}

#[tokio::test(start_paused = true)]
async fn the_flusher_goes_on_where_a_stream_panics() {
    let (queues, _far) = queues(Panics::Always);
    assert_the_other_is_written(&queues).await;
    assert_eq!(queues.flushing.len(), 1);
    // The bytes queued for it are subtracted when it is closed.
    queues.broken.close();
    assert!(!queues.broken.flusher.is_congested());
}

#[tokio::test(start_paused = true)]
async fn a_drain_whose_stream_panics_gives_the_client_up() {
    let (queues, _far) = queues(Panics::AfterARefusal(false));
    // The flusher writes a part and is refused; then it is the drain's turn.
    let _ = queues.broken.offer(&message("longer;"));
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(queues.broken.failure(), Some(Failure::Lost));
    assert_eq!(queues.node.tracker().len(), 0);
    assert_the_other_is_written(&queues).await;
}
