//! The end of a session: the Close message, the hook, unregistering, and closing the transport.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Context;

use hubwire_protocol::Excerpt;

use super::ending::CloseMessage;
use super::hook::Hook;
use super::{Registered, Session};
use crate::connection::DisconnectReason;
use crate::dispatch::{Dispatcher, LeftUploads};
use crate::hub::{Details, HubError, HubResult, LetGo, Place, Warning};
use crate::node::{Guarded, caught, guarded, guarded_step_of, with_scratch};
use crate::transport::Closing;

impl Session {
    /// Ends a connection that its hub refused; it was never registered.
    pub(super) async fn refuse(&mut self, error: HubError) {
        let mut error = Guarded::new(error);
        let connection = Arc::clone(self.connection());
        let whose = connection.whose();
        guarded_step_of(whose, "the refusal of a connection", || {
            let error_detail = self.hub.options().error_detail();
            if let Some(error) = error.get_mut() {
                self.say_goodbye(&CloseMessage::of_refusal(error, error_detail, whose));
            }
        });
        self.give_up_client_results();
        self.leave(Closing::Normal).await;
    }

    /// Ends a connection whose hooks do not run, because it ended or was not admitted before its
    /// hub was told.
    pub(super) async fn turn_away(&mut self, why: Registered) {
        let connection = Arc::clone(self.connection());
        guarded_step_of(connection.whose(), "the goodbye to a client", || {
            if why == Registered::UserHasAnother {
                self.say_goodbye(&CloseMessage::of_second_connection());
            } else if let Some(reason) = connection.end_reason() {
                self.stop_sending(&reason);
            }
        });
        tracing::debug!(
            target: "hubwire::connection",
            ?why,
            hub = %self.hub.name(),
            connection_id = %connection.id(),
            "turned away"
        );
        self.leave(Closing::Normal).await;
    }

    /// Ends a registered connection, no matter what panics.
    pub(super) async fn finish(&mut self, reason: DisconnectReason, dispatcher: Dispatcher) {
        let connection = Arc::clone(self.connection());
        let whose = connection.whose();
        guarded_step_of(whose, "the goodbye to a client", || {
            self.stop_sending(&reason);
        });
        let uploads = guarded_step_of(whose, "the end of a connection's calls", || {
            self.stop_calls(dispatcher)
        });
        let closing = match self.on_disconnected(reason).await {
            Ok(()) => Closing::Normal,
            Err(error) => {
                drop(Guarded::new(error));
                Closing::Failed
            }
        };
        drop(uploads);
        self.leave(closing).await;
    }

    /// Sends the last message: why the connection ends. Only the first call does anything.
    pub(super) fn say_why(&self, reason: &DisconnectReason) {
        self.connection().finish_sending();
        let error_detail = self.hub.options().error_detail();
        if let Some(close) = CloseMessage::of(reason, error_detail) {
            self.say_goodbye(&close);
        }
    }

    fn stop_sending(&mut self, reason: &DisconnectReason) {
        self.say_why(reason);
        let let_go = self.wire.reset_if_let_go();
        let silent = (*reason == DisconnectReason::ClientTimedOut).then_some(LetGo::Silent);
        if let Some(let_go) = let_go.or(silent) {
            let details = || Details::of(self.connection().id());
            self.hub.warn(Warning::LetGo(let_go), details);
        }
    }

    /// Lets running calls continue on their own; returns the streams that they still read.
    fn stop_calls(&self, mut dispatcher: Dispatcher) -> Option<LeftUploads> {
        self.give_up_client_results();
        let uploads = dispatcher.leave();
        // They run until they end or the shutdown's grace period is over.
        if let Some(orphans) = dispatcher.into_orphans() {
            self.hub.node().spawn(orphans);
        }
        uploads
    }

    fn give_up_client_results(&self) {
        let pending = self.hub.lifetime().client_results();
        pending.disconnected(self.connection().id());
    }

    /// Unregisters the connection, drops what hub code stored with it, and closes its transport.
    pub(super) async fn leave(&mut self, closing: Closing) {
        let connection = Arc::clone(self.connection());
        let whose = connection.whose();
        guarded_step_of(whose, "what a connection kept", || {
            self.connection().items().close();
        });
        guarded_step_of(whose, "the unregistering of a connection", || {
            self.hub.lifetime().forget(self.connection());
        });
        if let Err(panic) = caught(self.wire.close(closing)).await {
            panic.log_of(whose, "the closing of a transport");
        }
    }

    /// Runs the hook; if the client leaves in the meantime, its transport ends at once, however
    /// long the hook takes.
    async fn on_disconnected(&mut self, reason: DisconnectReason) -> HubResult {
        let (hub, connection) = (Arc::clone(&self.hub), Arc::clone(self.connection()));
        tracing::debug!(
            target: "hubwire::connection",
            reason = ?Excerpt(&reason),
            hub = %hub.name(),
            connection_id = %connection.id(),
            "disconnected"
        );
        let caller = hub.caller(&connection);
        let run = hub.service().on_disconnected(caller, reason);
        let mut hook = Hook::new(&hub, &connection, Place::OnDisconnected, run);
        poll_fn(|cx| {
            let ended = hook.poll(cx);
            if ended.is_pending() {
                self.ignore_input(cx);
            }
            ended
        })
        .await
    }

    fn ignore_input(&mut self, cx: &mut Context<'_>) {
        if let Err(panic) = guarded(|| self.wire.poll_ignored(cx)) {
            let connection = Arc::clone(self.connection());
            let whose = connection.whose();
            panic.log_of(whose, "the reading of a client that is done with");
            guarded_step_of(whose, "the end of a transport that has panicked", || {
                self.wire.reset();
            });
        }
    }

    /// Queues a Close message after everything else, if the client can still receive it and none
    /// is queued yet.
    fn say_goodbye(&self, close: &CloseMessage) {
        let connection = self.connection();
        connection.finish_sending();
        if !self.wire.can_say_goodbye() {
            return;
        }
        let protocol = connection.protocol();
        with_scratch(|buffer| {
            let mut writer = protocol.writer(buffer);
            writer.close(&close.to_message());
            let outbound = connection.outbound();
            outbound.gather_last(protocol.transfer_format(), buffer);
        });
        connection.outbound().write_gathered();
    }
}
