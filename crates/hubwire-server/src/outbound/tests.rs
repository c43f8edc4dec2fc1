//! Tests of queues and their ways out, without a session.

mod busy;
mod last;
mod memory;
mod panicking;
mod racing;
mod replacing;
mod sharing;
pub(crate) mod taking;
mod waiting;

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hubwire_core::{EncodedMessage, FrameFormat, WhenBusy};
use hubwire_protocol::{HubProtocol, TransferFormat};
use tokio::io::{AsyncReadExt, DuplexStream};

use super::{
    Bounds, ENTRY_COST, Failure, Flushers, Outbound, OutboundMemory, Pace, Progress, Puller,
    SharedStream, SocketWriter, Uptake,
};
use crate::node::{ConnectionLabel, Node, RandomSource, ServerOptions, TrustedProxies};

const TURN_SIZE: usize = 256 * 1024;

static BARE: FrameFormat = FrameFormat::new("bare", |_, message, output| {
    output.extend_from_slice(message);
});

/// Senders that can wait do so from `bytes` on; beyond `maximum` the client is disconnected.
pub(crate) fn bounds(bytes: usize, maximum: usize) -> Arc<Bounds> {
    Arc::new(Bounds {
        bytes,
        maximum,
        answers: 64 * 1024,
        turn: TURN_SIZE,
        send_timeout: Duration::from_secs(10),
        progress: Progress {
            bytes: 8,
            timeout: Duration::from_secs(60),
        },
        dead_peers: None,
        absence: Duration::from_secs(15),
        memory: Arc::new(OutboundMemory::new(&ServerOptions::default())),
    })
}

/// Returns the names of a connection that there is not.
pub(crate) fn label() -> ConnectionLabel {
    ConnectionLabel {
        hub: "hub".into(),
        connection_id: "bare".into(),
    }
}

pub(crate) fn node() -> Arc<Node> {
    let (random, options) = (RandomSource::system(), ServerOptions::default());
    Arc::new(Node::new(random, 1, &options, TrustedProxies::default()))
}

/// Creates a queue with this bound and without a way out.
pub(crate) fn outbound(bytes: usize) -> Arc<Outbound> {
    bounded(bytes, 1024 * 1024)
}

fn bounded(bytes: usize, maximum: usize) -> Arc<Outbound> {
    with_bounds(bounds(bytes, maximum))
}

fn with_bounds(bounds: Arc<Bounds>) -> Arc<Outbound> {
    Outbound::new(
        label(),
        node(),
        Flushers::new(1, &ServerOptions::default()).assign(),
        bounds,
        &BARE,
    )
}

fn message(text: &str) -> EncodedMessage {
    EncodedMessage::new(HubProtocol::Json, text.as_bytes().to_vec())
}

/// Attaches a byte stream that accepts `capacity` bytes before it refuses; returns its far end.
fn attach_stream(outbound: &Arc<Outbound>, capacity: usize) -> DuplexStream {
    let (near, far) = tokio::io::duplex(capacity);
    let writer = SharedStream::new(Box::new(near), Uptake::WithItsPeer);
    outbound.attach_socket(SocketWriter::Other(writer));
    far
}

async fn read(stream: &mut DuplexStream, count: usize) -> io::Result<String> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Returns what a puller takes at once.
fn pull(puller: &mut Puller, limit: usize) -> Poll<Option<String>> {
    let mut cx = Context::from_waker(Waker::noop());
    let pulled = puller.poll_pull(&mut cx, limit);
    pulled.map(|bytes| bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

fn claim(puller: &mut Puller) -> Poll<Option<usize>> {
    puller.poll_claim(&mut Context::from_waker(Waker::noop()))
}

fn some(text: &str) -> Poll<Option<String>> {
    Poll::Ready(Some(text.to_owned()))
}

#[test]
fn what_is_queued_while_nothing_is_attached_is_kept_for_whoever_comes() {
    let outbound = outbound(100);
    assert_eq!(outbound.offer(&message("one;")), Pace::GoOn);
    outbound.gather(TransferFormat::Text, b"two;");
    assert_eq!(outbound.offer(&message("three;")), Pace::GoOn);
    outbound.write_gathered();
    assert_eq!((outbound.messages(), outbound.bytes()), (3, 14));
    let mut puller = outbound.attach_puller();
    assert_eq!(pull(&mut puller, 100), some("one;two;three;"));
    assert_eq!(pull(&mut puller, 100), Poll::Pending);
    assert_eq!((outbound.messages(), outbound.bytes()), (0, 0));
}

#[test]
fn a_puller_that_leaves_and_comes_back_loses_nothing() {
    let outbound = outbound(100);
    let mut puller = outbound.attach_puller();
    let _ = outbound.offer(&message("one;"));
    assert_eq!(pull(&mut puller, 100), some("one;"));
    let _ = outbound.offer(&message("two;"));
    drop(puller);
    let _ = outbound.offer(&message("three;"));
    let mut puller = outbound.attach_puller();
    assert_eq!(pull(&mut puller, 4), some("two;"));
    assert_eq!(pull(&mut puller, 100), some("three;"));
    assert_eq!(outbound.failure(), None);
}

#[test]
fn whoever_takes_over_in_the_middle_of_a_message_gets_it_whole() {
    let outbound = outbound(100);
    let mut first = outbound.attach_puller();
    outbound.gather(TransferFormat::Text, b"one;");
    outbound.gather(TransferFormat::Text, b"two;");
    let _ = outbound.offer(&message("three;"));
    assert_eq!(pull(&mut first, 6), some("one;tw"));
    let mut second = outbound.attach_puller();
    assert_eq!(pull(&mut second, 6), some("two;th"));
    drop(second);
    assert_eq!(outbound.bytes(), 4);
    let mut third = outbound.attach_puller();
    assert_eq!(pull(&mut third, 100), some("three;"));
}

/// The size of a response is sent before its body.
#[test]
fn what_is_claimed_neither_grows_nor_changes_while_it_is_pulled() {
    let outbound = outbound(30);
    let latest = |text: &str| {
        let latest = WhenBusy::latest("key");
        EncodedMessage::with_when_busy(HubProtocol::Json, text.as_bytes().to_vec(), latest)
    };
    let oldest = |text: &str| {
        let text = text.as_bytes().to_vec();
        EncodedMessage::with_when_busy(HubProtocol::Json, text, WhenBusy::DropOldest)
    };
    let mut puller = outbound.attach_puller();
    for message in [oldest("one;"), latest("two;"), oldest("three;")] {
        let _ = outbound.offer(&message);
    }
    outbound.gather(TransferFormat::Text, b"four;");
    assert_eq!(claim(&mut puller), Poll::Ready(Some(19)));
    assert_eq!(pull(&mut puller, 5), some("one;t"));
    // From now on the client is busy.
    outbound.node.tick_to(5_000);
    outbound.gather(TransferFormat::Text, b"five;");
    for message in [
        latest("six;"),
        latest("seven;"),
        oldest("eight;"),
        oldest("nine;"),
        oldest("ten;"),
    ] {
        let _ = outbound.offer(&message);
    }
    assert_eq!(pull(&mut puller, 14), some("wo;three;four;"));
    drop(puller);
    let mut puller = outbound.attach_puller();
    assert_eq!(claim(&mut puller), Poll::Ready(Some(15)));
    assert_eq!(pull(&mut puller, 100), some("five;seven;ten;"));
    assert_eq!(outbound.bounds.memory.held().get(), 0);
}

#[test]
fn whoever_pulls_last_takes_over_and_the_drop_of_the_first_changes_nothing() {
    let outbound = outbound(100);
    let mut first = outbound.attach_puller();
    assert_eq!(pull(&mut first, 100), Poll::Pending);
    let mut second = outbound.attach_puller();
    let _ = outbound.offer(&message("one;"));
    assert_eq!(pull(&mut first, 100), Poll::Ready(None));
    drop(first);
    assert_eq!(pull(&mut second, 100), some("one;"));
}

#[tokio::test]
async fn a_puller_that_waits_is_woken_by_the_session_and_by_the_flusher() {
    let outbound = outbound(100);
    let mut puller = outbound.attach_puller();
    let flusher = tokio_util::task::TaskTracker::new();
    flusher.spawn(Arc::clone(&outbound.flusher).run());
    let pulled = async { poll_fn(|cx| puller.poll_pull(cx, 100)).await };
    let sent = async {
        tokio::task::yield_now().await;
        let _ = outbound.offer(&message("one;"));
    };
    let (pulled, ()) = tokio::join!(pulled, sent);
    assert_eq!(pulled.unwrap(), "one;");
    let pulled = async { poll_fn(|cx| puller.poll_pull(cx, 100)).await };
    let gathered = async {
        tokio::task::yield_now().await;
        outbound.start_gathering();
        outbound.gather(TransferFormat::Text, b"two;");
        outbound.write_gathered();
    };
    let (pulled, ()) = tokio::join!(pulled, gathered);
    assert_eq!(pulled.unwrap(), "two;");
}

#[test]
fn once_gone_nothing_is_kept_and_nothing_can_be_attached() {
    let outbound = outbound(100);
    let mut puller = outbound.attach_puller();
    let _ = outbound.offer(&message("one;"));
    outbound.close();
    assert_eq!(pull(&mut puller, 100), Poll::Ready(None));
    assert_eq!(pull(&mut outbound.attach_puller(), 100), Poll::Ready(None));
    assert_eq!(outbound.offer(&message("two;")), Pace::GoOn);
    outbound.gather_last(TransferFormat::Text, b"three;");
    outbound.push_last_control(b"four;");
    assert_eq!((outbound.messages(), outbound.bytes()), (0, 0));
}

#[test]
fn after_the_last_message_only_what_is_last_is_queued() {
    let outbound = outbound(4);
    let mut puller = outbound.attach_puller();
    assert_eq!(outbound.offer(&message("one;")), Pace::GoOn);
    outbound.finish();
    outbound.gather(TransferFormat::Text, b"vanishes;");
    assert_eq!(outbound.offer(&message("vanishes;")), Pace::GoOn);
    outbound.gather_last(TransferFormat::Text, b"bye;");
    outbound.push_control(b"pong;");
    outbound.push_last_control(b"close;");
    assert_eq!(pull(&mut puller, 100), some("one;bye;close;"));
}

#[tokio::test]
async fn another_byte_stream_gets_whole_messages() {
    let outbound = outbound(100);
    let mut first = attach_stream(&outbound, 6);
    outbound.gather(TransferFormat::Text, b"one;");
    outbound.gather(TransferFormat::Text, b"two;");
    outbound.push_control(b"pong;");
    assert_eq!(outbound.offer(&message("three;")), Pace::GoOn);
    outbound.write_gathered();
    assert_eq!(read(&mut first, 6).await.unwrap(), "one;tw");
    let mut second = attach_stream(&outbound, 100);
    assert_eq!(read(&mut second, 10).await.unwrap(), "two;three;");
    // The writer of the first stream is dropped.
    assert!(first.read_u8().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_byte_stream_that_refuses_is_drained_and_then_given_up() {
    let outbound = outbound(100);
    let mut far = attach_stream(&outbound, 4);
    outbound.gather(TransferFormat::Text, b"12345678");
    outbound.write_gathered();
    assert!(outbound.is_stalled());
    assert_eq!(read(&mut far, 8).await.unwrap(), "12345678");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!outbound.is_stalled());
    outbound.gather(TransferFormat::Text, b"12345678");
    outbound.write_gathered();
    tokio::task::yield_now().await;
    outbound.check_progress(0, 0);
    outbound.check_progress(59_000, 0);
    assert_eq!(outbound.failure(), None);
    outbound.check_progress(60_000, 0);
    assert_eq!(outbound.failure(), Some(Failure::NoProgress));
}

#[tokio::test]
async fn a_byte_stream_that_holds_bytes_back_is_flushed() {
    let outbound = outbound(100);
    let (near, mut far) = tokio::io::duplex(100);
    let held = tokio::io::BufWriter::with_capacity(1000, near);
    let writer = SharedStream::new(Box::new(held), Uptake::WithItsPeer);
    outbound.attach_socket(SocketWriter::Other(writer));
    outbound.gather(TransferFormat::Text, b"one;");
    outbound.write_gathered();
    assert_eq!(read(&mut far, 4).await.unwrap(), "one;");
    // More than the stream passes on at once.
    outbound.gather(TransferFormat::Text, &[b'x'; 300]);
    outbound.write_gathered();
    assert_eq!(read(&mut far, 300).await.unwrap(), "x".repeat(300));
    outbound.push_last_control(b"bye;");
    poll_fn(|cx| outbound.poll_written(cx)).await.unwrap();
    poll_fn(|cx| outbound.poll_shutdown(cx)).await.unwrap();
    let mut rest = String::new();
    far.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "bye;");
}

#[tokio::test]
async fn a_long_queue_is_written_in_turns() {
    let outbound = outbound(100);
    let flusher = tokio_util::task::TaskTracker::new();
    flusher.spawn(Arc::clone(&outbound.flusher).run());
    let mut far = attach_stream(&outbound, 4 * TURN_SIZE);
    let text = "x".repeat(3 * TURN_SIZE);
    let _ = outbound.offer(&message(&text));
    outbound.write_gathered();
    assert_eq!(outbound.bytes(), 2 * TURN_SIZE);
    tokio::task::yield_now().await;
    assert_eq!(read(&mut far, text.len()).await.unwrap(), text);
    assert_eq!(outbound.bytes(), 0);
}

#[tokio::test]
async fn a_byte_stream_that_fails_is_reported() {
    let outbound = outbound(100);
    drop(attach_stream(&outbound, 4));
    outbound.gather(TransferFormat::Text, b"one;");
    outbound.write_gathered();
    assert_eq!(outbound.failure(), Some(Failure::Lost));
    assert_eq!(outbound.bytes(), 0);
}

#[tokio::test]
async fn written_means_taken_whatever_the_way_out_is() {
    let outbound = outbound(100);
    let mut puller = outbound.attach_puller();
    outbound.gather(TransferFormat::Text, b"one;");
    let mut cx = Context::from_waker(Waker::noop());
    assert!(outbound.poll_written(&mut cx).is_pending());
    let written = poll_fn(|cx| outbound.poll_written(cx));
    let pulled = async {
        tokio::task::yield_now().await;
        pull(&mut puller, 100)
    };
    let (written, pulled) = tokio::join!(written, pulled);
    written.unwrap();
    assert_eq!(pulled, some("one;"));
}

/// This happens when a runtime is dropped before its flusher had its turn.
#[test]
fn nothing_is_left_of_what_the_flusher_never_wrote() {
    let outbound = outbound(100);
    let puller = outbound.attach_puller();
    let flusher = Arc::clone(&outbound.flusher).run();
    let _ = outbound.offer(&message("one;"));
    drop(flusher);
    outbound.close();
    let kept = Arc::downgrade(&outbound.node);
    drop((puller, outbound));
    assert!(kept.upgrade().is_none(), "the node lives on");
}
