//! Calls of hub methods that have begun and are pending.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::{CallSlot, Invocation, RunningStream};
use crate::connection::Connection;
use crate::hub::Upload;
use crate::server::HubRuntime;

/// A plain call that was pending when it began.
pub(crate) struct RunningInvocation {
    pub(crate) hub: Arc<HubRuntime>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) invocation_id: Option<Box<str>>,
    pub(crate) invocation: Invocation,
    pub(crate) ended: Ended,
}

/// What is left to do when a call has ended.
#[derive(Default)]
pub(crate) struct Ended {
    /// Whether the call had a slot when it began.
    pub(crate) took_slot: bool,
    /// The slot, where the call could have given it back before.
    pub(crate) slot: Option<Arc<CallSlot>>,
    pub(crate) registered: Option<Box<Registered>>,
}

/// Under what the call can be found by later messages.
#[derive(Default)]
pub(crate) struct Registered {
    pub(crate) response: Option<Box<str>>,
    pub(crate) call: Option<u64>,
    pub(crate) uploads: Vec<(Box<str>, Arc<dyn Upload>)>,
}

impl Ended {
    /// Whether a slot becomes free now.
    pub(crate) fn frees_slot(&self) -> bool {
        let released = self.slot.as_ref().is_some_and(|slot| slot.is_released());
        self.took_slot && !released
    }
}

impl Future for RunningInvocation {
    type Output = Ended;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        let this = self.get_mut();
        let id = this.invocation_id.as_deref();
        this.invocation
            .poll(&this.hub, &this.connection, id, cx)
            .map(|()| std::mem::take(&mut this.ended))
    }
}

enum RunningCall {
    Invocation(RunningInvocation),
    Stream(RunningStream),
}

impl Future for RunningCall {
    type Output = Ended;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        match self.get_mut() {
            Self::Invocation(call) => Pin::new(call).poll(cx),
            Self::Stream(stream) => Pin::new(stream).poll(cx),
        }
    }
}

/// The calls of a connection that are pending.
#[derive(Default)]
pub(crate) struct RunningCalls {
    /// Made for the first pending call and dropped with the last: most connections have none.
    calls: Option<Box<FuturesUnordered<RunningCall>>>,
}

impl RunningCalls {
    pub(crate) fn push(&mut self, call: RunningInvocation) {
        let calls = self.calls.get_or_insert_default();
        calls.push(RunningCall::Invocation(call));
    }

    pub(crate) fn push_stream(&mut self, stream: RunningStream) {
        let calls = self.calls.get_or_insert_default();
        calls.push(RunningCall::Stream(stream));
    }

    pub(crate) fn is_running(&self) -> bool {
        self.calls.is_some()
    }

    /// Polls what was woken and hands over what ended.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, mut on_end: impl FnMut(Ended)) {
        let Some(calls) = &mut self.calls else {
            return;
        };
        while let Poll::Ready(Some(ended)) = calls.poll_next_unpin(cx) {
            on_end(ended);
        }
        if calls.is_empty() {
            self.calls = None;
        }
    }

    /// Runs all calls to their ends.
    pub(crate) async fn run_out(self) {
        if let Some(mut calls) = self.calls {
            while calls.next().await.is_some() {}
        }
    }
}
