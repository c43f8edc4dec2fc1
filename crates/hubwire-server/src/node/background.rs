//! The tasks that serve all connections of a node.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures_core::future::BoxFuture;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::writers::Writers;

/// Creates a task anew for each runtime that the node runs in.
type Make = dyn Fn() -> BoxFuture<'static, ()> + Send;

/// Tasks that start with the first connection, and again if their runtime is gone.
#[derive(Default)]
pub(super) struct Background {
    tasks: Mutex<Vec<Task>>,
    tracker: TaskTracker,
}

struct Task {
    make: Box<Make>,
    runner: Runner,
    /// Held by the task while it exists.
    running: Weak<()>,
}

/// Where a task runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runner {
    Runtime,
    Writers,
}

impl Background {
    pub(super) fn prepare(&self, runner: Runner, make: Box<Make>) {
        let running = Weak::new();
        self.tasks().push(Task {
            make,
            runner,
            running,
        });
    }

    /// Starts the tasks that are not running. Must be called inside a runtime.
    pub(super) fn start(&self, writers: &Writers, stop: &CancellationToken) {
        if stop.is_cancelled() {
            return;
        }
        for task in &mut *self.tasks() {
            if task.running.strong_count() > 0 {
                continue;
            }
            let running = Arc::new(());
            task.running = Arc::downgrade(&running);
            let (made, stop) = ((task.make)(), stop.clone());
            let run = async move {
                stop.run_until_cancelled(made).await;
                drop(running);
            };
            match task.runner {
                Runner::Runtime => self.tracker.spawn(run),
                Runner::Writers => {
                    let handle = writers.handle().cloned();
                    self.tracker
                        .spawn_on(run, &handle.unwrap_or_else(Handle::current))
                }
            };
        }
    }

    /// Resolves once no task is running.
    pub(super) async fn ended(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<Task>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
