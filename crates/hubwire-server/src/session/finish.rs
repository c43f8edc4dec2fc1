//! The end of a session: goodbye, hook, unregistering, and the closing of its transport.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;

use super::Session;
use super::ending::CloseMessage;
use crate::connection::DisconnectReason;
use crate::dispatch::Dispatcher;
use crate::hub::{HubError, Upload};
use crate::node::with_scratch;
use crate::outbound::Failure;
use crate::transport::Closing;

/// What a method reads at the end of a stream whose client is gone.
fn connection_closed() -> HubError {
    HubError::hidden("The underlying connection was closed.")
        .with_type_name("OperationCanceledException")
}

impl Session {
    /// Ends a connection that its hub refused, and so never had.
    pub(super) async fn refuse(&mut self, error: &HubError) {
        let close = CloseMessage::of_refusal(error, self.hub.options().detailed_errors);
        self.say_goodbye(&close);
        self.give_up_client_results();
        self.leave(Vec::new(), Closing::Normal).await;
    }

    /// Ends a connection that its hub has.
    pub(super) async fn finish(&mut self, reason: DisconnectReason, mut dispatcher: Dispatcher) {
        self.connection().finish_sending();
        let detailed_errors = self.hub.options().detailed_errors;
        if let Some(close) = CloseMessage::of(&reason, detailed_errors) {
            self.say_goodbye(&close);
        }
        if reason == DisconnectReason::TooSlow {
            self.log_slow_client();
            self.wire.reset();
        }
        self.give_up_client_results();
        let uploads = dispatcher.leave();
        self.run_out(dispatcher);
        let closing = match self.on_disconnected(reason).await {
            Ok(()) => Closing::Normal,
            Err(_) => Closing::Failed,
        };
        self.leave(uploads, closing).await;
    }

    fn give_up_client_results(&self) {
        let pending = self.hub.lifetime().client_results();
        pending.disconnected(self.connection().id());
    }

    /// Leaves the calls that have begun to a task of the node's, until their ends or that of its grace.
    fn run_out(&self, dispatcher: Dispatcher) {
        if dispatcher.is_running() {
            self.hub.node().spawn(dispatcher.run_out());
        }
    }

    /// Unregisters the connection and closes its transport.
    async fn leave(&mut self, uploads: Vec<Arc<dyn Upload>>, closing: Closing) {
        for upload in uploads {
            upload.end(Some(connection_closed()));
        }
        self.hub.lifetime().forget(self.connection());
        self.wire.close(closing).await;
    }

    async fn on_disconnected(&mut self, reason: DisconnectReason) -> Result<(), HubError> {
        tracing::debug!(target: "hubwire::connection", %reason, "disconnected");
        let caller = self.hub.caller(self.connection());
        let hook = self.hub.service().on_disconnected(caller, reason);
        let result = AssertUnwindSafe(hook)
            .catch_unwind()
            .await
            .unwrap_or_else(|panic| Err(HubError::panicked(&*panic)));
        if let Err(error) = &result {
            tracing::error!(target: "hubwire::dispatch", %error, "on_disconnected failed");
        }
        result
    }

    /// Sends a Close message behind all that was queued before, where the client can still hear it.
    fn say_goodbye(&self, close: &CloseMessage) {
        let connection = self.connection();
        connection.finish_sending();
        if self.wire.has_ended() {
            return;
        }
        let protocol = connection.protocol();
        with_scratch(|buffer| {
            let mut writer = protocol.writer(buffer);
            writer.close(close.error.as_deref(), close.allow_reconnect);
            let outbound = connection.outbound();
            outbound.gather_last(protocol.transfer_format(), buffer);
        });
        connection.outbound().write_gathered();
    }

    fn log_slow_client(&self) {
        let node = self.hub.node();
        let Some(failure) = self.connection().outbound().failure() else {
            return;
        };
        let limit = match failure {
            Failure::QueueFull => &node.limits().outbound_maximum,
            Failure::NoProgress => &node.limits().progress,
            Failure::NodeFull => &node.limits().outbound_memory,
            Failure::Lost => return,
        };
        if let Some(hits) = limit.hit(node.now()) {
            let connection_id = self.connection().id();
            tracing::warn!(target: "hubwire::connection", hits, %connection_id, ?failure, "a slow client is let go");
        }
    }
}
