//! Flushers that share their thread with other tasks.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::taking::Taking;
use super::*;

#[tokio::test(start_paused = true)]
async fn a_flusher_leaves_turns_to_others_while_it_writes_long_queues() {
    let flushers = Flushers::new(1, &ServerOptions::default());
    let bounds = bounds(usize::MAX, usize::MAX);
    let message = message(&"x".repeat(3_000_000));
    let queues: Vec<_> = (0..60)
        .map(|_| {
            let queue = Outbound::new(
                label(),
                node(),
                flushers.assign(),
                Arc::clone(&bounds),
                &BARE,
            );
            // Like a socket with large buffers, or with a peer that reads on another machine.
            let fast = Taking(|bytes: &[u8]| bytes.len());
            let writer = SharedStream::new(Box::new(fast), Uptake::WithItsPeer);
            queue.attach_socket(SocketWriter::Other(writer));
            let _ = queue.offer(&message);
            queue
        })
        .collect();
    let turns = Arc::new(AtomicUsize::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    let counted = Arc::clone(&turns);
    tasks.spawn(flushers.assign().run());
    tasks.spawn(async move {
        while queues.iter().any(|queue| queue.bytes() > 0) {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    let _ = tokio::time::timeout(Duration::from_secs(60), tasks.join_next()).await;
    // 180 MB; one turn of one queue is 256 KiB.
    let turns = turns.load(Ordering::Relaxed);
    assert!(turns >= 10, "{turns} turns of others");
}
