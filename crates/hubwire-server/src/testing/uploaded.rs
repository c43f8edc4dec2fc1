//! The stream of items that a test sends with a call, and the loop that runs the call.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use hubwire_protocol::{HubProtocol, Naming, RawItem};
use serde::Serialize;

use super::CallError;
use crate::hub::{CallFuture, HubResult, ResultWriter, Upload};
use crate::node::ErrorDetail;
use crate::outbound::Outbound;

/// A stream of the test. Its items are passed to the method while there is room for them.
pub(super) struct Uploaded<'a, I> {
    upload: &'a dyn Upload,
    /// `None` after the end of the stream.
    items: Option<I>,
    naming: Naming,
    /// Its owner is woken when there is room again.
    outbound: &'a Outbound,
}

impl<'a, I: Iterator<Item: Serialize>> Uploaded<'a, I> {
    pub(super) fn new(
        upload: &'a dyn Upload,
        items: I,
        naming: Naming,
        outbound: &'a Outbound,
    ) -> Self {
        Self {
            upload,
            items: Some(items),
            naming,
            outbound,
        }
    }

    fn fill(&mut self, cx: &Context<'_>) -> Result<(), CallError> {
        self.outbound.register_owner(cx.waker());
        while self.has_room()
            && let Some(items) = &mut self.items
        {
            if !self.upload.is_open() {
                self.items = None;
                break;
            }
            let Some(item) = items.next() else {
                self.items = None;
                self.upload.end(None);
                break;
            };
            let item = RawItem::encode(HubProtocol::Json, self.naming, &item)
                .map_err(|error| CallError::unsendable("items", error))?;
            // If decoding an item fails or panics, the method receives the error.
            let _ = self.upload.push(&item, ErrorDetail::Hidden);
        }
        Ok(())
    }

    fn has_room(&self) -> bool {
        self.items.is_some() && !self.upload.is_full()
    }
}

/// Runs a call to its end and passes it the items that it reads.
pub(super) async fn run_with<I: Iterator<Item: Serialize>>(
    mut call: Pin<Box<dyn CallFuture>>,
    naming: Naming,
    mut uploaded: Option<Uploaded<'_, I>>,
) -> Result<HubResult<RawItem<'static>>, CallError> {
    let mut kept = None;
    let mut result = ResultWriter::kept(HubProtocol::Json, naming, &mut kept);
    let outcome = poll_fn(|cx| {
        loop {
            if let Some(uploaded) = &mut uploaded
                && let Err(error) = uploaded.fill(cx)
            {
                return Poll::Ready(Err(error));
            }
            if let Poll::Ready(outcome) = call.as_mut().poll_call(cx, &mut result) {
                return Poll::Ready(Ok(outcome));
            }
            if !uploaded.as_ref().is_some_and(Uploaded::has_room) {
                return Poll::Pending;
            }
        }
    })
    .await?;
    match (outcome, kept) {
        (Err(error), _) => Ok(Err(error)),
        (Ok(()), Some(result)) => Ok(Ok(result)),
        (Ok(()), None) => Err(CallError::new("the method returned no result")),
    }
}
