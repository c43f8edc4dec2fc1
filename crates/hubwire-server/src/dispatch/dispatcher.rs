//! Takes the messages of one connection in order and runs what they ask for.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hubwire_core::client_answer;
use hubwire_protocol::{
    BindError, Close, Completion, CompletionOutcome, HubMessage, HubProtocol,
    Invocation as Message, RECORD_SEPARATOR, StreamItem,
};
use tokio_util::sync::CancellationToken;

use super::reply::StartStream;
use super::{
    CallResources, CompletionWriter, Ended, Invocation, OpenStreams, Registered, ReplyKind, Run,
    RunningCalls, RunningInvocation, RunningStream, StreamControl, StreamSink, TakenResources,
    refusals,
};
use crate::connection::{Connection, EndReason, data_opcode, with_scratch};
use crate::hub::{Caller, HubCall, HubError, Upload};
use crate::lifetime::Answered;
use crate::server::HubRuntime;

/// The dispatcher of one connection.
pub(crate) struct Dispatcher {
    hub: Arc<HubRuntime>,
    connection: Arc<Connection>,
    caller: Caller,
    protocol: HubProtocol,
    running: RunningCalls,
    free_slots: usize,
    /// The next call, for which no slot is free: nothing behind it is looked at.
    waiting: Option<WaitingCall>,
    /// Made for the first stream and dropped with the last: most connections have none.
    open: Option<Box<OpenStreams>>,
    /// The stream whose next item has to wait, and all behind it.
    full_upload: Option<Arc<dyn Upload>>,
}

struct WaitingCall {
    id: Option<Box<str>>,
    invocation: Invocation,
    resources: TakenResources,
}

impl Dispatcher {
    pub(crate) fn new(hub: Arc<HubRuntime>, connection: Arc<Connection>) -> Self {
        Self {
            free_slots: hub.options().maximum_parallel_invocations_per_client.get(),
            caller: Caller::new(Arc::clone(&connection)),
            protocol: connection.protocol(),
            running: RunningCalls::default(),
            waiting: None,
            open: None,
            full_upload: None,
            hub,
            connection,
        }
    }

    /// Whether messages must wait: for a slot, for room in a stream or in the queue, or for the connection's end.
    pub(crate) fn is_blocked(&self) -> bool {
        self.waiting.is_some()
            || self.full_upload.as_ref().is_some_and(|full| full.is_full())
            || self.connection.outbound().reader_must_wait()
    }

    /// Whether looking at a kept message again is worth while now that `added` came.
    pub(crate) fn may_complete(&self, buffered: usize, added: &[u8]) -> bool {
        let limit = self.hub.options().maximum_receive_message_size;
        let ends_one = match self.protocol {
            HubProtocol::Json => added.contains(&RECORD_SEPARATOR),
        };
        ends_one || limit.is_some_and(|limit| buffered > limit)
    }

    /// Dispatches complete messages in order; returns how many bytes they took.
    pub(crate) fn dispatch_all(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> usize {
        let limit = self.hub.options().maximum_receive_message_size;
        let mut used = 0;
        while !self.connection.has_ended() && !self.is_blocked() {
            let rest = bytes.get(used..).unwrap_or_default();
            match self.protocol.next_message(rest, limit) {
                Ok(Some((message, consumed))) => match self.dispatch(message, cx) {
                    true => used += consumed,
                    false => break,
                },
                Ok(None) => break,
                Err(error) => {
                    tracing::debug!(target: "hubwire::dispatch", %error, "invalid message");
                    self.connection.end(EndReason::Protocol(error));
                }
            }
        }
        if used > 0 {
            let now = self.hub.server().clock().now();
            self.connection.clock().received(now);
        }
        used
    }

    /// Whether the message was taken; one that was not is dispatched again when there is room for it.
    fn dispatch(&mut self, message: HubMessage<'_>, cx: &mut Context<'_>) -> bool {
        match message {
            HubMessage::Invocation(message) => self.invoke(&message, false, cx),
            HubMessage::StreamInvocation(message) => self.invoke(&message, true, cx),
            HubMessage::StreamItem(message) => return self.receive_item(&message),
            HubMessage::Completion(message) => self.complete(message),
            HubMessage::CancelInvocation(message) => {
                if let Some(open) = &self.open {
                    open.cancel(&message.invocation_id);
                }
            }
            HubMessage::Ping => self.connection.clock().arm(),
            HubMessage::Close(Close { error, .. }) => {
                let error = error.map(|text| text.into_owned());
                self.connection.end(EndReason::ClientClosed { error });
            }
            // A type that this version does not know is passed over.
            _ => tracing::trace!(target: "hubwire::dispatch", ?message, "ignored"),
        }
        true
    }

    fn invoke(&mut self, message: &Message<'_>, streaming: bool, cx: &mut Context<'_>) {
        let id = message.invocation_id.as_deref();
        let Some(method) = self.hub.service().method(&message.target) else {
            return self.refuse_unknown(id, &message.target);
        };
        let resources = CallResources::new(
            &self.connection,
            self.hub.options().stream_buffer_capacity.get(),
        );
        let call = HubCall {
            caller: &self.caller,
            arguments: &message.arguments,
            resources: &resources,
        };
        // Decoding runs code of the hub's author too.
        let service = self.hub.service();
        let reply = match catch_unwind(AssertUnwindSafe(|| service.call(method, call))) {
            Ok(reply) => reply,
            Err(panic) => return self.refuse_panicked(id, method, &HubError::panicked(&*panic)),
        };
        let resources = resources.take();
        match reply.0 {
            ReplyKind::Call(call) => {
                let run = match streaming {
                    true => Run::Refusal(refusals::not_streaming(service.method_name(method))),
                    false => Run::Method(call),
                };
                let invocation = Invocation { method, run };
                self.take_turn(message, streaming, invocation, resources, cx);
            }
            ReplyKind::Stream(start) if streaming => {
                self.begin_stream(message, method, start, resources, cx);
            }
            ReplyKind::Stream(_) => {
                let run = Run::Refusal(refusals::streaming(service.method_name(method)));
                let invocation = Invocation { method, run };
                self.take_turn(message, streaming, invocation, resources, cx);
            }
            ReplyKind::Rejected(error) => self.refuse_arguments(id, method, &error),
            ReplyKind::UnknownMethod => {
                self.refuse(id, &format!("Unknown hub method '{}'", message.target));
            }
        }
    }

    /// Runs a plain call when it has a slot; a streaming call, or one with streams, needs none.
    fn take_turn(
        &mut self,
        message: &Message<'_>,
        streaming: bool,
        mut invocation: Invocation,
        resources: TakenResources,
        cx: &mut Context<'_>,
    ) {
        let id = message.invocation_id.as_deref();
        if matches!(invocation.run, Run::Method(_))
            && let Err(text) = self.check_uploads(invocation.method, message, &resources)
        {
            invocation.run = Run::Refusal(text);
        }
        let takes_slot = !streaming && resources.uploads.is_empty();
        if takes_slot && self.free_slots == 0 {
            self.waiting = Some(WaitingCall {
                id: id.map(Into::into),
                invocation,
                resources,
            });
            return;
        }
        let uploads = match invocation.run {
            Run::Method(_) => uploads_of(message, &resources),
            Run::Refusal(_) => Vec::new(),
        };
        self.start(id, invocation, resources, uploads, takes_slot, cx);
    }

    /// Why the streams that the client sends along are refused.
    fn check_uploads(
        &self,
        method: usize,
        message: &Message<'_>,
        resources: &TakenResources,
    ) -> Result<(), String> {
        let target = self.hub.service().method_name(method);
        let (sent, expected) = (message.stream_ids.len(), resources.uploads.len());
        if sent != expected {
            return Err(refusals::wrong_stream_count(target, sent, expected));
        }
        if sent == 0 {
            return Ok(());
        }
        let open = self.open.as_deref();
        let mut ids = message.stream_ids.iter().enumerate();
        let is_used = |(position, id): &(usize, &Cow<'_, str>)| {
            let is_open = open.is_some_and(|open| open.upload(id).is_some());
            is_open
                || message
                    .stream_ids
                    .iter()
                    .take(*position)
                    .any(|other| other == *id)
        };
        if let Some((_, id)) = ids.find(is_used) {
            return Err(refusals::id_in_use(id));
        }
        let limit = self.hub.options().maximum_parallel_streams_per_client;
        match open.map_or(0, OpenStreams::upload_count) + sent > limit {
            true => Err(refusals::too_many_streams(target, limit)),
            false => Ok(()),
        }
    }

    /// Runs a call as far as it goes at once; only a pending one costs more than its own frame.
    fn start(
        &mut self,
        id: Option<&str>,
        mut invocation: Invocation,
        resources: TakenResources,
        uploads: Vec<(Box<str>, Arc<dyn Upload>)>,
        takes_slot: bool,
        cx: &mut Context<'_>,
    ) {
        let TakenResources { slot, token, .. } = resources;
        if let Some(slot) = slot.as_ref().filter(|_| !takes_slot) {
            slot.is_not_needed();
        }
        let begun = invocation.poll(&self.hub, &self.connection, id, cx);
        let mut ended = Ended {
            took_slot: takes_slot,
            slot,
            registered: None,
        };
        if begun.is_ready() {
            // A call that gave its slot back is counted when the connection hears of it.
            if takes_slot && !ended.frees_slot() {
                self.free_slots -= 1;
            }
            return;
        }
        self.free_slots -= usize::from(takes_slot);
        let call = id.map(Box::from).zip(token);
        if call.is_some() || !uploads.is_empty() {
            ended.registered = Some(self.register(call, uploads));
        }
        self.running.push(RunningInvocation {
            hub: Arc::clone(&self.hub),
            connection: Arc::clone(&self.connection),
            invocation_id: id.map(Into::into),
            invocation,
            ended,
        });
    }

    fn register(
        &mut self,
        call: Option<(Box<str>, CancellationToken)>,
        uploads: Vec<(Box<str>, Arc<dyn Upload>)>,
    ) -> Box<Registered> {
        let open = self.open.get_or_insert_default();
        let mut registered = Box::<Registered>::default();
        for (id, upload) in uploads {
            open.add_upload(id.clone(), upload);
            registered.uploads.push(id);
        }
        if let Some((id, token)) = call {
            open.add_call(id.clone(), token);
            registered.call = Some(id);
        }
        registered
    }

    /// Streams take no slot and never hold up other calls.
    fn begin_stream(
        &mut self,
        message: &Message<'_>,
        method: usize,
        start: StartStream,
        resources: TakenResources,
        cx: &mut Context<'_>,
    ) {
        let id = message.invocation_id.as_deref().unwrap_or_default();
        if let Err(text) = self.check_response(method, id, message, &resources) {
            return self.refuse(Some(id), &text);
        }
        if let Some(slot) = &resources.slot {
            slot.is_not_needed();
        }
        let uploads = uploads_of(message, &resources);
        let mut registered = self.register(None, uploads);
        let control = Arc::new(StreamControl::new(resources.token));
        let open = self.open.get_or_insert_default();
        open.add_response(id.into(), Arc::clone(&control));
        registered.response = Some(id.into());
        let sink = StreamSink::new(
            Arc::clone(&self.connection),
            id.into(),
            Arc::clone(&control),
        );
        let mut stream = RunningStream {
            hub: Arc::clone(&self.hub),
            connection: Arc::clone(&self.connection),
            invocation_id: id.into(),
            method,
            control,
            run: start(sink),
            ended: Ended {
                registered: Some(registered),
                ..Ended::default()
            },
        };
        match Pin::new(&mut stream).poll(cx) {
            Poll::Ready(ended) => self.end(ended),
            Poll::Pending => self.running.push_stream(stream),
        }
    }

    /// Why a stream to the client is refused.
    fn check_response(
        &self,
        method: usize,
        id: &str,
        message: &Message<'_>,
        resources: &TakenResources,
    ) -> Result<(), String> {
        self.check_uploads(method, message, resources)?;
        let Some(open) = &self.open else {
            return Ok(());
        };
        if open.has_response(id) {
            return Err(refusals::id_in_use(id));
        }
        let limit = self.hub.options().maximum_parallel_streams_per_client;
        if open.response_count() >= limit {
            let target = self.hub.service().method_name(method);
            return Err(refusals::too_many_streams(target, limit));
        }
        Ok(())
    }

    /// Whether the item was taken; while its stream is full nothing behind it is looked at.
    fn receive_item(&mut self, message: &StreamItem<'_>) -> bool {
        let open = self.open.as_deref();
        let Some(upload) = open.and_then(|open| open.upload(&message.invocation_id)) else {
            tracing::trace!(target: "hubwire::dispatch", id = &*message.invocation_id, "an item of no stream");
            return true;
        };
        if upload.is_full() {
            self.full_upload = Some(Arc::clone(upload));
            return false;
        }
        upload.push(&message.item, self.hub.options().detailed_errors);
        true
    }

    /// The end of a stream that the client sends, or its answer to a question.
    fn complete(&mut self, message: Completion<'_>) {
        let id = &*message.invocation_id;
        if let Some(open) = &mut self.open
            && open.upload(id).is_some()
        {
            let error = match message.outcome {
                CompletionOutcome::Error(text) => Some(HubError::new(text)),
                _ => None,
            };
            return open.end_upload(id, error);
        }
        let answer = client_answer(message.outcome);
        let questions = self.hub.lifetime().questions();
        if questions.answer(self.connection.id(), id, answer) == Answered::ByAnother {
            self.connection.end(EndReason::ForeignAnswer {
                connection_id: self.connection.id().clone(),
                invocation_id: id.to_owned(),
            });
        }
    }

    /// Polls running calls and gives the slots of those that ended to the call that waits.
    pub(crate) fn poll_calls(&mut self, cx: &mut Context<'_>) {
        if self
            .full_upload
            .as_ref()
            .is_some_and(|full| !full.is_full())
        {
            self.full_upload = None;
        }
        loop {
            let mut running = std::mem::take(&mut self.running);
            running.poll(cx, |ended| self.end(ended));
            self.running = running;
            self.free_slots += self.connection.take_released_slots();
            if self.free_slots == 0 || self.connection.has_ended() {
                return;
            }
            let Some(waiting) = self.waiting.take() else {
                break;
            };
            let id = waiting.id.as_deref();
            let (invocation, resources) = (waiting.invocation, waiting.resources);
            self.start(id, invocation, resources, Vec::new(), true, cx);
        }
    }

    /// Forgets a call that has ended, and gives its slot to others.
    fn end(&mut self, ended: Ended) {
        self.free_slots += usize::from(ended.frees_slot());
        let (Some(registered), Some(open)) = (ended.registered, &mut self.open) else {
            return;
        };
        for id in &registered.uploads {
            open.end_upload(id, None);
        }
        if let Some(id) = &registered.response {
            open.end_response(id);
        }
        if let Some(id) = &registered.call {
            open.end_call(id);
        }
        if open.is_empty() {
            self.open = None;
        }
    }

    /// Tells streaming methods that their connection is gone; returns the streams that they still read.
    pub(crate) fn leave(&mut self) -> Vec<Arc<dyn Upload>> {
        let Some(open) = &mut self.open else {
            return Vec::new();
        };
        open.cancel_responses();
        open.take_uploads()
    }

    /// Stops the client timeout while the client cannot be heard.
    pub(crate) fn mind_the_clock(&self) {
        let clock = self.connection.clock();
        if self.is_blocked() {
            clock.stop();
        } else if clock.is_stopped() {
            clock.resume(self.hub.server().clock().now());
        }
    }

    /// Whether calls have begun that did not end.
    pub(crate) fn is_running(&self) -> bool {
        self.running.is_running()
    }

    /// Runs begun calls to their ends, unheard; a call that never began is dropped.
    pub(crate) async fn run_out(self) {
        self.running.run_out().await;
    }

    fn refuse_unknown(&self, id: Option<&str>, target: &str) {
        tracing::debug!(target: "hubwire::dispatch", method = target, "unknown method");
        self.refuse(id, &refusals::unknown_method(target));
    }

    fn refuse_arguments(&self, id: Option<&str>, method: usize, error: &BindError) {
        let target = self.hub.service().method_name(method);
        tracing::debug!(target: "hubwire::dispatch", method = target, ?error, "arguments refused");
        let mut text = refusals::failed_to_invoke(target);
        if self.hub.options().detailed_errors {
            text.push_str(&format!(" InvalidDataException: {error}"));
        }
        self.refuse(id, &text);
    }

    fn refuse_panicked(&self, id: Option<&str>, method: usize, error: &HubError) {
        let target = self.hub.service().method_name(method);
        tracing::error!(target: "hubwire::dispatch", method = target, ?error, "decoding arguments failed");
        let detailed = self.hub.options().detailed_errors;
        self.refuse(
            id,
            &error.client_text(&refusals::failed_to_invoke(target), detailed),
        );
    }

    fn refuse(&self, id: Option<&str>, text: &str) {
        with_scratch(|buffer| {
            CompletionWriter::new(self.protocol, id, buffer).error(text);
            if !buffer.is_empty() {
                let opcode = data_opcode(self.protocol);
                self.connection.outbound().answer(opcode, buffer);
            }
        });
    }
}

/// The ids of the streams that a client sends along, each with its stream.
fn uploads_of(
    message: &Message<'_>,
    resources: &TakenResources,
) -> Vec<(Box<str>, Arc<dyn Upload>)> {
    let ids = message.stream_ids.iter().map(|id| Box::from(&**id));
    ids.zip(resources.uploads.iter().cloned()).collect()
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher")
            .field("connection", &self.connection)
            .field("free_slots", &self.free_slots)
            .finish_non_exhaustive()
    }
}
