//! The session of a connection without a hub protocol: its handler runs in place of a dispatcher.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use hubwire_protocol::Excerpt;
use tracing::Instrument;

use super::orphaned_handler::OrphanedHandler;
use super::presence::Presence;
use super::running_handler::RunningHandler;
use super::span_of;
use super::wire::Wire;
use crate::connection::{Connection, DisconnectReason};
use crate::handler::{AnyConnectionHandler, RawConnection, ReceivedChunks};
use crate::hub::{Details, HubRuntime, TraceContext, Warning};
use crate::node::{EndpointOptions, Turn, caught, guarded_step_of};
use crate::transport::{Closing, Transport};

/// Owns a connection from its first byte to its last, and runs its handler.
#[derive(Debug)]
pub(crate) struct RawSession {
    hub: Arc<HubRuntime>,
    handler: Arc<dyn AnyConnectionHandler>,
    received: Arc<ReceivedChunks>,
    wire: Wire,
    _presence: Presence,
}

/// What has ended first.
enum Ended {
    Connection(DisconnectReason),
    Handler(Closing),
}

impl RawSession {
    pub(crate) fn new(
        hub: Arc<HubRuntime>,
        handler: Arc<dyn AnyConnectionHandler>,
        endpoint: &EndpointOptions,
        connection: Arc<Connection>,
        transport: Transport,
    ) -> Self {
        Self {
            hub,
            handler,
            received: ReceivedChunks::new(endpoint.application_maximum_buffer_size),
            _presence: Presence::new(Arc::clone(&connection)),
            wire: Wire::new(connection, transport),
        }
    }

    /// Serves the connection until it has ended. `opener` is the trace context in which it was
    /// opened.
    pub(crate) fn run(
        self: Box<Self>,
        opener: TraceContext,
    ) -> impl Future<Output = ()> + Send + use<> {
        let span = span_of(&self.hub, &self.wire, opener);
        self.serve().instrument(span)
    }

    async fn serve(mut self: Box<Self>) {
        let connection = Arc::clone(self.wire.connection());
        // Without a backplane, this only registers the connection.
        self.hub.lifetime().connect(&connection).await;
        let raw = RawConnection::new(Arc::clone(&connection), Arc::clone(&self.received));
        let run = Arc::clone(&self.handler).run(raw);
        let mut handler = RunningHandler::new(Arc::clone(&self.hub), connection, run);
        let closing = match poll_fn(|cx| self.poll(&mut handler, cx)).await {
            Ended::Connection(reason) => {
                self.leave_running(&reason, handler);
                Closing::Normal
            }
            Ended::Handler(closing) => closing,
        };
        self.close(closing).await;
    }

    /// Returns `Ready` when the handler or the connection has ended.
    fn poll(&mut self, handler: &mut RunningHandler, cx: &mut Context<'_>) -> Poll<Ended> {
        let connection = Arc::clone(self.wire.connection());
        let mut turn = Turn::new();
        loop {
            let reason = self.wire.end_of_connection(cx);
            let reason = reason.or_else(|| self.wire.has_ended().then(|| self.input_end()));
            if reason.is_some() {
                // Before the handler is polled for the last time.
                connection.finish_sending();
                self.received.end();
            }
            connection.outbound().start_gathering();
            let polled = handler.poll(cx);
            connection.outbound().write_gathered();
            match (polled, reason) {
                (Poll::Ready(closing), None) => return Poll::Ready(Ended::Handler(closing)),
                // A send to a connection that ends may have been its error.
                (Poll::Ready(_), Some(_)) => return Poll::Ready(Ended::Handler(Closing::Normal)),
                (Poll::Pending, Some(reason)) => return Poll::Ready(Ended::Connection(reason)),
                (Poll::Pending, None) if turn.is_over() => {
                    self.wire.take_next_turn(cx);
                    return Poll::Pending;
                }
                (Poll::Pending, None) => {}
            }
            std::task::ready!(self.poll_read(&mut turn, cx));
        }
    }

    /// Reads once, unless the handler has to take something first.
    fn poll_read(&mut self, turn: &mut Turn, cx: &mut Context<'_>) -> Poll<()> {
        let node = Arc::clone(self.hub.node());
        let connection = Arc::clone(self.wire.connection());
        let clock = connection.clock();
        if self.received.is_full(&node.limits().application_buffer) {
            std::task::ready!(self.wire.poll_left(cx));
            // What its client has sent is still read, if its handler takes something in time.
            clock.received(node.now());
            clock.arm();
            return Poll::Ready(());
        }
        clock.received(node.now());
        let received = &self.received;
        self.wire.poll_pieces(cx, turn, |piece, _| {
            received.add(piece.format, piece.bytes, piece.is_end);
        })
    }

    fn input_end(&self) -> DisconnectReason {
        let reason = self.wire.end_reason();
        reason.unwrap_or(DisconnectReason::TransportClosed)
    }

    /// Lets a handler run on without its connection.
    fn leave_running(&self, reason: &DisconnectReason, handler: RunningHandler) {
        let connection = Arc::clone(self.wire.connection());
        tracing::debug!(
            target: "hubwire::connection",
            reason = ?Excerpt(reason),
            hub = %self.hub.name(),
            connection_id = %connection.id(),
            "disconnected"
        );
        self.hub.node().spawn(OrphanedHandler::new(handler));
    }

    /// Unregisters the connection, and closes its transport once everything is written.
    async fn close(&mut self, closing: Closing) {
        let connection = Arc::clone(self.wire.connection());
        let whose = connection.whose();
        self.received.end();
        if let Some(let_go) = self.wire.reset_if_let_go() {
            let details = || Details::of(connection.id());
            self.hub.warn(Warning::LetGo(let_go), details);
        }
        guarded_step_of(whose, "the unregistering of a connection", || {
            self.hub.lifetime().forget(&connection);
        });
        if let Err(panic) = caught(self.wire.close(closing)).await {
            panic.log_of(whose, "the closing of a transport");
        }
    }
}

impl Drop for RawSession {
    fn drop(&mut self) {
        // Whoever still holds the connection is not to wait for more.
        self.received.end();
    }
}
