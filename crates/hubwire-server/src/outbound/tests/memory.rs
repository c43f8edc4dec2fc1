//! Tests of the memory that the queues of a node hold together.

use std::sync::mpsc;

use super::taking::Taking;
use super::*;

const KIB: usize = 1024;

/// Creates queues with a common maximum and without ways out.
fn queues<const COUNT: usize>(maximum: usize) -> (Arc<OutboundMemory>, [Arc<Outbound>; COUNT]) {
    let options = ServerOptions {
        maximum_outbound_memory: maximum,
        ..ServerOptions::default()
    };
    let memory = Arc::new(OutboundMemory::new(&options));
    let bounds = Bounds {
        memory: Arc::clone(&memory),
        ..(*bounds(usize::MAX, usize::MAX)).clone()
    };
    let bounds = Arc::new(bounds);
    (
        memory,
        [(); COUNT].map(|()| with_bounds(Arc::clone(&bounds))),
    )
}

fn long(size: usize) -> EncodedMessage {
    message(&"x".repeat(size))
}

/// Queues a message with no other receiver.
fn offer_alone(outbound: &Arc<Outbound>, size: usize) {
    let _ = outbound.offer_alone(long(size));
}

fn failures<const COUNT: usize>(queues: &[Arc<Outbound>; COUNT]) -> [Option<Failure>; COUNT] {
    [0; COUNT].map({
        let mut queues = queues.iter();
        move |_| queues.next().and_then(|queue| queue.failure())
    })
}

const GONE: Option<Failure> = Some(Failure::NodeFull);

#[test]
fn a_frame_counts_once_however_many_wait_for_it() {
    let (memory, queues) = queues::<10>(usize::MAX);
    let shared = long(100 * KIB);
    for queue in &queues {
        let _ = queue.offer(&shared);
    }
    assert_eq!(memory.held().get(), 100 * KIB + 10 * ENTRY_COST);
    drop(shared);
    for queue in &queues[..9] {
        queue.close();
    }
    assert_eq!(memory.held().get(), 100 * KIB + ENTRY_COST);
    drop(queues);
    assert_eq!(memory.held().get(), 0);
}

#[test]
fn what_is_pulled_is_given_back() {
    let (memory, [queue]) = queues(usize::MAX);
    let mut puller = queue.attach_puller();
    queue.gather(TransferFormat::Text, b"12345678");
    queue.push_control(b"pong");
    queue.write_gathered();
    assert_eq!(memory.held().get(), 12 + 2 * ENTRY_COST);
    assert_eq!(pull(&mut puller, 100), some("12345678pong"));
    assert_eq!(memory.held().get(), 0);
}

#[tokio::test]
async fn what_a_byte_stream_refuses_counts_until_it_is_taken() {
    let (memory, [queue]) = queues(usize::MAX);
    let mut far = attach_stream(&queue, 4);
    queue.gather(TransferFormat::Text, b"12345678");
    queue.write_gathered();
    assert_eq!(memory.held().get(), 8 + ENTRY_COST);
    assert_eq!(read(&mut far, 8).await.unwrap(), "12345678");
    tokio::task::yield_now().await;
    assert_eq!(memory.held().get(), 0);
}

#[test]
fn whose_messages_have_waited_longest_is_let_go_and_holds_nothing_from_then_on() {
    let (memory, queues) = queues::<3>(300 * KIB);
    offer_alone(&queues[1], 70 * KIB);
    queues[0].node.tick_to(1);
    queues[2].node.tick_to(2);
    offer_alone(&queues[0], 80 * KIB);
    offer_alone(&queues[2], 90 * KIB);
    assert_eq!(failures(&queues), [None; 3]);
    offer_alone(&queues[2], 90 * KIB);
    assert_eq!(failures(&queues), [None, GONE, None]);
    assert_eq!(queues[1].bytes(), 0);
    assert_eq!(memory.held().get(), 260 * KIB + 3 * ENTRY_COST);
    let _ = queues[1].offer(&message("vanishes"));
    assert_eq!(queues[1].bytes(), 0);
    offer_alone(&queues[2], 90 * KIB);
    assert_eq!(failures(&queues), [GONE, GONE, None]);
}

/// The session's own messages may be short; their buffers still have no unused capacity while they
/// wait.
#[test]
fn what_buffers_have_to_spare_is_not_held() {
    let (memory, [queue]) = queues(usize::MAX);
    let before = queue.lock().queue.capacity();
    for _ in 0..100 {
        queue.gather(TransferFormat::Text, b"short");
        let _ = queue.offer(&message("shared"));
    }
    let held = memory.held().get();
    let capacity = queue.lock().queue.capacity() - before;
    assert!(capacity <= held, "{capacity} bytes for {held}");
}

#[test]
fn a_queue_of_messages_that_others_share_is_no_victim_while_there_is_another() {
    let (_, queues) = queues::<4>(300 * KIB);
    let shared = long(200 * KIB);
    let _ = queues[0].offer(&shared);
    let _ = queues[1].offer(&shared);
    queues[2].node.tick_to(5);
    queues[3].node.tick_to(5);
    // A queue that would free less than 64 KiB is not dropped first either.
    offer_alone(&queues[2], 30 * KIB);
    offer_alone(&queues[3], 64 * KIB);
    assert_eq!(failures(&queues), [None; 4]);
    offer_alone(&queues[2], 20 * KIB);
    assert_eq!(failures(&queues), [None, None, None, GONE]);
    // A queue that holds nothing alone is not dropped while there is another that does.
    offer_alone(&queues[2], 60 * KIB);
    assert_eq!(failures(&queues), [None, None, GONE, GONE]);
    // Now there is no other: queues are dropped until the rest fits, and the last one frees the
    // frame.
    drop(shared);
    let _ = queues[0].offer(&long(101 * KIB));
    assert_eq!(failures(&queues), [GONE; 4]);
}

/// A message that is just being sent is also held by its sender, but only while it is sending.
#[test]
fn a_message_for_one_alone_is_not_taken_for_a_shared_one_while_it_is_being_sent() {
    let (_, queues) = queues::<3>(300 * KIB);
    let shared = long(150 * KIB);
    let _ = queues[0].offer(&shared);
    let _ = queues[1].offer(&shared);
    queues[2].node.tick_to(5);
    // The only queue that would free at least 64 KiB.
    offer_alone(&queues[2], 200 * KIB);
    assert_eq!(failures(&queues), [None, None, GONE]);
}

#[tokio::test]
async fn what_a_refused_queue_costs_is_within_what_a_node_holds() {
    const COUNT: usize = 1000;
    let (memory, [queue]) = queues(100 * KIB);
    let _far = attach_stream(&queue, 4);
    for _ in 0..COUNT {
        offer_alone(&queue, 64);
    }
    queue.flush();
    tokio::task::yield_now().await;
    let held = memory.held().get();
    assert!(held <= 100 * KIB, "{held} bytes are held");
}

/// The search for victims waits for the locks of queues; in the meantime the victims change.
#[test]
fn who_has_taken_all_meanwhile_is_no_victim_and_who_came_meanwhile_is_one() {
    let (memory, queues) = queues::<4>(300 * KIB);
    let [reading, first, second, third] = &queues;
    offer_alone(reading, 200 * KIB);
    let ((begun, has_begun), (release, released)) = (mpsc::channel(), mpsc::channel());
    let mut waits = true;
    // Takes everything, but waits with the first write until it is released.
    let held = Taking(move |bytes: &[u8]| {
        if std::mem::take(&mut waits) {
            begun.send(()).unwrap();
            released.recv().unwrap();
        }
        bytes.len()
    });
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let writer = SharedStream::new(Box::new(held), Uptake::WithItsPeer);
            reading.attach_socket(SocketWriter::Other(writer));
        });
        has_begun.recv().unwrap();
        scope.spawn(|| offer_alone(first, 200 * KIB));
        while memory.held().get() <= 400 * KIB {
            std::thread::yield_now();
        }
        // It is about to wait for the lock of the first queue.
        #[expect(
            clippy::disallowed_methods,
            reason = "waiting for a lock cannot be observed"
        )]
        std::thread::sleep(Duration::from_millis(50));
        offer_alone(second, 200 * KIB);
        offer_alone(third, 200 * KIB);
        release.send(()).unwrap();
    });
    let left = memory.held().get();
    assert!(
        left <= 300 * KIB,
        "{left} bytes are held; {:?}",
        failures(&queues)
    );
    assert_eq!(reading.failure(), None);
}
