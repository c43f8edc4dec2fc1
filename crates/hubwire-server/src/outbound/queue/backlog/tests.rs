//! Messages that are dropped and replaced in a queue: their places, what is counted, what stays.

use std::io::IoSlice;

use hubwire_core::{EncodedMessage, FrameFormat, WhenBusy};
use hubwire_protocol::{HubProtocol, TransferFormat};
use proptest::prelude::*;

use super::super::{ENTRY_COST, Queue};
use super::{FEW_DROPPED, Head};

static BARE: FrameFormat = FrameFormat::new("bare", |_, message, output| {
    output.extend_from_slice(message);
});

fn message(text: &str, when_busy: WhenBusy) -> EncodedMessage {
    let message = text.as_bytes().to_vec();
    EncodedMessage::with_when_busy(HubProtocol::Json, message, when_busy)
}

fn push(queue: &mut Queue, text: &str, when_busy: WhenBusy) {
    queue.push(message(text, when_busy), text.len(), 0);
}

/// Sends a message to a client that is busy; returns how many it has replaced.
fn send_latest(queue: &mut Queue, text: &str, key: &str, head: Head) -> u64 {
    let replaced = queue.replace(message(text, WhenBusy::latest(key)), text.len(), head);
    if let Some(message) = replaced.left {
        queue.push(message, text.len(), 0);
    }
    replaced.count
}

/// Writes at most so many bytes into `output`.
fn write(queue: &mut Queue, output: &mut Vec<u8>, limit: usize) {
    let mut slices = [IoSlice::new(&[]); 4];
    let count = queue.fill(&mut slices, limit);
    let written: usize = slices[..count].iter().map(|slice| slice.len()).sum();
    slices[..count]
        .iter()
        .for_each(|slice| output.extend_from_slice(slice));
    queue.advance(written);
}

fn rest(queue: &mut Queue) -> String {
    let mut output = Vec::new();
    while !queue.is_empty() {
        write(queue, &mut output, usize::MAX);
    }
    String::from_utf8(output).unwrap()
}

#[test]
fn a_message_takes_the_place_of_the_older_one_with_its_key() {
    let mut queue = Queue::new(&BARE);
    push(&mut queue, "a1;", WhenBusy::latest("a"));
    push(&mut queue, "plain;", WhenBusy::Close);
    push(&mut queue, "b1;", WhenBusy::latest("b"));
    assert_eq!(send_latest(&mut queue, "b2;", "b", Head::Changeable), 1);
    assert_eq!(
        send_latest(&mut queue, "a2, longer;", "a", Head::Changeable),
        1
    );
    assert_eq!(send_latest(&mut queue, "c1;", "c", Head::Changeable), 0);
    assert_eq!((queue.messages(), queue.bytes()), (4, 23));
    assert_eq!(queue.cost(), 23 + 3 + 4 * ENTRY_COST);
    assert_eq!(rest(&mut queue), "a2, longer;plain;b2;c1;");
    assert_eq!((queue.cost(), queue.own_cost()), (0, 0));
}

/// As when many prices are queued in one go, of which the byte stream then refuses most.
#[test]
fn of_those_that_were_queued_before_the_client_was_busy_only_the_latest_stays() {
    let mut queue = Queue::new(&BARE);
    for text in ["a1;", "b1;", "a2;", "a3;"] {
        push(&mut queue, text, WhenBusy::latest(&text[..1]));
    }
    assert_eq!(send_latest(&mut queue, "b2;", "b", Head::Changeable), 3);
    assert_eq!((queue.messages(), queue.bytes()), (2, 6));
    assert_eq!(rest(&mut queue), "a3;b2;");
}

/// As when a client that pulls has taken some of its messages in time, and is then late again.
#[test]
fn of_those_that_were_queued_between_two_times_of_being_busy_only_the_latest_stays() {
    let mut queue = Queue::new(&BARE);
    for text in ["a1;", "b1;"] {
        send_latest(&mut queue, text, &text[..1], Head::Changeable);
    }
    for text in ["a2;", "b2;", "a3;"] {
        push(&mut queue, text, WhenBusy::latest(&text[..1]));
    }
    assert_eq!(send_latest(&mut queue, "b3;", "b", Head::Changeable), 4);
    assert_eq!((queue.messages(), queue.bytes()), (2, 6));
    assert_eq!(queue.cost(), 6 + 2 + 2 * ENTRY_COST);
    assert_eq!(rest(&mut queue), "a3;b3;");
    assert_eq!((queue.cost(), queue.own_cost()), (0, 0));
}

#[test]
fn what_a_byte_stream_was_offered_is_never_changed() {
    for written in 0..3 {
        let mut queue = Queue::new(&BARE);
        push(&mut queue, "a1;", WhenBusy::latest("a"));
        push(&mut queue, "d1;", WhenBusy::DropOldest);
        let mut output = Vec::new();
        write(&mut queue, &mut output, written);
        assert_eq!(send_latest(&mut queue, "a2;", "a", Head::Offered), 0);
        assert_eq!(send_latest(&mut queue, "a3;", "a", Head::Offered), 1);
        write(&mut queue, &mut output, 3 - written);
        // Now the other one is the first.
        assert!(!queue.drop_oldest(Head::Offered));
        output.extend(rest(&mut queue).into_bytes());
        assert_eq!(output, b"a1;d1;a3;", "after {written} bytes");
    }
}

#[test]
fn a_half_written_message_is_not_changed_whoever_asks() {
    let mut queue = Queue::new(&BARE);
    push(&mut queue, "d1;", WhenBusy::DropOldest);
    push(&mut queue, "d2;", WhenBusy::DropOldest);
    let mut output = Vec::new();
    write(&mut queue, &mut output, 1);
    assert!(queue.drop_oldest(Head::Changeable));
    assert!(!queue.drop_oldest(Head::Changeable));
    output.extend(rest(&mut queue).into_bytes());
    assert_eq!(output, b"d1;");
}

#[test]
fn only_those_are_dropped_whose_senders_allow_it() {
    let mut queue = Queue::new(&BARE);
    queue.gather(TransferFormat::Text, b"own;", 0);
    push(&mut queue, "d1;", WhenBusy::DropOldest);
    push(&mut queue, "plain;", WhenBusy::Close);
    push(&mut queue, "newest;", WhenBusy::DropNewest);
    push(&mut queue, "a1;", WhenBusy::latest("a"));
    push(&mut queue, "volatile;", WhenBusy::Volatile);
    queue.push_control(b"pong;", 0);
    push(&mut queue, "d2;", WhenBusy::DropOldest);
    assert!(queue.drop_oldest(Head::Changeable));
    assert!(queue.drop_oldest(Head::Changeable));
    assert!(!queue.drop_oldest(Head::Changeable));
    push(&mut queue, "d3;", WhenBusy::DropOldest);
    assert!(queue.drop_oldest(Head::Changeable));
    let left = "own;plain;newest;a1;volatile;pong;";
    assert_eq!((queue.messages(), queue.bytes()), (5, left.len()));
    assert_eq!(rest(&mut queue), left);
}

#[test]
fn a_queue_whose_messages_were_all_dropped_is_empty() {
    let mut queue = Queue::new(&BARE);
    for _ in 0..10 {
        push(&mut queue, "d;", WhenBusy::DropOldest);
    }
    while queue.drop_oldest(Head::Changeable) {}
    assert!(queue.is_empty());
    assert_eq!((queue.cost(), queue.remembered()), (0, (0, 0)));
}

/// Behind a message that a client never takes, for as long as it may be.
#[test]
fn neither_keys_nor_places_of_dropped_messages_pile_up() {
    let mut queue = Queue::new(&BARE);
    push(&mut queue, "plain;", WhenBusy::Close);
    for number in 0..10_000 {
        let key = (number % 10).to_string();
        send_latest(&mut queue, "price;", &key, Head::Offered);
        push(&mut queue, "d;", WhenBusy::DropOldest);
        if number >= 5 {
            assert!(queue.drop_oldest(Head::Offered));
        }
        let (keys, entries) = queue.remembered();
        assert!(keys <= 10, "{keys} keys");
        assert!(entries <= 2 * 16 + FEW_DROPPED + 2, "{entries} entries");
    }
    assert_eq!(queue.messages(), 1 + 10 + 5);
    // Keys that are never used again leave with their messages.
    let mut output = Vec::new();
    for number in 0..10_000 {
        send_latest(&mut queue, "price;", &number.to_string(), Head::Offered);
        write(&mut queue, &mut output, 6);
    }
    assert!(queue.remembered().0 <= 20);
}

#[derive(Clone, Debug)]
enum Step {
    Plain,
    /// To a client that is not busy.
    Keyed(u8),
    KeyedToBusy(u8),
    Droppable,
    DropOldest,
    Write(usize),
    Pull(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Plain),
        (0..4_u8).prop_map(Step::Keyed),
        (0..4_u8).prop_map(Step::KeyedToBusy),
        (0..4_u8).prop_map(Step::KeyedToBusy),
        Just(Step::Droppable),
        Just(Step::DropOldest),
        Just(Step::DropOldest),
        (0..20_usize).prop_map(Step::Write),
        (0..40_usize).prop_map(Step::Pull),
    ]
}

/// A queue, what came out of it, and what was sent.
struct Run {
    queue: Queue,
    output: Vec<u8>,
    head: Head,
    sent: u64,
    replaced: u64,
    dropped: u64,
    newest: [Option<u64>; 4],
}

impl Run {
    /// The next message's text, which says what it is.
    fn text(&mut self, kind: &str) -> String {
        self.sent += 1;
        format!("{kind}{};", self.sent)
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Plain => {
                let text = self.text("p");
                push(&mut self.queue, &text, WhenBusy::Close);
            }
            Step::Keyed(key) => {
                let text = self.text(&format!("k{key}-"));
                let when_busy = WhenBusy::latest(key.to_string());
                push(&mut self.queue, &text, when_busy);
                self.newest[usize::from(key)] = Some(self.sent);
            }
            Step::KeyedToBusy(key) => {
                let text = self.text(&format!("k{key}-"));
                let key_text = key.to_string();
                self.replaced += send_latest(&mut self.queue, &text, &key_text, self.head);
                self.newest[usize::from(key)] = Some(self.sent);
            }
            Step::Droppable => {
                let text = self.text("d");
                push(&mut self.queue, &text, WhenBusy::DropOldest);
            }
            Step::DropOldest => self.dropped += u64::from(self.queue.drop_oldest(self.head)),
            Step::Write(limit) => {
                self.head = Head::Offered;
                write(&mut self.queue, &mut self.output, limit);
            }
            Step::Pull(limit) => {
                // Another way out, which gets whole what the one before it got in part.
                self.head = Head::Changeable;
                self.queue.rewind();
                let whole = self.output.iter().rposition(|byte| *byte == b';');
                self.output.truncate(whole.map_or(0, |end| end + 1));
                self.output.extend(self.queue.take(limit));
            }
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_to_a_queue_what_must_arrive_does(steps in prop::collection::vec(step(), 0..200)) {
        let mut run = Run {
            queue: Queue::new(&BARE),
            output: Vec::new(),
            head: Head::Changeable,
            sent: 0,
            replaced: 0,
            dropped: 0,
            newest: [None; 4],
        };
        for step in &steps {
            run.take(step);
            let (keys, _) = run.queue.remembered();
            prop_assert!(keys <= run.queue.messages());
        }
        run.output.extend(rest(&mut run.queue).into_bytes());
        prop_assert_eq!((run.queue.bytes(), run.queue.cost(), run.queue.own_cost()), (0, 0, 0));
        prop_assert_eq!(run.queue.remembered(), (0, 0));
        let output = String::from_utf8(run.output).unwrap();
        let number = |text: &str| -> u64 { text.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap() };
        let arrived: Vec<&str> = output.split_terminator(';').collect();
        prop_assert_eq!(arrived.len() as u64, run.sent - run.replaced - run.dropped);
        let unkeyed: Vec<u64> = arrived.iter().filter(|it| !it.starts_with('k')).map(|it| number(it)).collect();
        prop_assert!(unkeyed.is_sorted_by(|a, b| a < b), "{}", output);
        let plain = arrived.iter().filter(|it| it.starts_with('p')).count();
        prop_assert_eq!(plain, steps.iter().filter(|it| matches!(it, Step::Plain)).count());
        for (key, newest) in run.newest.iter().enumerate() {
            let prefix = format!("k{key}-");
            let of_key: Vec<u64> = arrived.iter().filter_map(|it| it.strip_prefix(&*prefix)).map(number).collect();
            prop_assert!(of_key.is_sorted_by(|a, b| a < b), "{}", output);
            prop_assert_eq!(of_key.last(), newest.as_ref());
        }
    }
}
