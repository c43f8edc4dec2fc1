//! The threads that only write to clients.

use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime};

/// Runs flushers, drains and what comes from other nodes where hub code runs on several threads.
///
/// Threads of their own, for tokio lets no other worker take what a worker woke last: hub code that blocks its
/// thread would hold up what it has just sent to everybody. With one worker there is nobody to go on in its
/// place, and a broadcast is written sooner on the thread that sent it.
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

    /// Where to spawn; `None` where that is the runtime of everything else.
    pub(super) fn handle(&self) -> Option<&Handle> {
        let runtime = self.runtime.get_or_init(|| self.threads.and_then(start));
        runtime.as_ref().map(Runtime::handle)
    }
}

/// `None` where the system has no threads to give: everything then runs where hub code does.
fn start(threads: usize) -> Option<Runtime> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("hubwire-writer")
        // Byte streams and backplanes of others may have timers and sockets of their own.
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
        // A runtime's own drop waits for its threads, which a task must not.
        if let Some(runtime) = self.runtime.take().flatten() {
            runtime.shutdown_background();
        }
    }
}
