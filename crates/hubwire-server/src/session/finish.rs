//! The end of a session: goodbye, hook, unregistering, and the closing of its transport.

use std::future::poll_fn;
use std::sync::Arc;

use super::Session;
use super::ending::CloseMessage;
use super::hook::Hook;
use crate::connection::DisconnectReason;
use crate::dispatch::Dispatcher;
use crate::hub::{HubError, HubResult, Place, Upload};
use crate::node::{Guarded, caught, guarded_step, with_scratch};
use crate::outbound::Failure;
use crate::transport::Closing;

impl Session {
    /// Ends a connection that its hub refused, and so never had.
    pub(super) async fn refuse(&mut self, error: HubError) {
        let mut error = Guarded::new(error);
        guarded_step("the refusal of a connection", || {
            let detailed_errors = self.hub.options().detailed_errors;
            if let Some(error) = error.get_mut() {
                self.say_goodbye(&CloseMessage::of_refusal(error, detailed_errors));
            }
        });
        self.give_up_client_results();
        self.leave(Vec::new(), Closing::Normal).await;
    }

    /// Ends a connection that its hub has, whatever panics meanwhile.
    pub(super) async fn finish(&mut self, reason: DisconnectReason, dispatcher: Dispatcher) {
        guarded_step("the goodbye to a client", || self.stop_sending(&reason));
        let uploads = guarded_step("the end of a connection's calls", || {
            self.stop_calls(dispatcher)
        });
        let closing = match self.on_disconnected(reason).await {
            Ok(()) => Closing::Normal,
            Err(_) => Closing::Failed,
        };
        self.leave(uploads.unwrap_or_default(), closing).await;
    }

    fn stop_sending(&mut self, reason: &DisconnectReason) {
        self.connection().finish_sending();
        let detailed_errors = self.hub.options().detailed_errors;
        if let Some(close) = CloseMessage::of(reason, detailed_errors) {
            self.say_goodbye(&close);
        }
        if *reason == DisconnectReason::TooSlow {
            self.log_slow_client();
            self.wire.reset();
        }
    }

    /// Leaves the calls that run to themselves; returns the streams that they still read.
    fn stop_calls(&self, mut dispatcher: Dispatcher) -> Vec<Arc<dyn Upload>> {
        self.give_up_client_results();
        let uploads = dispatcher.leave();
        // Until their ends or that of the shutdown's grace.
        if let Some(orphans) = dispatcher.into_orphans() {
            self.hub.node().spawn(orphans);
        }
        uploads
    }

    fn give_up_client_results(&self) {
        let pending = self.hub.lifetime().client_results();
        pending.disconnected(self.connection().id());
    }

    /// Unregisters the connection, drops what hub code kept with it, and closes its transport.
    async fn leave(&mut self, uploads: Vec<Arc<dyn Upload>>, closing: Closing) {
        guarded_step("the unregistering of a connection", || {
            for upload in uploads {
                upload.end(Some(HubError::connection_closed()));
            }
            self.connection().items().close();
            self.hub.lifetime().forget(self.connection());
        });
        if let Err(panic) = caught(self.wire.close(closing)).await {
            panic.log("the closing of a transport");
        }
    }

    async fn on_disconnected(&mut self, reason: DisconnectReason) -> HubResult {
        tracing::debug!(target: "hubwire::connection", %reason, "disconnected");
        let caller = self.hub.caller(self.connection());
        let hook = self.hub.service().on_disconnected(caller, reason);
        let mut hook = Hook::new(&self.hub, Place::OnDisconnected, hook);
        poll_fn(|cx| hook.poll(cx)).await
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
