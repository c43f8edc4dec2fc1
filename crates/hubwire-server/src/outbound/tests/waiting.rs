//! Which senders wait when much is queued, and which clients are disconnected.

use super::*;

/// A message after one that alone exceeds the maximum counts as if it were alone.
#[test]
fn a_small_message_behind_one_of_any_size_fits() {
    let outbound = bounded(1, 10 * ENTRY_COST);
    let mut puller = outbound.attach_puller();
    let long = "x".repeat(1000 * ENTRY_COST);
    assert_eq!(outbound.offer(&message(&long)), Pace::GoOn);
    for _ in 0..9 {
        assert_eq!(outbound.offer(&message("1234")), Pace::Wait);
    }
    assert_eq!(outbound.offer(&message("1234")), Pace::GiveWay);
    assert_eq!(pull(&mut puller, long.len()), Poll::Ready(Some(long)));
    assert_eq!(outbound.failure(), None);
}

#[test]
fn beyond_the_maximum_an_absent_client_is_let_go_and_a_pulling_one_is_given_a_chance() {
    let outbound = bounded(1, 2 * ENTRY_COST);
    assert_eq!(outbound.offer(&message("12345678")), Pace::GoOn);
    let mut puller = outbound.attach_puller();
    assert_eq!(outbound.offer(&message("9")), Pace::GiveWay);
    assert_eq!(pull(&mut puller, 100), some("123456789"));
    // An empty queue takes one message of any size.
    let long = "x".repeat(10 * ENTRY_COST);
    assert_eq!(outbound.offer(&message(&long)), Pace::GoOn);
    drop(puller);
    let _ = outbound.offer(&message("9"));
    assert_eq!(outbound.failure(), None);
    let _ = outbound.offer(&message("9"));
    assert_eq!(outbound.failure(), Some(Failure::QueueFull));
}

#[tokio::test(start_paused = true)]
async fn a_message_is_queued_at_once_and_those_who_can_wait_do() {
    let outbound = outbound(8);
    let mut puller = outbound.attach_puller();
    assert_eq!(outbound.offer(&message("1234567")), Pace::GoOn);
    Arc::clone(&outbound).has_room().await;
    assert_eq!(outbound.offer(&message("8")), Pace::Wait);
    assert_eq!(outbound.offer(&message("9")), Pace::Wait);
    let began = tokio::time::Instant::now();
    Arc::clone(&outbound).has_room().await;
    assert_eq!(began.elapsed().as_secs(), 10);
    assert_eq!(outbound.failure(), None);
    let room = Arc::clone(&outbound).has_room();
    let item_room = outbound.item_room();
    let pulled = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        pull(&mut puller, 8)
    };
    let (pulled, (), ()) = tokio::join!(pulled, room, item_room);
    assert_eq!(pulled, some("12345678"));
    assert_eq!(began.elapsed().as_secs(), 11);
}

#[test]
fn a_client_that_calls_without_reading_gets_no_further_than_64_kib_of_its_own() {
    let outbound = outbound(1024 * 1024);
    let mut puller = outbound.attach_puller();
    let _ = outbound.offer(&message(&"x".repeat(100_000)));
    assert!(!outbound.owner_must_wait());
    for _ in 0..7 {
        assert!(!outbound.owner_must_wait());
        outbound.gather(TransferFormat::Text, &[b'x'; 10_000]);
    }
    assert!(outbound.owner_must_wait());
    for size in [100_000, 10_000] {
        assert!(pull(&mut puller, size).is_ready());
    }
    assert!(!outbound.owner_must_wait());
}

#[test]
fn whoever_takes_too_little_for_too_long_is_let_go() {
    let outbound = outbound(100);
    let mut puller = outbound.attach_puller();
    let second = |seconds: u64| outbound.check_progress(seconds * 1000, 0);
    second(0);
    for _ in 0..20 {
        let _ = outbound.offer(&message("1234"));
    }
    second(1);
    second(60);
    // Eight bytes within the minute are enough.
    assert_eq!(pull(&mut puller, 8), some("12341234"));
    second(60);
    second(119);
    assert_eq!(pull(&mut puller, 4), some("1234"));
    assert_eq!(outbound.failure(), None);
    second(120);
    assert_eq!(outbound.failure(), Some(Failure::NoProgress));
}

/// Its puller asks for nothing more, however fast the client reads.
#[test]
fn who_reads_what_was_pulled_is_judged_by_the_socket_alone() {
    let outbound = outbound(100);
    let mut puller = outbound.attach_puller();
    let second = |seconds: u64| outbound.check_progress(seconds * 1000, 0);
    let _ = outbound.offer(&message("1234"));
    assert_eq!(pull(&mut puller, 8), some("1234"));
    puller.leave_to_socket();
    let _ = outbound.offer(&message("1234"));
    second(0);
    second(600);
    assert_eq!(outbound.failure(), None);
    let _next = outbound.attach_puller();
    second(601);
    second(661);
    assert_eq!(outbound.failure(), Some(Failure::NoProgress));
}

#[test]
fn the_clock_of_progress_stands_still_while_a_client_is_away_or_has_all() {
    let outbound = outbound(100);
    let mut puller = outbound.attach_puller();
    let second = |seconds: u64| outbound.check_progress(seconds * 1000, 0);
    let _ = outbound.offer(&message("1234"));
    second(0);
    assert_eq!(pull(&mut puller, 8), some("1234"));
    let _ = outbound.offer(&message("1234"));
    second(61);
    drop(puller);
    second(200);
    let mut puller = outbound.attach_puller();
    second(300);
    second(359);
    assert_eq!(outbound.failure(), None);
    assert_eq!(pull(&mut puller, 8), some("1234"));
    second(400);
    assert_eq!(outbound.failure(), None);
}

#[test]
fn a_puller_that_is_slow_with_a_long_message_is_not_let_go_for_what_it_has_taken() {
    let outbound = bounded(100, 32 * 1024 * 1024);
    let mut puller = outbound.attach_puller();
    let second = |seconds: u64| outbound.check_progress(seconds * 1000, 0);
    let _ = outbound.offer(&message(&"x".repeat(3_000_000)));
    let _ = outbound.offer(&message("more"));
    second(0);
    assert!(pull(&mut puller, 3_000_000).is_ready());
    second(1);
    // Its client reads 20 kB per second, so it pulls again after 150 s.
    second(62);
    assert_eq!(outbound.failure(), None);
}

/// The clients accept everything they are offered, while a message is longer than one turn.
#[tokio::test(start_paused = true)]
async fn a_loop_of_long_broadcasts_waits_until_they_are_written() {
    const LONG: usize = 4 * TURN_SIZE;
    let flushers = Flushers::new(1, &ServerOptions::default());
    let bounds = bounds(usize::MAX, usize::MAX);
    let (mut queues, mut reading) = (Vec::new(), tokio::task::JoinSet::new());
    for _ in 0..100 {
        let queue = Outbound::new(
            label(),
            node(),
            flushers.assign(),
            Arc::clone(&bounds),
            &BARE,
        );
        let mut far = attach_stream(&queue, 2 * TURN_SIZE);
        reading.spawn(async move {
            let mut buffer = vec![0; 2 * TURN_SIZE];
            while far.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
        });
        queues.push(queue);
    }
    let flusher = tokio_util::task::TaskTracker::new();
    flusher.spawn(flushers.assign().run());
    let mut most = 0;
    for _ in 0..20 {
        let message = message(&"x".repeat(LONG));
        for queue in &queues {
            let _ = queue.offer(&message);
            assert!(
                !queue.is_stalled() || queue.bytes() == LONG,
                "some stream has refused bytes"
            );
        }
        flushers.relieved().await;
        most = most.max(queues.iter().map(|queue| queue.bytes()).max().unwrap_or(0));
    }
    assert!(
        most <= 2 * LONG,
        "{most} bytes wait for a client that takes everything at once"
    );
}
