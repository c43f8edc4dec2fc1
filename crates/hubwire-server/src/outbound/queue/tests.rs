//! Tests of queues alone: what is counted, written and taken over.

use super::*;

static LINES: FrameFormat = FrameFormat::new("lines", |_, message, output| {
    output.push(b'>');
    output.extend_from_slice(message);
    output.push(b'\n');
});

fn queue() -> Queue {
    let mut queue = Queue::new(&LINES);
    queue.gather(TransferFormat::Text, b"one", 0);
    queue.gather(TransferFormat::Text, b"two", 0);
    queue.push_control(b"pong", 0);
    queue.push(shared(b"three"), 7, 0);
    queue.gather(TransferFormat::Text, b"four", 0);
    queue
}

fn shared(message: &[u8]) -> EncodedMessage {
    EncodedMessage::new(hubwire_protocol::HubProtocol::Json, message.to_vec())
}

fn waiting(queue: &Queue) -> Vec<String> {
    let mut slices = [IoSlice::new(&[]); 8];
    let count = queue.fill(&mut slices, usize::MAX);
    let texts = slices[..count].iter();
    texts
        .map(|slice| String::from_utf8_lossy(slice).into_owned())
        .collect()
}

fn taken(queue: &mut Queue, limit: usize) -> String {
    String::from_utf8_lossy(&queue.take(limit)).into_owned()
}

#[test]
fn messages_and_control_frames_are_told_apart_and_counted() {
    let queue = queue();
    assert_eq!(
        waiting(&queue),
        [">one\n>two\n", "pong", ">three\n", ">four\n"]
    );
    assert_eq!((queue.messages(), queue.bytes()), (4, 27));
}

#[test]
fn what_is_half_written_stays_at_the_head() {
    let mut queue = queue();
    queue.advance(7);
    assert_eq!(waiting(&queue)[0], "wo\n");
    assert_eq!((queue.messages(), queue.bytes()), (4, 20));
    queue.advance(3 + 4 + 2);
    assert_eq!(waiting(&queue), ["hree\n", ">four\n"]);
    queue.advance(11);
    assert!(queue.is_empty());
    assert_eq!((queue.messages(), queue.bytes()), (0, 0));
}

#[test]
fn another_way_out_gets_whole_messages_and_no_control_frames() {
    let mut queue = queue();
    queue.advance(7);
    queue.rewind();
    assert_eq!(waiting(&queue), [">two\n", ">three\n", ">four\n"]);
    assert_eq!(queue.bytes(), 18);
    queue.advance(5 + 1);
    queue.rewind();
    assert_eq!(waiting(&queue), [">three\n", ">four\n"]);
    assert_eq!(queue.bytes(), 13);
    queue.advance(13);
    assert_eq!((queue.is_empty(), queue.bytes()), (true, 0));
}

#[test]
fn what_pulls_after_a_byte_stream_gets_nothing_twice() {
    let mut queue = queue();
    queue.advance(6);
    queue.rewind();
    assert_eq!(taken(&mut queue, 5), ">two\n");
    queue.rewind();
    assert_eq!(taken(&mut queue, 100), ">three\n>four\n");
    assert_eq!((queue.messages(), queue.bytes()), (0, 0));
}

#[test]
fn as_much_is_taken_as_may_be() {
    let mut queue = queue();
    assert_eq!(taken(&mut queue, 1), ">");
    assert_eq!(taken(&mut queue, 10), "one\n>two\np");
    assert_eq!(taken(&mut queue, 10), "ong>three\n");
    assert_eq!(taken(&mut queue, 100), ">four\n");
    assert_eq!((taken(&mut queue, 100).len(), queue.bytes()), (0, 0));
}

#[test]
fn a_queue_gives_back_its_room_whoever_takes_what_it_held() {
    const COUNT: usize = 10_000;
    let (mut written, mut pulled) = (Queue::new(&LINES), Queue::new(&LINES));
    for queue in [&mut written, &mut pulled] {
        for _ in 0..COUNT {
            queue.push(shared(b"three"), 7, 0);
        }
    }
    written.advance(7 * COUNT);
    assert_eq!(pulled.take(usize::MAX).len(), 7 * COUNT);
    assert!(written.entries.capacity() <= 4 * KEPT_ENTRIES);
    let kept = pulled.entries.capacity();
    assert!(kept <= 4 * KEPT_ENTRIES, "room for {kept} entries");
}

/// Otherwise a sender to a slow client would pay for the whole queue with each message.
#[test]
fn a_long_queue_is_not_moved_with_each_message_that_comes_and_goes() {
    let mut queue = Queue::new(&LINES);
    let message = shared(b"three");
    for _ in 0..10_000 {
        queue.push(message.clone(), 7, 0);
    }
    queue.advance(7);
    let (mut moved, mut capacity) = (0, queue.entries.capacity());
    for _ in 0..100 {
        for change in [
            |queue: &mut Queue, message| queue.push(message, 7, 0),
            |queue: &mut Queue, _| queue.advance(7),
        ] {
            change(&mut queue, message.clone());
            moved += usize::from(queue.entries.capacity() != capacity);
            capacity = queue.entries.capacity();
        }
    }
    assert!(moved <= 2, "moved {moved} times");
}
