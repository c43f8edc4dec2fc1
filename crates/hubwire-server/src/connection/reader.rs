//! The one task of a connection: reads, dispatches, runs the hooks and ends it.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use futures_util::future::FusedFuture;
use hubwire_protocol::{HubProtocol, Opcode, ProtocolError, TransferFormat};
use tracing::Instrument;

use super::handshake::Handshake;
use super::inbox::Inbox;
use super::{Connection, EndReason, with_scratch};
use crate::dispatch::{Connecting, Dispatcher};
use crate::hub::{Caller, HubError, HubResult};
use crate::options::EndpointOptions;
use crate::server::HubRuntime;
use crate::transport::{InputEnd, WebSocketReader};

/// Owns a connection from its first byte to its last.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(super) hub: Arc<HubRuntime>,
    pub(super) endpoint: Arc<EndpointOptions>,
    pub(super) connection: Arc<Connection>,
    pub(super) input: WebSocketReader,
    pub(super) inbox: Inbox,
    pub(super) input_end: Option<InputEnd>,
}

impl Reader {
    pub(crate) fn new(
        hub: Arc<HubRuntime>,
        endpoint: Arc<EndpointOptions>,
        connection: Arc<Connection>,
        input: WebSocketReader,
    ) -> Self {
        Self {
            hub,
            endpoint,
            connection,
            input,
            inbox: Inbox::default(),
            input_end: None,
        }
    }

    /// Serves the connection until it has ended.
    ///
    /// Boxed, for a future holds a moved value more than once.
    pub(crate) async fn run(self: Box<Self>) {
        let span = tracing::debug_span!(
            "connection",
            connection_id = %self.connection.id(),
            hub = %self.hub.name(),
            transport = "WebSockets",
        );
        self.serve().instrument(span).await;
    }

    async fn serve(mut self: Box<Self>) {
        // Each phase is boxed, so that a connection at rest does not carry the others' state.
        match Box::pin(self.handshake()).await {
            Handshake::Accepted(protocol) => self.connection.set_protocol(protocol),
            Handshake::Refused => return Box::pin(self.close(false)).await,
        }
        let lifetime = Arc::clone(self.hub.lifetime());
        Box::pin(lifetime.connect(&self.connection)).await;
        if let Err(error) = Box::pin(self.on_connected()).await {
            let reason = EndReason::OnConnectedFailed(error);
            return Box::pin(self.finish(reason, None)).await;
        }
        let mut dispatcher = Dispatcher::new(Arc::clone(&self.hub), Arc::clone(&self.connection));
        let reason = poll_fn(|cx| self.poll_messages(&mut dispatcher, cx)).await;
        Box::pin(self.finish(reason, Some(dispatcher))).await;
    }

    /// Runs the hook; what arrives meanwhile is kept, so that a client's going is noticed.
    async fn on_connected(&mut self) -> HubResult {
        let hub = Arc::clone(&self.hub);
        let hook = hub
            .service()
            .on_connected(Caller::new(Arc::clone(&self.connection)).in_scope(Arc::new(Connecting)));
        let hook = AssertUnwindSafe(hook).catch_unwind().fuse();
        let mut hook = std::pin::pin!(hook);
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

    /// Reads once without dispatching; pending when `limit` bytes are kept.
    pub(super) fn poll_keep(&mut self, limit: usize, cx: &mut Context<'_>) -> Poll<()> {
        if self.input_end.is_some() || self.inbox.len() >= limit {
            return Poll::Pending;
        }
        let inbox = &mut self.inbox;
        let outbound = self.connection.outbound();
        let read = self
            .input
            .poll_read(cx, outbound, |payload| inbox.keep(payload));
        if read.is_ready() {
            // Pings are answered even while nothing is dispatched.
            self.connection.write_queue();
        }
        read.map(|end| self.after_read(end))
    }

    /// Ready when the connection is to end.
    fn poll_messages(
        &mut self,
        dispatcher: &mut Dispatcher,
        cx: &mut Context<'_>,
    ) -> Poll<EndReason> {
        self.connection.register_reader(cx.waker());
        loop {
            if let Some(reason) = self.connection.take_end() {
                return Poll::Ready(reason);
            }
            self.connection.outbound().gather_answers();
            dispatcher.poll_calls(cx);
            self.inbox.dispatch(dispatcher, cx);
            self.connection.write_queue();
            if self.connection.has_ended() {
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

    /// Reads once and dispatches what came in place.
    fn poll_dispatch(&mut self, dispatcher: &mut Dispatcher, cx: &mut Context<'_>) -> Poll<()> {
        let limit = self.endpoint.application_maximum_buffer_size;
        let full = dispatcher.is_blocked() && self.inbox.len() >= limit;
        if self.input_end.is_some() || full {
            return Poll::Pending;
        }
        let connection = Arc::clone(&self.connection);
        let inbox = &mut self.inbox;
        let waker = cx.waker();
        let mut calls = Context::from_waker(waker);
        connection.outbound().gather_answers();
        let read = self.input.poll_read(
            &mut Context::from_waker(waker),
            connection.outbound(),
            |payload| inbox.receive(payload, dispatcher, &mut calls),
        );
        connection.write_queue();
        read.map(|end| self.after_read(end))
    }

    fn after_read(&mut self, end: Option<InputEnd>) {
        let Some(end) = end else { return };
        // Whatever was received before the end is still dispatched, but nobody hears the answers.
        self.connection.finish_sending();
        self.answer_input_end(&end);
        self.input_end = Some(end);
    }

    /// A Close frame is answered at once, whatever the client's code was; hooks do not delay it.
    fn answer_input_end(&self, end: &InputEnd) {
        let code = match end {
            InputEnd::Closed => hubwire_protocol::close_frame(1000, ""),
            InputEnd::Violated(error) => hubwire_protocol::close_frame(error.close_code(), ""),
            InputEnd::Lost => return drop(self.connection.outbound().close()),
        };
        self.connection.outbound().last_frame(&code);
        self.connection.write_queue();
    }

    /// Why the connection ends, once nothing that was received before the end is left.
    fn input_ended(&self, dispatcher: &Dispatcher) -> Option<EndReason> {
        if dispatcher.is_blocked() {
            return None;
        }
        Some(match self.input_end.clone()? {
            InputEnd::Closed | InputEnd::Lost if self.inbox.len() > 0 => {
                EndReason::Protocol(ProtocolError::ConnectionTerminated)
            }
            InputEnd::Closed => EndReason::WebSocketClosed,
            InputEnd::Lost => EndReason::SocketFailed,
            InputEnd::Violated(error) => EndReason::WebSocketViolated(error),
        })
    }

    /// Queues a Close message in the connection's protocol, behind all that was queued before.
    pub(super) fn say_goodbye(&self, error: Option<&str>, allow_reconnect: bool) {
        let protocol = self.connection.protocol();
        with_scratch(|buffer| {
            protocol.writer(buffer).close(error, allow_reconnect);
            self.connection
                .outbound()
                .last_word(data_opcode(protocol), buffer);
        });
    }
}

/// What frames of this protocol's messages are marked as.
pub(crate) fn data_opcode(protocol: HubProtocol) -> Opcode {
    match protocol.transfer_format() {
        TransferFormat::Binary => Opcode::Binary,
        TransferFormat::Text => Opcode::Text,
    }
}
