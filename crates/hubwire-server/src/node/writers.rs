//! The threads that only write to clients.

use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime};

/// Runs flushers, drains and messages from other nodes if hub code runs on several threads.
///
/// They have their own threads, because in tokio no other worker takes over the task that a worker
/// woke last: hub code that blocks its thread would delay what it has just sent to everybody. With
/// a single worker, no other thread could continue in its place, and a broadcast is written sooner
/// on the thread that sent it.
#[derive(Debug)]
pub(super) struct Writers {
    threads: Option<usize>,
    runtime: OnceLock<Option<Runtime>>,
}

impl Writers {
    pub(super) fn new(workers: usize) -> Self {
        Self {
            threads: (workers > 1).then_some(workers),
            runtime: OnceLock::new(),
        }
    }

    /// Returns where to spawn writers; `None` if they run in the same runtime as everything else.
    pub(super) fn handle(&self) -> Option<&Handle> {
        let runtime = self.runtime.get_or_init(|| self.threads.and_then(start));
        runtime.as_ref().map(Runtime::handle)
    }
}

/// Returns `None` if the system has no threads available; everything then runs in the runtime of
/// hub code.
fn start(threads: usize) -> Option<Runtime> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("hubwire-writer")
        // Byte streams and backplanes of other crates may use timers and sockets of their own.
        .enable_all()
        .build();
    runtime
        .inspect_err(|error| {
            tracing::error!(target: "hubwire::outbound", %error, "no threads that write to clients");
        })
        .ok()
}

impl Drop for Writers {
    fn drop(&mut self) {
        // Dropping a runtime waits for its threads, which is not allowed in a task.
        if let Some(runtime) = self.runtime.take().flatten() {
            runtime.shutdown_background();
        }
    }
}
