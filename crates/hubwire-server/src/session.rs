//! The one task of a connection: handshake, reading, hooks and its end.
//!
//! Here transport, dispatch and lifetime meet. A session outlives both its way in and its way out.

mod ending;
mod finish;
mod handshake;
mod inbox;
pub(crate) mod wire;

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use futures_util::future::FusedFuture;
use handshake::Handshake;
use hubwire_protocol::ProtocolError;
use inbox::Inbox;
use tracing::Instrument;
use wire::Wire;

use crate::connection::{Connection, DisconnectReason};
use crate::dispatch::Dispatcher;
use crate::hub::{Connecting, HubError, HubResult, HubRuntime};
use crate::node::EndpointOptions;
use crate::transport::{Closing, Transport};

/// Owns a connection from its first byte to its last.
#[derive(Debug)]
pub(crate) struct Session {
    hub: Arc<HubRuntime>,
    endpoint: Arc<EndpointOptions>,
    wire: Wire,
    inbox: Inbox,
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
            wire: Wire::new(connection, transport),
            inbox: Inbox::default(),
        }
    }

    /// Serves the connection until it has ended.
    ///
    /// Boxed, for a future holds a moved value more than once.
    pub(crate) fn run(self: Box<Self>) -> impl Future<Output = ()> + Send + use<> {
        let span = tracing::debug_span!(
            "connection",
            connection_id = %self.connection().id(),
            hub = %self.hub.name(),
            transport = self.wire.transport().kind.name,
        );
        self.serve().instrument(span)
    }

    async fn serve(mut self: Box<Self>) {
        // Each phase is boxed, so that a connection at rest does not carry the others' state.
        match Box::pin(self.handshake()).await {
            Handshake::Accepted(protocol) => self.connection().set_protocol(protocol),
            Handshake::Refused => return Box::pin(self.wire.close(Closing::Normal)).await,
        }
        Box::pin(self.hub.lifetime().connect(self.connection())).await;
        if let Err(error) = Box::pin(self.on_connected()).await {
            return Box::pin(self.refuse(&error)).await;
        }
        let mut dispatcher = Dispatcher::new(Arc::clone(&self.hub), self.connection());
        let reason = poll_fn(|cx| self.poll_messages(&mut dispatcher, cx)).await;
        Box::pin(self.finish(reason, dispatcher)).await;
    }

    fn connection(&self) -> &Arc<Connection> {
        self.wire.connection()
    }

    /// Runs the hook; what arrives meanwhile is kept, so that a client's going is noticed.
    async fn on_connected(&mut self) -> HubResult {
        let hub = Arc::clone(&self.hub);
        let caller = hub.caller(self.connection()).in_scope(Arc::new(Connecting));
        let hook = AssertUnwindSafe(hub.service().on_connected(caller));
        let mut hook = std::pin::pin!(hook.catch_unwind().fuse());
        let limit = self.endpoint.application_maximum_buffer_size;
        let result = poll_fn(|cx| {
            if let Poll::Ready(result) = hook.as_mut().poll(cx) {
                return Poll::Ready(result);
            }
            while self.poll_keep(limit, cx).is_ready() {}
            debug_assert!(!hook.is_terminated());
            Poll::Pending
        })
        .await
        .unwrap_or_else(|panic| Err(HubError::panicked(&*panic)));
        if let Err(error) = &result {
            tracing::error!(target: "hubwire::dispatch", %error, "on_connected failed");
        }
        result
    }

    /// Ready when the connection is to end.
    fn poll_messages(
        &mut self,
        dispatcher: &mut Dispatcher,
        cx: &mut Context<'_>,
    ) -> Poll<DisconnectReason> {
        let connection = Arc::clone(self.connection());
        let outbound = connection.outbound();
        loop {
            if let Some(reason) = self.wire.end_of_connection(cx) {
                return Poll::Ready(reason);
            }
            outbound.start_gathering();
            dispatcher.poll_calls(cx);
            self.inbox.dispatch(dispatcher, cx);
            outbound.write_gathered();
            if connection.has_ended() {
                continue;
            }
            if let Some(reason) = self.input_ended(dispatcher) {
                return Poll::Ready(reason);
            }
            let dispatched = self.poll_dispatch(dispatcher, cx);
            dispatcher.mind_the_clock();
            if dispatched.is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Reads once without dispatching; pending when `limit` bytes are kept.
    fn poll_keep(&mut self, limit: usize, cx: &mut Context<'_>) -> Poll<()> {
        if self.inbox.len() >= limit {
            return Poll::Pending;
        }
        let inbox = &mut self.inbox;
        self.wire.poll_read(cx, |payload| inbox.keep(payload))
    }

    /// Reads once and dispatches what came in place.
    fn poll_dispatch(&mut self, dispatcher: &mut Dispatcher, cx: &mut Context<'_>) -> Poll<()> {
        let limit = self.endpoint.application_maximum_buffer_size;
        if dispatcher.is_blocked() && self.inbox.len() >= limit {
            return self.wire.poll_gone(cx);
        }
        let inbox = &mut self.inbox;
        let waker = cx.waker();
        let mut calls = Context::from_waker(waker);
        self.wire
            .poll_read(&mut Context::from_waker(waker), |payload| {
                inbox.receive(payload, dispatcher, &mut calls);
            })
    }

    /// Why the connection ends, once nothing that was received before the end is left.
    fn input_ended(&self, dispatcher: &Dispatcher) -> Option<DisconnectReason> {
        let reason = self.wire.end_reason()?;
        if dispatcher.is_blocked() && !self.wire.is_gone() {
            return None;
        }
        if self.wire.was_cut_off() && !self.wire.is_gone() && self.inbox.len() > 0 {
            let error = ProtocolError::ConnectionTerminated;
            return Some(DisconnectReason::of_protocol(&error));
        }
        Some(reason)
    }
}
