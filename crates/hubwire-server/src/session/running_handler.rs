//! The handler of one connection, while it runs.

use std::error::Error;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::future::BoxFuture;

use crate::connection::Connection;
use crate::handler::HandlerResult;
use crate::hub::{HubRuntime, Place};
use crate::node::{Guarded, guarded_step_of};
use crate::transport::Closing;

/// The running handler of a connection.
pub(super) struct RunningHandler {
    hub: Arc<HubRuntime>,
    connection: Arc<Connection>,
    run: Guarded<BoxFuture<'static, HandlerResult>>,
}

impl RunningHandler {
    pub(super) fn new(
        hub: Arc<HubRuntime>,
        connection: Arc<Connection>,
        run: BoxFuture<'static, HandlerResult>,
    ) -> Self {
        Self {
            hub,
            connection,
            run: Guarded::new(run),
        }
    }

    pub(super) fn hub(&self) -> &HubRuntime {
        &self.hub
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Polls the handler; a failure is logged.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Closing> {
        let ended = self.run.poll_with(|run| run.as_mut().poll(cx));
        ended.map(|ended| match ended {
            Ok(Ok(())) => Closing::Normal,
            Ok(Err(error)) => {
                let mut error = Guarded::new(error);
                guarded_step_of(self.connection.whose(), "the error of a handler", || {
                    self.say(&mut error);
                });
                Closing::Failed
            }
            Err(panic) => {
                let cause = format_args!("it panicked: {panic}");
                let id = self.connection.id();
                self.hub.failed(Place::ConnectionHandler, id, &cause);
                Closing::Failed
            }
        })
    }

    /// Logs an error; after the end of its connection, a handler cannot but fail to send.
    fn say(&self, error: &mut Guarded<Box<dyn Error + Send + Sync>>) {
        let Some(error) = error.get_mut() else {
            return;
        };
        let id = self.connection.id();
        if !self.connection.outbound().is_finished() {
            return self.hub.failed(Place::ConnectionHandler, id, error);
        }
        tracing::debug!(
            target: "hubwire::connection",
            hub = %self.hub.name(),
            connection_id = %id,
            ?error,
            "a connection handler failed after the end of its connection"
        );
    }
}
