//! Running a hook of a hub, which may fail or panic, and logging its failure.

use std::task::{Context, Poll};

use futures_core::future::BoxFuture;

use crate::connection::Connection;
use crate::hub::{HubError, HubResult, HubRuntime, Place};
use crate::node::{Guarded, guarded_step_of};

/// A running hook.
pub(super) struct Hook<'a> {
    hub: &'a HubRuntime,
    connection: &'a Connection,
    place: Place,
    run: Guarded<BoxFuture<'a, HubResult>>,
}

impl<'a> Hook<'a> {
    pub(super) fn new(
        hub: &'a HubRuntime,
        connection: &'a Connection,
        place: Place,
        run: BoxFuture<'a, HubResult>,
    ) -> Self {
        let run = Guarded::new(run);
        Self {
            hub,
            connection,
            place,
            run,
        }
    }

    /// Polls the hook; a failure is logged.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<HubResult> {
        let ended = self.run.poll_with(|run| run.as_mut().poll(cx));
        ended.map(|ended| {
            let result = ended.unwrap_or_else(|panic| Err(HubError::panicked(panic)));
            if let Err(error) = &result {
                // The text of the error is hub code's.
                let whose = self.connection.whose();
                guarded_step_of(whose, "the error of a hook", || {
                    let cause = format_args!("{error}");
                    self.hub.failed(self.place, whose.connection_id, &cause);
                });
            }
            result
        })
    }
}
