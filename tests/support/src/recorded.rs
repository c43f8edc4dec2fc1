//! What a server records through the `metrics` facade during a scene.

use std::time::Duration;

use metrics::{Recorder, SharedString, Unit};
use metrics_util::CompositeKey;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;

pub type Recorded = Vec<(CompositeKey, Option<Unit>, Option<SharedString>, DebugValue)>;

/// Within this time a sweep has passed everything on.
const SWEPT: Duration = Duration::from_secs(2);

pub fn paused_runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
}

/// Runs a scene under a paused clock until it is over and a sweep has passed everything on, and
/// returns everything that was recorded.
pub fn recorded(scene: impl Future<Output = ()>) -> Recorded {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    record_with(&recorder, async {
        scene.await;
        sleep(SWEPT).await;
    });
    snapshotter.snapshot().into_vec()
}

/// Runs a scene with this recorder under a paused clock.
pub fn record_with(recorder: &dyn Recorder, scene: impl Future<Output = ()>) {
    let runtime = paused_runtime();
    metrics::with_local_recorder(recorder, || runtime.block_on(scene));
}

/// Returns the counters of this name that are not zero, each with the value of its last label.
pub fn counters(recorded: &Recorded, name: &str) -> Vec<(String, u64)> {
    let mut counters = Vec::new();
    for (key, _, _, value) in recorded {
        let key = key.key();
        if let DebugValue::Counter(count @ 1..) = value
            && key.name() == name
        {
            let label = key.labels().last().map(|label| label.value().to_owned());
            counters.push((label.unwrap_or_default(), *count));
        }
    }
    counters.sort();
    counters
}

/// Runs a scene, and returns its [`counters`] of this name.
pub fn measured(name: &str, scene: impl Future<Output = ()>) -> Vec<(String, u64)> {
    counters(&recorded(scene), name)
}

/// Like [`measured`], on the system's clock, as sockets need it.
pub fn measured_in_real_time(name: &str, scene: impl Future<Output = ()>) -> Vec<(String, u64)> {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let scene = async {
        scene.await;
        sleep(SWEPT).await;
    };
    metrics::with_local_recorder(&recorder, || runtime.block_on(scene));
    counters(&snapshotter.snapshot().into_vec(), name)
}

/// Checks counters.
#[track_caller]
pub fn assert_counted(actual: &[(String, u64)], expected: &[(&str, u64)]) {
    let actual: Vec<_> = actual.iter().map(|(name, n)| (&**name, *n)).collect();
    assert_eq!(actual, expected);
}
