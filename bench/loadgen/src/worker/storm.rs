//! Connections that open, close, and open again.

use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::{interval_at, sleep, timeout};

use super::{CONNECT_TIMEOUT, Link, Phase, Shard};

/// Connects, closes the connection, and starts again.
pub(super) async fn storm(number: usize, shard: Rc<Shard>, mut phase: watch::Receiver<Phase>) {
    let args = &shard.args;
    let _ = phase.wait_for(|&p| p > Phase::Connect).await;
    let mut turn = (args.rate > 0.0).then(|| {
        let period = Duration::from_secs_f64(args.connections as f64 / args.rate);
        let first = period.mul_f64(number as f64 / args.connections as f64);
        interval_at(tokio::time::Instant::now() + first, period)
    });
    while shard.phase.get() < Phase::Drain {
        if let Some(turn) = &mut turn {
            turn.tick().await;
        }
        let begun = Instant::now();
        let result = Link::open(&shard).await;
        let took = begun.elapsed();
        {
            let mut stats = shard.stats.borrow_mut();
            match &result {
                Ok(_) if shard.measuring() => {
                    stats.connected += 1;
                    stats.completions += 1;
                    let _ = stats.latency.record(took.as_nanos() as u64);
                }
                Ok(_) => {}
                Err(e) => {
                    stats.connect_failures += 1;
                    stats.failed(&e);
                }
            }
        }
        match result {
            Ok(mut link) => {
                link.socket.queue_close();
                let _ = link.socket.flush().await;
                // Until the server's close frame, or the end of the stream.
                let _ = timeout(CONNECT_TIMEOUT, async {
                    while link.receive(&shard).await.is_ok() {}
                })
                .await;
            }
            // Avoids a busy loop if nothing listens.
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}
