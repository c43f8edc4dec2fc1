//! How long a client of HTTP/2 may take nothing of a response.

use std::time::Duration;

use tokio::time::Instant;

/// How long a client may take next to nothing at all while a response waits, if the time limit of a
/// write is not longer.
pub(super) const LEAST_TIMEOUT: Duration = Duration::from_secs(60);

/// How many times as long a client may take nothing of one response while it takes others: with
/// many on a slow line, each has to wait, and a client may let out much at once, and rarely.
const OTHERS_FIRST: u32 = 10;

/// How many bytes a second are something, as in Kestrel (`MinResponseDataRate`).
const LEAST_RATE: u64 = 240;

/// A piece of a response for which the client has no room.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    since: Instant,
    /// How many bytes the client had taken of all responses when it last took enough, and when.
    taken: Option<u64>,
    taken_at: Instant,
}

impl Waiting {
    pub(super) fn begin() -> Self {
        let now = Instant::now();
        Self {
            since: now,
            taken: None,
            taken_at: now,
        }
    }

    /// Notes how many bytes the client has taken of all responses.
    pub(super) fn note(&mut self, taken: u64, timeout: Duration) {
        let enough = LEAST_RATE.saturating_mul(timeout.as_secs());
        match self.taken {
            Some(before) if taken < before.saturating_add(enough) => return,
            Some(_) => self.taken_at = Instant::now(),
            None => {}
        }
        self.taken = Some(taken);
    }

    /// Returns whether the client has taken too little for too long: of all responses, or nothing
    /// of this one.
    pub(super) fn is_overdue(&self, timeout: Duration) -> bool {
        self.taken_at.elapsed() >= timeout
            || self.since.elapsed() >= timeout.saturating_mul(OTHERS_FIRST)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_next_to_nothing_has_a_minute() {
        let mut waiting = Waiting::begin();
        for second in 0..59 {
            waiting.note(1_000 + second * 239, MINUTE);
            assert!(!waiting.is_overdue(MINUTE), "after {second} s");
            advance(Duration::from_secs(1)).await;
        }
        advance(Duration::from_secs(1)).await;
        assert!(waiting.is_overdue(MINUTE));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_others_has_ten_minutes() {
        let mut waiting = Waiting::begin();
        for second in 0..599 {
            waiting.note(second * 500, MINUTE);
            assert!(!waiting.is_overdue(MINUTE), "after {second} s");
            advance(Duration::from_secs(1)).await;
        }
        advance(Duration::from_secs(1)).await;
        assert!(waiting.is_overdue(MINUTE));
    }
}
