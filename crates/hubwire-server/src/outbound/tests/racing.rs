//! Senders, pullers and closers that race on several threads: every send ends, and each message
//! arrives once.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use hubwire_core::{EncodedMessage, WhenBusy};
use hubwire_protocol::{HubProtocol, TransferFormat};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::super::{Outbound, Puller};
use super::{message, outbound};

/// Longer than any step takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(30);

async fn send(outbound: &Arc<Outbound>, text: &str) {
    let _ = outbound.offer(&message(text));
    Arc::clone(outbound).has_room().await;
}

/// Pulls once, if something arrives soon; returns whether it may pull again.
async fn pull_into(
    taken: &Mutex<Vec<u8>>,
    puller: &mut Puller,
    is_first: bool,
    limit: usize,
) -> bool {
    let pulled = poll_fn(|cx| {
        // Pulled and recorded under one lock; otherwise the order of the records would mean
        // nothing.
        let mut taken = taken.lock().unwrap();
        puller.poll_pull(cx, limit).map(|pulled| {
            let is_attached = pulled.is_some();
            if is_first && is_attached {
                // It gets whole what the one before it got in part.
                let whole = taken.iter().rposition(|byte| *byte == b';');
                taken.truncate(whole.map_or(0, |end| end + 1));
            }
            taken.extend(pulled.unwrap_or_default());
            is_attached
        })
    });
    matches!(timeout(Duration::from_millis(1), pulled).await, Ok(true))
}

/// Returns what pullers take that take over from each other, until all is sent and taken.
async fn taken_while(
    outbound: &Arc<Outbound>,
    limit: usize,
    sending: impl Future<Output = ()>,
) -> String {
    let mut flusher = JoinSet::new();
    flusher.spawn(Arc::clone(&outbound.flusher).run());
    let (taken, is_over) = (
        Arc::<Mutex<Vec<u8>>>::default(),
        Arc::<AtomicBool>::default(),
    );
    let mut pullers = JoinSet::new();
    for pulls in 1..=4 {
        let outbound = Arc::clone(outbound);
        let (taken, is_over) = (Arc::clone(&taken), Arc::clone(&is_over));
        pullers.spawn(async move {
            while !is_over.load(Ordering::Relaxed) {
                let mut puller = outbound.attach_puller();
                for pull in 0..pulls {
                    if !pull_into(&taken, &mut puller, pull == 0, limit).await {
                        break;
                    }
                }
            }
        });
    }
    let sent = async {
        sending.await;
        while outbound.bytes() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, sent).await.unwrap();
    is_over.store(true, Ordering::Relaxed);
    while pullers.join_next().await.is_some() {}
    assert_eq!(outbound.failure(), None);
    let taken = taken.lock().unwrap();
    String::from_utf8_lossy(&taken).into_owned()
}

async fn assert_taken_once(limit: usize) {
    const COUNT: usize = 5_000;
    let outbound = outbound(300);
    let sending = async {
        for number in 0..COUNT {
            send(&outbound, &format!("{number};")).await;
        }
    };
    let taken = taken_while(&outbound, limit, sending).await;
    let expected: String = (0..COUNT).map(|number| format!("{number};")).collect();
    assert!(taken == expected, "with pulls of {limit} bytes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pullers_that_take_over_from_each_other_take_each_message_once_and_in_order() {
    for limit in [7, 40, 16 * 1024] {
        assert_taken_once(limit).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_newest_message_of_each_key_is_taken_whoever_sends_and_pulls() {
    const COUNT: usize = 3_000;
    let outbound = outbound(300);
    let mut senders = JoinSet::new();
    for key in ["a", "b", "c"] {
        let outbound = Arc::clone(&outbound);
        senders.spawn(async move {
            for number in 0..COUNT {
                let text = format!("{key}{number};").into_bytes();
                let latest = WhenBusy::latest(key);
                let message = EncodedMessage::with_when_busy(HubProtocol::Json, text, latest);
                let _ = outbound.offer_alone(message);
                if number % 8 == 0 {
                    tokio::task::yield_now().await;
                }
            }
        });
    }
    let sending = async { drop(senders.join_all().await) };
    let taken = taken_while(&outbound, 20, sending).await;
    for key in ["a", "b", "c"] {
        let of_key = taken.split(';').filter_map(|text| text.strip_prefix(key));
        let numbers: Vec<usize> = of_key.map(|number| number.parse().unwrap()).collect();
        assert!(numbers.is_sorted_by(|first, second| first < second));
        assert_eq!(numbers.last(), Some(&(COUNT - 1)));
    }
    assert_eq!(outbound.bounds.memory.held().get(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_send_ends_where_pullers_and_closers_race() {
    for round in 0..1_000 {
        let outbound = outbound(50);
        let mut tasks = JoinSet::new();
        for _ in 0..3 {
            let outbound = Arc::clone(&outbound);
            tasks.spawn(async move {
                for _ in 0..20 {
                    send(&outbound, "0123456789").await;
                    tokio::task::yield_now().await;
                }
            });
        }
        tasks.spawn(async move {
            for limit in 0..round % 7 {
                let mut puller = outbound.attach_puller();
                let _ = puller.poll_pull(&mut Context::from_waker(Waker::noop()), limit);
                tokio::task::yield_now().await;
            }
            match round % 3 {
                0 => outbound.finish(),
                1 => outbound.close(),
                _ => outbound.reset(),
            }
        });
        // Less than the send timeout.
        let ended = timeout(Duration::from_secs(5), tasks.join_all()).await;
        assert!(ended.is_ok(), "a send of round {round} does not end");
    }
}

/// Waits on another task; otherwise the test would not show whether the waiter is woken.
#[tokio::test(start_paused = true)]
async fn whoever_waits_until_all_is_taken_is_woken_at_any_bound() {
    for bound in [1, 2, 1000] {
        let outbound = outbound(bound);
        let mut puller = outbound.attach_puller();
        outbound.gather(TransferFormat::Text, b"one;");
        let mut waiting = JoinSet::new();
        let written = Arc::clone(&outbound);
        waiting.spawn(async move { poll_fn(|cx| written.poll_written(cx)).await });
        tokio::task::yield_now().await;
        assert!(waiting.try_join_next().is_none());
        let pulled = poll_fn(|cx| puller.poll_pull(cx, 4)).await;
        assert!(pulled.is_some());
        let written = timeout(PATIENCE, waiting.join_next()).await;
        assert!(written.is_ok(), "with a bound of {bound} bytes");
    }
}
