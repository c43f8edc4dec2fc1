//! Running a hook of a hub, which may fail or panic, and logging its failure.

use std::task::{Context, Poll};

use futures_core::future::BoxFuture;

use crate::connection::Connection;
use crate::hub::{HubError, HubResult, HubRuntime, Place, span};
use crate::node::{Guarded, InSpan, guarded_step_of};

/// The name of the hook in its span, as in ASP.NET Core.
const ON_CONNECTED: &str = "OnConnectedAsync";
const ON_DISCONNECTED: &str = "OnDisconnectedAsync";

/// A running hook.
pub(super) struct Hook<'a> {
    hub: &'a HubRuntime,
    connection: &'a Connection,
    place: Place,
    run: InSpan<BoxFuture<'a, HubResult>>,
}

impl<'a> Hook<'a> {
    pub(super) fn new(
        hub: &'a HubRuntime,
        connection: &'a Connection,
        place: Place,
        run: BoxFuture<'a, HubResult>,
    ) -> Self {
        let method = match place {
            Place::OnConnected => ON_CONNECTED,
            _ => ON_DISCONNECTED,
        };
        let span = span::of_hook(hub.name(), method, connection.id());
        let run = InSpan::new(Guarded::new(run), span);
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
                span::record_error(self.run.span(), error.type_name());
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
