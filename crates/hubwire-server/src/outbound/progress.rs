//! Checks whether a client accepts anything of what is queued for it, and whether its network is
//! alive.

use std::num::NonZeroU64;

use super::state::{State, WayOut};
use super::{Bounds, Failure, Outbound, Progress, TcpInfo};

/// How often the kernel is asked about a socket that refuses nothing, if no option says otherwise;
/// in seconds.
const SECONDS_BETWEEN_LOOKS: u64 = 15;

/// How many times as long a client may take for what was taken in advance for it.
const MOST_IN_ADVANCE: u128 = 10;

/// The time by which a client must accept more of what is queued for it, and what it had accepted
/// before.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Milliseconds since the node's start, plus one.
    until: Option<NonZeroU64>,
    taken: u64,
}

/// What is known about the bytes that a client has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// The bytes are on their way, or already there.
    Sent(u64),
    /// The bytes are with the puller, or with an HTTP/2 stream, which asks for more when it has
    /// room.
    Pulled(u64),
}

impl Watch {
    /// Nothing waits for a client that has taken so much.
    pub(super) fn idle(taken: u64) -> Self {
        Self { until: None, taken }
    }

    /// Sets no time until the client is found to leave something again.
    pub(super) fn stop(&mut self) {
        self.until = None;
    }

    /// Returns whether too little was taken for too long.
    fn is_overdue(&mut self, now: u64, taken: Taken, progress: Progress) -> bool {
        let (Taken::Sent(total) | Taken::Pulled(total)) = taken;
        let more = total.saturating_sub(self.taken);
        let enough = (progress.bytes as u64).max(1);
        let now = NonZeroU64::MIN.saturating_add(now);
        let until = match self.until {
            Some(until) if more < enough => until,
            _ => {
                let time = progress.timeout.as_millis();
                let time = match taken {
                    Taken::Pulled(_) if more > enough => {
                        let longest = time.saturating_mul(MOST_IN_ADVANCE);
                        longest.min(time.saturating_mul(more.into()) / u128::from(enough))
                    }
                    _ => time,
                };
                let until = now.saturating_add(u64::try_from(time).unwrap_or(u64::MAX));
                *self = Self {
                    until: Some(until),
                    taken: total,
                };
                until
            }
        };
        now >= until
    }
}

impl Outbound {
    /// Gives up a client that has accepted too little for too long, or that has a dead network.
    ///
    /// The sweep calls this each second, with a `turn` that is one higher each time. A client that
    /// refuses nothing is checked only in some turns: once per probe interval, counted in seconds.
    pub(crate) fn check_progress(&self, now: u64, turn: u64) {
        let failure = self.lock().look(now, turn, &self.bounds);
        if let Some(failure) = failure {
            self.fail(failure);
        }
    }
}

impl State {
    fn look(&mut self, now: u64, turn: u64, bounds: &Bounds) -> Option<Failure> {
        let is_draining = self.is_draining();
        let (waits, taken) = match &self.way_out {
            WayOut::Absent { .. } | WayOut::Gone => (false, Taken::Sent(self.queue.taken())),
            WayOut::Pulled {
                is_left_to_socket, ..
            } => (
                !is_left_to_socket && !self.queue.is_empty(),
                Taken::Pulled(self.queue.taken()),
            ),
            WayOut::Socket { .. } if !is_draining && !turn.is_multiple_of(bounds.looks()) => {
                return None;
            }
            WayOut::Socket { writer, .. } => match writer.tcp_info() {
                Some(peer) if bounds.is_dead(&peer) => return Some(Failure::PeerDead),
                Some(peer) => (
                    is_draining || peer.unsent > 0,
                    Taken::Sent(peer.acknowledged),
                ),
                None if writer.takes_in_advance() => {
                    (is_draining, Taken::Pulled(self.queue.taken()))
                }
                None => (is_draining, Taken::Sent(self.queue.taken())),
            },
        };
        if !waits {
            let (Taken::Sent(total) | Taken::Pulled(total)) = taken;
            self.watch = Watch::idle(total);
            return None;
        }
        let is_overdue = self.watch.is_overdue(now, taken, bounds.progress);
        is_overdue.then_some(Failure::NoProgress)
    }
}

impl Bounds {
    /// Returns whether the peer is dead. A peer's system answers probes, no matter how little the
    /// peer reads.
    fn is_dead(&self, peer: &TcpInfo) -> bool {
        self.dead_peers
            .is_some_and(|timeouts| peer.is_dead_after(timeouts.unacknowledged))
    }

    /// Returns how many turns lie between two checks of a client that refuses nothing.
    fn looks(&self) -> u64 {
        self.dead_peers.map_or(SECONDS_BETWEEN_LOOKS, |timeouts| {
            timeouts.keep_alive.as_secs().max(1)
        })
    }
}
