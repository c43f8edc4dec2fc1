//! A streaming call that has begun.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::future::BoxFuture;

use super::invocation::{error_text, streaming_error_text};
use super::{Ended, StreamControl, StreamEnd, StreamFailure};
use crate::connection::{Connection, data_opcode, with_scratch};
use crate::hub::HubError;
use crate::server::HubRuntime;

/// Drives a stream to its one completion.
pub(crate) struct RunningStream {
    pub(crate) hub: Arc<HubRuntime>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) invocation_id: Box<str>,
    pub(crate) method: usize,
    pub(crate) control: Arc<StreamControl>,
    pub(crate) run: BoxFuture<'static, StreamEnd>,
    pub(crate) ended: Ended,
}

impl RunningStream {
    fn poll_run(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamFailure>> {
        self.control.register(cx);
        if self.control.is_cancelled() && self.control.is_dropped_when_cancelled() {
            return Poll::Ready(Ok(()));
        }
        let run = self.run.as_mut();
        catch_unwind(AssertUnwindSafe(|| run.poll(cx)))
            .map(|end| end.map(|StreamEnd(result)| result))
            .unwrap_or_else(|panic| {
                let error = HubError::panicked(&*panic);
                Poll::Ready(Err(match self.control.has_begun() {
                    true => StreamFailure::Streaming(error),
                    false => StreamFailure::Invoking(error),
                }))
            })
    }

    /// After a cancel the end is a good one, whatever the method made of it.
    fn error_text(&self, result: Result<(), StreamFailure>) -> Option<String> {
        if self.control.is_cancelled() {
            return None;
        }
        Some(match result.err()? {
            StreamFailure::Invoking(error) => error_text(&self.hub, self.method, &error),
            StreamFailure::Streaming(error) => streaming_error_text(&self.hub, self.method, &error),
        })
    }

    fn complete(&self, error: Option<&str>) {
        with_scratch(|buffer| {
            let protocol = self.connection.protocol();
            let mut writer = protocol.writer(buffer);
            match error {
                Some(text) => writer.completion_error(&self.invocation_id, text),
                None => writer.completion_void(&self.invocation_id),
            }
            let opcode = data_opcode(protocol);
            self.connection.outbound().answer(opcode, buffer);
        });
    }
}

impl Future for RunningStream {
    type Output = Ended;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        let this = self.get_mut();
        let Poll::Ready(result) = this.poll_run(cx) else {
            return Poll::Pending;
        };
        let error = this.error_text(result);
        this.complete(error.as_deref());
        Poll::Ready(std::mem::take(&mut this.ended))
    }
}
