//! The only task of a connection: handshake, reading, hooks and the end.
//!
//! A session joins transport, dispatch and lifetime. It outlives both its way in and its way out.

mod ending;
mod finish;
mod handshake;
mod hook;
mod inbox;
mod orphaned_handler;
mod presence;
mod raw;
mod running_handler;
#[cfg(test)]
mod tests;
pub(crate) mod wire;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::Either;
use handshake::Handshake;
use hook::Hook;
use hubwire_protocol::ProtocolError;
use inbox::Inbox;
use presence::Presence;
pub(crate) use raw::RawSession;
use tracing::{Instrument, Span, field};
use wire::Wire;

use crate::connection::{Connection, DisconnectReason};
use crate::dispatch::Dispatcher;
use crate::hub::{Connecting, HubResult, HubRuntime, Place, TraceContext};
use crate::lifetime::Admitted;
use crate::node::{EndpointOptions, Turn, caught, guarded};
use crate::transport::{Closing, Transport};

/// Owns a connection from its first byte to its last.
#[derive(Debug)]
pub(crate) struct Session {
    hub: Arc<HubRuntime>,
    endpoint: Arc<EndpointOptions>,
    wire: Wire,
    inbox: Inbox,
    _presence: Presence,
}

/// The outcome of opening a connection.
enum Opened {
    ForTheHub,
    Refused,
}

/// The outcome of registering a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Registered {
    Yes,
    /// The client has left, or another part of the server has ended the connection.
    Ended,
    UserHasAnother,
}

/// The session of a connection to a hub or to a connection handler.
#[derive(Debug)]
pub(crate) enum AnySession {
    Hub(Box<Session>),
    Raw(Box<RawSession>),
}

impl AnySession {
    /// Does the same as [`Session::run`].
    pub(crate) fn run(self, opener: TraceContext) -> impl Future<Output = ()> + Send + use<> {
        match self {
            Self::Hub(session) => Either::Left(session.run(opener)),
            Self::Raw(session) => Either::Right(Box::pin(session.run(opener))),
        }
    }
}

/// Creates the span of a connection. `opener` is the trace context in which it was opened.
fn span_of(hub: &HubRuntime, wire: &Wire, opener: TraceContext) -> Span {
    let connection = wire.connection();
    let span = tracing::info_span!(
        target: "hubwire::connection",
        parent: None,
        "connection",
        connection_id = %connection.id(),
        hub = %hub.name(),
        transport = wire.transport().kind.tag(),
        client.address = connection.request().remote_address().map(|it| field::display(it.ip())),
    );
    if !span.is_disabled() {
        let request = connection.request();
        opener.or_of_request(request).set_parent_of(&span);
    }
    span
}

impl Session {
    pub(crate) fn new(
        hub: Arc<HubRuntime>,
        endpoint: Arc<EndpointOptions>,
        connection: Arc<Connection>,
        transport: Transport,
    ) -> Self {
        Self {
            hub,
            endpoint,
            _presence: Presence::new(Arc::clone(&connection)),
            wire: Wire::new(connection, transport),
            inbox: Inbox::default(),
        }
    }

    /// Serves the connection until it has ended. `opener` is the trace context in which it was
    /// opened.
    ///
    /// Boxed, because a future holds a moved value more than once.
    pub(crate) fn run(
        self: Box<Self>,
        opener: TraceContext,
    ) -> impl Future<Output = ()> + Send + use<> {
        let span = span_of(&self.hub, &self.wire, opener);
        self.serve().instrument(span)
    }

    /// Serves the connection. Whatever panics, a connection that was registered with its hub is
    /// ended properly.
    async fn serve(mut self: Box<Self>) {
        // Each phase is boxed, so an idle connection does not carry the state of the others.
        match caught(Box::pin(self.open())).await {
            Ok(Opened::ForTheHub) => {}
            Ok(Opened::Refused) => return,
            Err(panic) => {
                let whose = self.connection().whose();
                return panic.log_of(whose, "the opening of a connection");
            }
        }
        let mut dispatcher = Dispatcher::new(Arc::clone(&self.hub), self.connection());
        let reason = poll_fn(|cx| {
            let polled = guarded(|| self.poll_messages(&mut dispatcher, cx));
            polled.unwrap_or_else(|panic| {
                let whose = self.connection().whose();
                panic.log_of(whose, "a connection");
                let reason = DisconnectReason::ServerFailed(panic.into_text());
                self.connection().end(reason.clone());
                Poll::Ready(reason)
            })
        });
        let reason = reason.await;
        Box::pin(self.finish(reason, dispatcher)).await;
    }

    /// Performs the steps before the first message; if one fails, the hub is not told.
    async fn open(&mut self) -> Opened {
        match self.handshake().await {
            Handshake::Accepted(protocol) => self.connection().set_protocol(protocol),
            Handshake::Refused => {
                self.leave(Closing::Normal).await;
                return Opened::Refused;
            }
        }
        match self.register().await {
            Registered::Yes => {}
            refused => {
                self.turn_away(refused).await;
                return Opened::Refused;
            }
        }
        if let Err(error) = self.on_connected().await {
            self.refuse(error).await;
            return Opened::Refused;
        }
        self.hub.lifetime().accept(self.connection());
        Opened::ForTheHub
    }

    fn connection(&self) -> &Arc<Connection> {
        self.wire.connection()
    }

    /// Registers the connection, which a broker may have to confirm; a client that leaves in the
    /// meantime is not kept for it.
    async fn register(&mut self) -> Registered {
        let (hub, connection) = (Arc::clone(&self.hub), Arc::clone(self.connection()));
        if hub.lifetime().admit(&connection) == Admitted::UserHasAnother {
            return Registered::UserHasAnother;
        }
        let mut connecting = pin!(hub.lifetime().connect(&connection));
        let limit = self.endpoint.application_maximum_buffer_size;
        poll_fn(|cx| {
            let is_registered = connecting.as_mut().poll(cx).is_ready();
            // The hub is told of who has left in the meantime, but not of who was removed.
            let end = self.wire.end_of_connection(cx);
            if end.is_some_and(|reason| reason.is_removal()) {
                return Poll::Ready(Registered::Ended);
            }
            if is_registered {
                return Poll::Ready(Registered::Yes);
            }
            self.keep_what_comes(limit, cx);
            match self.wire.has_ended() || self.wire.end_of_connection(cx).is_some() {
                true => Poll::Ready(Registered::Ended),
                false => Poll::Pending,
            }
        })
        .await
    }

    /// Runs the hook. Input in the meantime is kept, so that the client's departure is noticed.
    async fn on_connected(&mut self) -> HubResult {
        let (hub, connection) = (Arc::clone(&self.hub), Arc::clone(self.connection()));
        let connecting = Arc::new(Connecting::default());
        let scope = Arc::clone(&connecting);
        let caller = hub.caller(&connection).in_scope(scope);
        let run = hub.service().on_connected(caller);
        let mut hook = Hook::new(&hub, &connection, Place::OnConnected, run);
        let limit = self.endpoint.application_maximum_buffer_size;
        let mut is_over = false;
        let result = poll_fn(|cx| {
            let ended = hook.poll(cx);
            if ended.is_pending() {
                self.keep_what_comes(limit, cx);
                // The hook continues, but it can see that the connection has ended. Its client is
                // told at once.
                if let Some(reason) = self.wire.end_of_connection(cx)
                    && !is_over
                {
                    is_over = true;
                    self.say_why(&reason);
                }
            }
            ended
        });
        let result = result.await;
        connecting.end();
        result
    }

    /// Returns `Ready` when the connection is to end.
    fn poll_messages(
        &mut self,
        dispatcher: &mut Dispatcher,
        cx: &mut Context<'_>,
    ) -> Poll<DisconnectReason> {
        let connection = Arc::clone(self.connection());
        let mut turn = Turn::new();
        loop {
            if let Some(reason) = self.wire.end_of_connection(cx) {
                return Poll::Ready(reason);
            }
            let has_failed = match dispatcher.has_calls() || self.inbox.len() > 0 {
                true => self.continue_messages(dispatcher, &mut turn, cx),
                false => false,
            };
            if connection.has_ended() || has_failed {
                continue;
            }
            if turn.is_over() {
                dispatcher.mind_the_clock(self.wire.has_left());
                self.wire.take_next_turn(cx);
                return Poll::Pending;
            }
            if let Some(reason) = self.input_ended(dispatcher) {
                return Poll::Ready(reason);
            }
            if self.poll_dispatch(dispatcher, &mut turn, cx).is_pending() {
                dispatcher.mind_the_clock(self.wire.has_left());
                return Poll::Pending;
            }
        }
    }

    /// Polls running calls and dispatches what was kept. Returns whether the stream failed for
    /// whose room the next message of a client that has left was waiting.
    fn continue_messages(
        &mut self,
        dispatcher: &mut Dispatcher,
        turn: &mut Turn,
        cx: &mut Context<'_>,
    ) -> bool {
        let outbound = Arc::clone(self.connection().outbound());
        outbound.start_gathering();
        dispatcher.poll_calls(turn, cx);
        let before = self.inbox.len();
        self.inbox.dispatch(dispatcher, turn, cx);
        let has_failed = self.wire.has_left()
            && self.inbox.len() == before
            && !turn.is_over()
            && dispatcher.fail_full_upload();
        outbound.write_gathered();
        has_failed
    }

    /// Reads without dispatching, as far as a turn allows.
    fn keep_what_comes(&mut self, maximum: usize, cx: &mut Context<'_>) {
        let mut turn = Turn::new();
        while self.poll_keep(maximum, &mut turn, cx).is_ready() {}
    }

    /// Reads once without dispatching; if `maximum` bytes are kept, only checks whether the client
    /// has left.
    ///
    /// Returns `Pending` when the turn is over.
    fn poll_keep(&mut self, maximum: usize, turn: &mut Turn, cx: &mut Context<'_>) -> Poll<()> {
        if turn.is_over() {
            self.wire.take_next_turn(cx);
            return Poll::Pending;
        }
        if self.inbox_is_full(maximum) {
            return self.wire.poll_left(cx);
        }
        let inbox = &mut self.inbox;
        self.wire
            .poll_read(cx, turn, |payload, _| inbox.keep(payload))
    }

    fn inbox_is_full(&mut self, maximum: usize) -> bool {
        let limits = self.hub.node().limits();
        self.inbox.is_full(maximum, &limits.application_buffer)
    }

    /// Reads once and dispatches the bytes in place.
    fn poll_dispatch(
        &mut self,
        dispatcher: &mut Dispatcher,
        turn: &mut Turn,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let maximum = self.endpoint.application_maximum_buffer_size;
        if dispatcher.is_blocked() && self.inbox_is_full(maximum) {
            return self.wire.poll_left(cx);
        }
        let inbox = &mut self.inbox;
        let waker = cx.waker();
        let mut calls = Context::from_waker(waker);
        self.wire
            .poll_read(&mut Context::from_waker(waker), turn, |payload, turn| {
                inbox.receive(payload, dispatcher, turn, &mut calls);
            })
    }

    /// Returns why the connection ends, once everything received before the end is processed.
    fn input_ended(&self, dispatcher: &Dispatcher) -> Option<DisconnectReason> {
        let reason = self.wire.end_reason()?;
        if dispatcher.is_blocked() && !self.wire.is_gone() {
            return None;
        }
        if self.wire.was_cut_off() && self.inbox.len() > 0 {
            let error = ProtocolError::ConnectionTerminated;
            return Some(DisconnectReason::of_protocol(&error));
        }
        Some(reason)
    }
}
