//! How many lines a flood of refusals leaves in the log, and what they say.

use std::io;

use tokio::time::advance;
use tracing::subscriber::DefaultGuard;

use super::*;

/// What this thread logs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn kept() -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_writer(move || writer.clone());
        let guard = tracing::subscriber::set_default(subscriber.finish());
        (log, guard)
    }

    /// Returns the lines since the last call.
    fn take(&self) -> Vec<String> {
        let written = std::mem::take(&mut *self.0.lock().unwrap());
        let written = String::from_utf8(written).unwrap();
        written.lines().map(str::to_owned).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn refuse(outcomes: &Outcomes, times: u32) {
    for _ in 0..times {
        outcomes.report(&Err::<(), _>(Refusal::WrongPassword), None);
    }
}

fn summary(refusals: u64) -> String {
    format!(" INFO shopnest::login::outcomes: more sign-ins were refused refusals={refusals}")
}

#[tokio::test(start_paused = true)]
async fn a_line_has_the_reason_and_the_address() {
    let ((log, _guard), outcomes) = (Log::kept(), Outcomes::default());
    let refused = Err::<(), _>(Refusal::TooManySignIns);
    outcomes.report(&refused, Some([192, 0, 2, 7].into()));
    refuse(&outcomes, 1);
    outcomes.report(&Ok(()), None);
    let line = " INFO shopnest::login::outcomes: a sign-in was refused";
    assert_eq!(
        log.take(),
        [
            format!(r#"{line} reason="too_many_sign_ins" client.address=192.0.2.7"#),
            format!(r#"{line} reason="wrong_password""#),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_flood_leaves_a_few_lines_a_second_and_says_how_many_were_left_out() {
    let ((log, _guard), outcomes) = (Log::kept(), Outcomes::default());
    for _ in 0..60 {
        refuse(&outcomes, 1_000);
        assert_eq!(log.take().len(), 4);
        advance(PERIOD / 2).await;
        refuse(&outcomes, 1_000);
        assert!(log.take().is_empty());
        tokio::time::sleep(PERIOD / 2 + Duration::from_millis(1)).await;
        assert_eq!(log.take(), [summary(1_996)]);
    }
}

#[tokio::test(start_paused = true)]
async fn lines_are_left_out_only_in_a_flood() {
    let ((log, _guard), outcomes) = (Log::kept(), Outcomes::default());
    for _ in 0..20 {
        refuse(&outcomes, 1);
        advance(PERIOD / 4).await;
    }
    outcomes.finish().await;
    let lines = log.take();
    assert_eq!(lines.len(), 20, "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn the_end_does_not_wait_for_the_period() {
    let ((log, _guard), outcomes) = (Log::kept(), Outcomes::default());
    refuse(&outcomes, 7);
    let began = Instant::now();
    outcomes.finish().await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(log.take().last(), Some(&summary(3)));
}
