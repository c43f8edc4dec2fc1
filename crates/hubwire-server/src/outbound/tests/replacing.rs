//! Ways out that replace others: nothing is lost or duplicated, and each client has its own time
//! limits.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hubwire_protocol::TransferFormat;

use super::super::{ENTRY_COST, Pace};
use super::{attach_stream, bounded, message, outbound, pull, read, some};

#[tokio::test]
async fn a_puller_goes_on_wherever_a_byte_stream_stopped() {
    for written in 1..12 {
        let outbound = outbound(1000);
        let mut first = attach_stream(&outbound, written);
        for gathered in [b"one;", b"two;", b"six;"] {
            outbound.gather(TransferFormat::Text, gathered);
        }
        let _ = outbound.offer(&message("three;"));
        outbound.write_gathered();
        read(&mut first, written).await.unwrap();
        let whole = written / 4 * 4;
        let mut puller = outbound.attach_puller();
        assert_eq!(
            pull(&mut puller, 1000),
            some(&"one;two;six;three;"[whole..]),
            "{written} bytes were written"
        );
        assert_eq!(pull(&mut puller, 1000), Poll::Pending);
        assert_eq!((outbound.messages(), outbound.bytes()), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn the_reader_of_a_byte_stream_is_not_let_go_for_the_sake_of_the_one_before() {
    let outbound = outbound(10_000);
    let _first = attach_stream(&outbound, 4);
    outbound.gather(TransferFormat::Text, &[b'x'; 1000]);
    outbound.write_gathered();
    let second = |seconds: u64| outbound.check_progress(seconds * 1000, 0);
    second(0);
    second(59);
    let mut stream = attach_stream(&outbound, 4);
    for passed in (60..600).step_by(50) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        second(passed);
        assert_eq!(outbound.failure(), None, "after {passed} s");
        assert!(outbound.is_stalled(), "its own drain continues to write");
        read(&mut stream, 8).await.unwrap();
    }
}

/// This includes a puller that was woken and has not pulled yet.
#[test]
fn a_puller_that_waits_is_given_a_chance_beyond_the_maximum() {
    let outbound = bounded(1, 2 * ENTRY_COST);
    let mut puller = outbound.attach_puller();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(puller.poll_pull(&mut cx, 1000).is_pending());
    assert_eq!(outbound.offer(&message("1")), Pace::GoOn);
    assert_eq!(outbound.offer(&message("2")), Pace::GiveWay);
    outbound.flush();
    assert_eq!(outbound.offer(&message("3")), Pace::GiveWay);
    assert_eq!(outbound.failure(), None);
    assert_eq!(pull(&mut puller, 1000), some("123"));
}

/// The queue may be full of control frames only, which another way out drops.
#[tokio::test(start_paused = true)]
async fn who_waits_for_room_is_told_of_what_another_way_out_makes() {
    let outbound = outbound(8);
    outbound.push_control(b"pong;");
    let mut waiting = tokio::task::JoinSet::new();
    let stream = Arc::clone(&outbound);
    waiting.spawn(async move { stream.item_room().await });
    tokio::task::yield_now().await;
    assert!(waiting.try_join_next().is_none());
    let _puller = outbound.attach_puller();
    assert_eq!(outbound.bytes(), 0);
    let waited = tokio::time::timeout(Duration::from_secs(3600), waiting.join_next()).await;
    assert!(
        waited.is_ok(),
        "a stream waits forever although nothing is queued"
    );
}
