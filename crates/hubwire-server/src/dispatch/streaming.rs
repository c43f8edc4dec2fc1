//! Streams in both directions, and client results.

use std::borrow::Cow;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::future::BoxFuture;
use hubwire_core::raw_client_result;
use hubwire_protocol::{
    Completion, CompletionOutcome, Excerpt, Invocation as Message, StreamItem, StreamItemWriter,
};

use tokio::time::Instant;

use super::Dispatcher;
use super::authorize::Allowed;
use super::held_upload::HeldItems;
use super::open_streams::{OpenResponse, OpenStreams, OpenUpload};
use super::refusals;
use super::running::Ended;
use super::running_stream::RunningStream;
use crate::connection::DisconnectReason;
use crate::hub::{
    CallFault, CallOutcome, Details, HubError, ItemFault, Place, Resources, StartStream,
    StreamControl, StreamEnd, StreamSink, TraceContext, Upload, Warning, span,
};
use crate::lifetime::Receipt;
use crate::node::{Guarded, InSpan, guarded, with_scratch};

/// The streams that a client sends to a call, each with its id.
pub(super) type Claims = Vec<(Arc<str>, Arc<dyn Upload>)>;

impl Dispatcher {
    /// Checks the streams that the client sends with a call. Returns the text of a refusal as the
    /// error.
    pub(super) fn check_uploads(
        &self,
        method: usize,
        message: &Message<'_>,
        resources: &Resources,
        held: &[HeldItems],
    ) -> Result<(), String> {
        let target = self.hub.service().method_name(method);
        let (sent, expected) = (message.stream_ids.len(), resources.uploads().len());
        match sent == expected {
            true => self.check_stream_ids(method, message, held),
            false => Err(refusals::wrong_stream_count(target, sent, expected)),
        }
    }

    /// Checks that the streams that the client sends with a call have ids of their own, as far as
    /// they have not ended while a policy was deciding, and are not too many. Returns the text of a
    /// refusal as the error.
    pub(super) fn check_stream_ids(
        &self,
        method: usize,
        message: &Message<'_>,
        held: &[HeldItems],
    ) -> Result<(), String> {
        let sent = message.stream_ids.len();
        if sent == 0 {
            return Ok(());
        }
        let limit = self.hub.options().maximum_parallel_streams_per_client;
        // First of all, because each id is compared with those before it.
        if sent > limit {
            return Err(self.too_many_streams(method));
        }
        let open = self.open.as_deref();
        let mut ids = message.stream_ids.iter().enumerate();
        let is_used = |(position, id): &(usize, &Cow<'_, str>)| {
            let has_ended = held.get(*position).is_some_and(HeldItems::has_ended);
            let is_open = open.is_some_and(|open| open.upload(id).is_some());
            is_open && !has_ended
                || message
                    .stream_ids
                    .iter()
                    .take(*position)
                    .any(|other| other == *id)
        };
        if let Some((_, id)) = ids.find(is_used) {
            return Err(refusals::id_in_use(id));
        }
        match open.map_or(0, OpenStreams::upload_count) + sent > limit {
            true => Err(self.too_many_streams(method)),
            false => Ok(()),
        }
    }

    /// Begins a call that streams to the client. It takes no slot and never holds up other calls.
    pub(super) fn begin_stream(
        &mut self,
        message: &Message<'_>,
        (method, begun): (usize, Instant),
        start: Guarded<StartStream>,
        resources: &Resources,
        allowed: Allowed,
        cx: &mut Context<'_>,
    ) {
        let id = message.invocation_id.as_deref().unwrap_or_default();
        if let Err((fault, text)) = self.check_stream(message, method, resources, &allowed.held) {
            self.log_refused_call(message, method, fault, |it| it.detail(&text));
            return self.refuse(Some(id), &text);
        }
        self.pass_on_held(method, allowed.held, resources);
        let control = Arc::new(StreamControl::new(resources.token().cloned()));
        let span = match allowed.span.get() {
            Some(_) => allowed.span,
            None => self.span_of(method, TraceContext::of_message(&message.headers)),
        };
        let entered = span.enter();
        let started = self.start_stream(id, start, &control);
        drop(entered);
        let run = match started {
            Ok(run) => InSpan::new(run, span),
            Err(error) => {
                span::record_error(&span, error.type_name());
                let text = self.failed(Some(id), method).error_text(error);
                let outcome = CallOutcome::Failed;
                self.hub.call_ended(method, begun, Instant::now(), outcome);
                return self.refuse(Some(id), &text);
            }
        };
        let invocation_id: Arc<str> = id.into();
        let mut registered = self.register(method, claims_of(message, resources));
        let open = self.open.get_or_insert_default();
        let response = OpenResponse::Running(Arc::clone(&control));
        open.add_response(Arc::clone(&invocation_id), response);
        registered.response = Some(Arc::clone(&invocation_id));
        let mut stream = RunningStream {
            hub: Arc::clone(&self.hub),
            connection: Arc::clone(self.connection()),
            invocation_id,
            method,
            begun,
            is_over: false,
            control,
            run,
            time_left: None,
            ended: Ended {
                registered: Some(registered),
                ..Ended::default()
            },
        };
        match Pin::new(&mut stream).poll(cx) {
            Poll::Ready(ended) => _ = self.end(ended),
            Poll::Pending => self.running.push_stream(stream),
        }
    }

    /// Creates the future of the method without polling it.
    fn start_stream(
        &self,
        id: &str,
        start: Guarded<StartStream>,
        control: &Arc<StreamControl>,
    ) -> Result<Guarded<BoxFuture<'static, StreamEnd>>, HubError> {
        let items = StreamItemWriter::new(self.protocol, id)?;
        let sink = StreamSink::new(
            Arc::clone(self.connection()),
            items.with_naming(self.hub.options().naming),
            Arc::clone(control),
        );
        guarded(|| match start.into_inner() {
            Some(start) => start(sink),
            None => Box::pin(ready(StreamEnd(Ok(())))),
        })
        .map(Guarded::new)
        .map_err(HubError::panicked)
    }

    /// Checks a call that streams to the client. Returns the text of a refusal as the error.
    fn check_stream(
        &self,
        message: &Message<'_>,
        method: usize,
        resources: &Resources,
        held: &[HeldItems],
    ) -> Result<(), (CallFault, String)> {
        let of_streams = |text| (CallFault::Streams, text);
        self.check_uploads(method, message, resources, held)
            .map_err(of_streams)?;
        self.check_room(method)
            .map_err(|text| (CallFault::TooManyCalls, text))?;
        self.check_response_id(method, message).map_err(of_streams)
    }

    /// Checks that no other call that streams to the client has the id of this one, and that they
    /// are not too many. Returns the text of a refusal as the error.
    pub(super) fn check_response_id(
        &self,
        method: usize,
        message: &Message<'_>,
    ) -> Result<(), String> {
        let Some(open) = &self.open else {
            return Ok(());
        };
        let id = message.invocation_id.as_deref().unwrap_or_default();
        if open.has_response(id) {
            return Err(refusals::id_in_use(id));
        }
        let limit = self.hub.options().maximum_parallel_streams_per_client;
        match open.response_count() >= limit {
            true => Err(self.too_many_streams(method)),
            false => Ok(()),
        }
    }

    /// Completes a call that streams to the client and that was cancelled before its method began.
    pub(super) fn complete_unbegun_stream(&self, id: &str) {
        with_scratch(|buffer| {
            self.protocol.writer(buffer).completion_void(id);
            self.connection().gather(buffer);
        });
    }

    /// Passes on what a client has sent to the streams of a call before a policy allowed it.
    pub(super) fn pass_on_held(&self, method: usize, held: Vec<HeldItems>, resources: &Resources) {
        let detail = self.hub.options().error_detail();
        for (held, upload) in held.into_iter().zip(resources.uploads()) {
            if let Err(fault) = held.pass_on(&**upload, detail) {
                self.log_item(method, &fault);
            }
        }
    }

    fn too_many_streams(&self, method: usize) -> String {
        let whose = self.connection().whose();
        self.hub.node().limits().streams.count_of(whose);
        let limit = self.hub.options().maximum_parallel_streams_per_client;
        refusals::too_many_streams(self.hub.service().method_name(method), limit)
    }

    /// Passes an item to its stream. Returns `false` if the stream is full: no message after the
    /// item is read then.
    pub(super) fn receive_item(&mut self, message: &StreamItem<'_>) -> bool {
        let open = self.open.as_deref();
        let Some(OpenUpload { upload, method }) =
            open.and_then(|open| open.upload(&message.invocation_id))
        else {
            let id = &*message.invocation_id;
            tracing::trace!(target: "hubwire::dispatch", id = ?Excerpt(id), "an item of no stream");
            return true;
        };
        if upload.is_full() {
            let waiting = self.full_upload.replace(Arc::clone(upload));
            if waiting.is_none() {
                self.hub.node().limits().stream_buffer.count();
            }
            return false;
        }
        let pushed = upload.push(&message.item, self.hub.options().error_detail());
        if let Err(fault) = pushed {
            self.log_item(*method, &fault);
        }
        // If an item was waiting, it was this one, even if the stream is full again now.
        self.full_upload = None;
        true
    }

    fn log_item(&self, method: usize, fault: &ItemFault) {
        let connection_id = self.connection().id();
        match fault {
            ItemFault::Panicked(panic) => {
                self.hub.failed(Place::StreamItem, connection_id, panic);
            }
            ItemFault::Misfit(detail) => {
                self.hub.metrics().refused_item();
                let warning = Warning::Call(method, CallFault::StreamItem);
                let name = self.hub.service().method_name(method);
                let details = || Details::of(connection_id).method(name).detail(detail);
                self.hub.warn(warning, details);
            }
        }
    }

    /// Handles the end of a stream that the client sends, or a client result.
    pub(super) fn complete(&mut self, message: Completion<'_>) {
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
        let result = raw_client_result(message.outcome);
        let connection_id = self.connection().id();
        let pending = self.hub.lifetime().client_results();
        if pending.complete(connection_id, id, result) == Receipt::OfAnother {
            let reason = DisconnectReason::foreign_client_result(connection_id, id);
            self.connection().end(reason);
        }
    }
}

/// Returns the streams that a client sends with a call, each with its id.
pub(super) fn claims_of(message: &Message<'_>, resources: &Resources) -> Claims {
    let ids = message.stream_ids.iter().map(|id| Arc::from(&**id));
    ids.zip(resources.uploads().iter().cloned()).collect()
}
