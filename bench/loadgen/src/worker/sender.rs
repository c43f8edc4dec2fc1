//! Decides what a connection sends, and when.

use std::time::{Duration, Instant};

use super::{Link, PACED_LIMIT, Phase, Shard};
use crate::Args;

/// Decides what a connection sends, and when.
pub(super) struct Sender {
    /// The index of the next template.
    next: usize,
    id: u32,
    in_flight: usize,
    limit: usize,
    /// Messages a second; `None` means as fast as completions arrive.
    rate: Option<f64>,
    /// The offset of this sender within its period, which spreads the senders over time.
    offset: f64,
    begun: Option<Instant>,
    sent: u64,
}

impl Sender {
    pub(super) fn new(number: usize, senders: usize, args: &Args) -> Self {
        let rate = (args.rate > 0.0).then(|| args.rate / senders as f64);
        Self {
            next: number,
            id: 0,
            in_flight: 0,
            limit: if rate.is_some() {
                args.pipeline.max(PACED_LIMIT)
            } else {
                args.pipeline
            },
            rate,
            offset: number as f64 / senders as f64,
            begun: None,
            sent: 0,
        }
    }

    /// Returns how often to check whether a message is due.
    pub(super) fn tick(&self) -> Duration {
        let turn = Duration::from_secs_f64(1.0 / self.rate.unwrap_or(1.0).max(0.01));
        turn.max(Duration::from_millis(1))
    }

    /// Queues what may be sent now that `ended` more invocations have completed.
    pub(super) fn advance(&mut self, ended: usize, link: &mut Link, shard: &Shard) {
        self.in_flight = self.in_flight.saturating_sub(ended);
        if shard.phase.get() >= Phase::Drain {
            return;
        }
        let room = self.limit - self.in_flight;
        let wanted = match self.rate {
            Some(rate) => {
                let begun = *self.begun.get_or_insert_with(Instant::now);
                let due = (begun.elapsed().as_secs_f64() * rate + self.offset) as u64;
                (due.saturating_sub(self.sent) as usize).min(room)
            }
            None => room,
        };
        if wanted == 0 {
            return;
        }
        let mut templates = shard.templates.borrow_mut();
        let now = shard.nanoseconds();
        for _ in 0..wanted {
            let index = self.next % templates.len();
            self.next = self.next.wrapping_add(1);
            self.id = self.id.wrapping_add(1);
            link.send(templates[index].fill(self.id, now));
            shard.stats.borrow_mut().all_expected += shard.audience(index);
        }
        self.in_flight += wanted;
        self.sent += wanted as u64;
    }
}
