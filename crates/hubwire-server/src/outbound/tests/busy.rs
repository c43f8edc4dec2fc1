//! Messages to clients that are busy: what becomes of them, and who is not affected.

use hubwire_core::WhenBusy;

use super::*;

fn with(text: &str, when_busy: WhenBusy) -> EncodedMessage {
    EncodedMessage::with_when_busy(HubProtocol::Json, text.as_bytes().to_vec(), when_busy)
}

fn latest(text: &str, key: &str) -> EncodedMessage {
    with(text, WhenBusy::latest(key))
}

fn volatile(text: &str) -> EncodedMessage {
    with(text, WhenBusy::Volatile)
}

#[test]
fn a_client_that_is_absent_is_busy_and_one_that_pulls_is_not() {
    let outbound = outbound(100);
    let _ = outbound.offer(&volatile("lost;"));
    assert_eq!(outbound.bytes(), 0);
    let mut puller = outbound.attach_puller();
    let _ = outbound.offer(&volatile("one;"));
    let _ = outbound.offer(&volatile("two;"));
    let _ = outbound.offer(&latest("a1;", "a"));
    let _ = outbound.offer(&latest("a2;", "a"));
    // Nor does anybody look for keys.
    assert_eq!(outbound.lock().queue.remembered(), (0, 4));
    assert_eq!(pull(&mut puller, 100), some("one;two;a1;a2;"));
    drop(puller);
    let _ = outbound.offer(&latest("a3;", "a"));
    let _ = outbound.offer(&latest("a4;", "a"));
    let _ = outbound.offer(&volatile("lost;"));
    let mut puller = outbound.attach_puller();
    assert_eq!(pull(&mut puller, 100), some("a4;"));
}

#[test]
fn one_that_leaves_what_it_could_pull_for_more_than_a_second_is_busy() {
    let outbound = outbound(100);
    let mut puller = outbound.attach_puller();
    let _ = outbound.offer(&volatile("one;"));
    outbound.flush();
    outbound.node.tick_to(1);
    let _ = outbound.offer(&volatile("two;"));
    outbound.node.tick_to(2);
    let _ = outbound.offer(&volatile("lost;"));
    // It takes too little at a time.
    assert_eq!(pull(&mut puller, 4), some("one;"));
    outbound.node.tick_to(3);
    let _ = outbound.offer(&volatile("lost;"));
    assert_eq!(pull(&mut puller, 100), some("two;"));
    let _ = outbound.offer(&volatile("three;"));
    assert_eq!(pull(&mut puller, 100), some("three;"));
}

#[tokio::test]
async fn a_byte_stream_is_busy_from_when_it_refuses_bytes_until_it_has_taken_all() {
    let outbound = outbound(100);
    let mut far = attach_stream(&outbound, 4);
    // Only queued, and so not refused.
    let _ = outbound.offer(&volatile("12345678;"));
    let _ = outbound.offer(&volatile("taken;"));
    outbound.flush();
    let _ = outbound.offer(&volatile("lost;"));
    let _ = outbound.offer(&latest("a1;", "a"));
    let _ = outbound.offer(&latest("a2;", "a"));
    outbound.gather(TransferFormat::Text, b"own;");
    let _ = outbound.offer(&message("plain;"));
    let expected = "12345678;taken;a2;own;plain;";
    assert_eq!(outbound.bytes(), expected.len() - 4);
    assert_eq!(read(&mut far, expected.len()).await.unwrap(), expected);
    tokio::task::yield_now().await;
    let _ = outbound.offer(&volatile("one;"));
    outbound.flush();
    assert_eq!(read(&mut far, 4).await.unwrap(), "one;");
    assert_eq!(outbound.bytes(), 0);
}

#[tokio::test]
async fn the_message_that_a_byte_stream_refuses_is_not_touched() {
    for capacity in 1..=6 {
        let outbound = outbound(9);
        let mut far = attach_stream(&outbound, capacity);
        let _ = outbound.offer(&latest("a1;", "a"));
        let _ = outbound.offer(&with("d1;", WhenBusy::DropOldest));
        let _ = outbound.offer(&message("p;"));
        outbound.flush();
        let _ = outbound.offer(&latest("a2;", "a"));
        let _ = outbound.offer(&with("d2;", WhenBusy::DropOldest));
        let expected = match capacity {
            // The first one is half written, or about to be; the second one is dropped.
            1..=2 => "a1;p;a2;d2;",
            _ => "a1;d1;p;a2;d2;",
        };
        let taken = read(&mut far, expected.len()).await.unwrap();
        assert_eq!(taken, expected, "a stream that takes {capacity} bytes");
        assert_eq!((outbound.messages(), outbound.bytes()), (0, 0));
    }
}

#[test]
fn the_newest_are_dropped_once_the_queue_is_full() {
    let outbound = outbound(10);
    let newest = |text| with(text, WhenBusy::DropNewest);
    assert_eq!(outbound.offer(&newest("one;")), Pace::GoOn);
    assert_eq!(outbound.offer(&newest("two;")), Pace::GoOn);
    assert_eq!(outbound.offer(&newest("lost;")), Pace::GoOn);
    assert_eq!(outbound.offer(&newest("3")), Pace::GoOn);
    // Others are queued all the same.
    assert_eq!(outbound.offer(&message("four;")), Pace::Wait);
    let mut puller = outbound.attach_puller();
    assert_eq!(pull(&mut puller, 100), some("one;two;3four;"));
    drop(puller);
    assert_eq!(
        outbound.offer(&newest("longer than all of it")),
        Pace::GoOn,
        "an empty queue takes any message"
    );
    assert_eq!(outbound.messages(), 1);
}

#[test]
fn the_oldest_are_dropped_once_the_queue_is_full() {
    let outbound = outbound(12);
    let oldest = |text| with(text, WhenBusy::DropOldest);
    for text in ["one;", "two;", "three;"] {
        assert_eq!(outbound.offer(&oldest(text)), Pace::GoOn);
    }
    let mut puller = outbound.attach_puller();
    assert_eq!(pull(&mut puller, 100), some("two;three;"));
    drop(puller);
    // Beside a message that must not be dropped, the newest one stays.
    let _ = outbound.offer(&message("longer than all;"));
    for text in ["one;", "two;", "three;"] {
        assert_eq!(outbound.offer(&oldest(text)), Pace::GoOn);
    }
    let mut puller = outbound.attach_puller();
    assert_eq!(pull(&mut puller, 100), some("longer than all;three;"));
}

#[test]
fn a_message_that_may_be_dropped_disconnects_nobody() {
    let maximum = 3 * ENTRY_COST;
    for when_busy in [
        WhenBusy::DropNewest,
        WhenBusy::DropOldest,
        WhenBusy::Volatile,
    ] {
        let outbound = bounded(1024, maximum);
        let _ = outbound.offer(&message("1"));
        let _ = outbound.offer(&message("2"));
        for _ in 0..1_000 {
            let _ = outbound.offer(&with("3", when_busy.clone()));
            assert!(outbound.lock().queue.cost() <= maximum);
        }
        assert_eq!(outbound.failure(), None, "{when_busy:?}");
        let _ = outbound.offer(&message("4"));
        let _ = outbound.offer(&message("5"));
        assert_eq!(outbound.failure(), Some(Failure::QueueFull));
    }
}

#[test]
fn so_many_keys_that_the_queue_is_full_disconnect_a_client_and_new_values_of_few_do_not() {
    let outbound = bounded(1024, 100 * (ENTRY_COST + 2 + 8));
    for number in 0..10_000 {
        let _ = outbound.offer(&latest("1;", &format!("{:08}", number % 100)));
    }
    assert_eq!(outbound.failure(), None);
    assert_eq!(outbound.messages(), 100);
    let _ = outbound.offer(&latest("1;", "another"));
    assert_eq!(outbound.failure(), Some(Failure::QueueFull));
}

#[test]
fn new_values_that_are_larger_disconnect_a_client_once_the_queue_is_full() {
    let outbound = bounded(1024, 100 * (ENTRY_COST + 2 + 2));
    let keys = || (0..50).map(|number| format!("{number:02}"));
    for key in keys() {
        let _ = outbound.offer(&latest("1;", &key));
    }
    for key in keys() {
        let _ = outbound.offer(&latest(&"1".repeat(50), &key));
    }
    assert_eq!(outbound.failure(), None);
    for key in keys() {
        let _ = outbound.offer(&latest(&"1".repeat(200), &key));
    }
    assert_eq!(outbound.failure(), Some(Failure::QueueFull));
}

#[test]
fn what_is_dropped_or_replaced_is_no_longer_held() {
    let outbound = outbound(100);
    let held = || outbound.bounds.memory.held().get();
    for _ in 0..100 {
        let _ = outbound.offer_alone(latest("a price;", "key"));
        let _ = outbound.offer_alone(volatile("lost;"));
    }
    assert_eq!(held(), 8 + 3 + ENTRY_COST);
    for _ in 0..100 {
        let _ = outbound.offer_alone(with("0123456789", WhenBusy::DropOldest));
        assert!(outbound.bytes() < 100);
    }
    assert_eq!(held(), 8 + 3 + 9 * 10 + 10 * ENTRY_COST);
    let mut puller = outbound.attach_puller();
    assert!(pull(&mut puller, 1000).is_ready());
    assert_eq!((held(), outbound.bytes()), (0, 0));
    drop(puller);
    let _ = outbound.offer_alone(latest("a price;", "key"));
    outbound.close();
    assert_eq!(held(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_room_is_told_of_what_dropped_messages_make() {
    let outbound = outbound(20);
    for _ in 0..4 {
        let _ = outbound.offer(&with("1234", WhenBusy::DropOldest));
    }
    let _ = outbound.offer(&message("12345678"));
    let mut waiting = tokio::task::JoinSet::new();
    let stream = Arc::clone(&outbound);
    waiting.spawn(async move { stream.item_room().await });
    waiting.spawn(Arc::clone(&outbound).has_room());
    tokio::task::yield_now().await;
    let _ = outbound.offer(&with("1", WhenBusy::DropOldest));
    tokio::time::timeout(Duration::from_secs(1), waiting.join_next())
        .await
        .expect("a sender is told");
}
