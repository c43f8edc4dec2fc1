//! The amount that may be sent, counted at the time of sending.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// The cost of a message besides its filler: its envelope, its frame, and what a queue counts for
/// an entry.
pub(crate) const ENVELOPE: usize = 192;

/// An amount at once, and an amount per second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer {
    pub(crate) at_once: f64,
    pub(crate) for_each_second: f64,
}

/// Limits sending to an [`Offer`]: in any period at most `at_once` plus that period's share.
///
/// A sender that is late does not get back what it missed.
#[derive(Debug)]
pub(crate) struct Bucket {
    offer: Offer,
    level: f64,
    filled: Instant,
}

impl Bucket {
    /// Creates a bucket, filled to this fraction of its capacity.
    pub(crate) fn new(offer: Offer, part: f64) -> Self {
        Self {
            offer,
            level: offer.at_once * part,
            filled: Instant::now(),
        }
    }

    /// Takes that much, or returns when to ask again.
    pub(crate) fn try_take(&mut self, cost: usize) -> Result<(), Duration> {
        let (now, cost) = (Instant::now(), cost as f64);
        assert!(
            cost <= self.offer.at_once,
            "{cost} never fit {:?}",
            self.offer
        );
        let gained = now.duration_since(self.filled).as_secs_f64() * self.offer.for_each_second;
        self.level = (self.level + gained).min(self.offer.at_once);
        self.filled = now;
        if self.level < cost {
            let missing = cost - self.level;
            let wait = Duration::from_secs_f64(missing / self.offer.for_each_second);
            return Err(wait.max(Duration::from_millis(1)));
        }
        self.level -= cost;
        Ok(())
    }

    pub(crate) async fn take(&mut self, cost: usize) {
        while let Err(wait) = self.try_take(cost) {
            sleep(wait).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_late_sender_does_not_get_back_what_it_missed() {
        let offer = Offer {
            at_once: 100.0,
            for_each_second: 10.0,
        };
        let mut bucket = Bucket::new(offer, 1.0);
        sleep(Duration::from_secs(60)).await;
        bucket.take(100).await;
        let since = Instant::now();
        bucket.take(50).await;
        assert_eq!(since.elapsed().as_secs(), 5);
    }
}
