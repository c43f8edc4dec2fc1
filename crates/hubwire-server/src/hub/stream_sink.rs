//! A stream from a hub method to the client that called it.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::task::AtomicWaker;
use hubwire_protocol::StreamItemWriter;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::HubError;
#[cfg(feature = "testing")]
use super::KeptItems;
use super::success::Success;
use crate::connection::Connection;
use crate::node::{Whose, fire, wake_oneself, with_scratch};

/// After this many items, a stream lets the connection's other work continue.
const ITEMS_PER_TURN: usize = 32;

/// The destination of a streaming method's items; passed to the function given to
/// [`Reply::stream`](super::Reply::stream).
pub struct StreamSink {
    to: ItemPlace,
    control: Arc<StreamControl>,
}

enum ItemPlace {
    /// The queue of the calling connection.
    Connection {
        connection: Arc<Connection>,
        items: StreamItemWriter,
    },
    /// A test that reads the items one by one.
    #[cfg(feature = "testing")]
    Kept(Arc<KeptItems>),
}

/// The outcome of a streaming method.
pub struct StreamEnd(pub(crate) Result<(), StreamFailure>);

/// The reason why a stream failed; it determines the text that the caller reads.
pub(crate) enum StreamFailure {
    /// The method returned no stream.
    Invoking(HubError),
    /// The stream failed while it was running.
    Streaming(HubError),
    /// A filter returned something else.
    NoStream,
}

impl StreamFailure {
    /// Returns the name of the error's type, which for a missing stream is that of .NET.
    pub(crate) fn type_name(&self) -> &str {
        match self {
            Self::Invoking(error) | Self::Streaming(error) => error.type_name(),
            Self::NoStream => "InvalidOperationException",
        }
    }
}

/// State shared by the dispatcher and the stream.
pub(crate) struct StreamControl {
    token: Option<CancellationToken>,
    is_cancelled: AtomicBool,
    has_begun: AtomicBool,
    waker: AtomicWaker,
}

impl StreamControl {
    pub(crate) fn new(token: Option<CancellationToken>) -> Self {
        Self {
            token,
            is_cancelled: AtomicBool::new(false),
            has_begun: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        }
    }

    /// Stops sending items; if the method takes no token, its stream ends.
    pub(crate) fn cancel(&self, whose: Option<Whose<'_>>) {
        self.is_cancelled.store(true, Ordering::Release);
        if let Some(token) = &self.token {
            fire(whose, token);
        }
        self.waker.wake();
    }

    /// Stops sending items, even if the sink is still in use.
    pub(crate) fn end(&self) {
        self.is_cancelled.store(true, Ordering::Release);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Acquire)
    }

    /// Returns whether the stream is dropped when it is cancelled, because nothing tells its
    /// method to stop.
    pub(crate) fn is_dropped_when_cancelled(&self) -> bool {
        self.token.is_none()
    }

    /// Returns whether the method has returned its stream.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::Relaxed)
    }

    pub(crate) fn register(&self, cx: &Context<'_>) {
        self.waker.register(cx.waker());
    }
}

impl StreamSink {
    pub(crate) fn new(
        connection: Arc<Connection>,
        items: StreamItemWriter,
        control: Arc<StreamControl>,
    ) -> Self {
        let to = ItemPlace::Connection { connection, items };
        Self { to, control }
    }

    #[cfg(feature = "testing")]
    pub(crate) fn kept(items: Arc<KeptItems>, control: Arc<StreamControl>) -> Self {
        let to = ItemPlace::Kept(items);
        Self { to, control }
    }

    /// Sends all items of a stream.
    ///
    /// Each item waits for space in the connection's queue, so a slow socket slows the producer
    /// down.
    pub async fn send_all<S>(self, stream: S) -> StreamEnd
    where
        S: Stream<Item: Serialize> + Send,
    {
        self.drive(stream, |sink, item| sink.send(&item)).await
    }

    /// Sends the items of a stream until one is an error.
    pub async fn try_send_all<S, T, E>(self, stream: S) -> StreamEnd
    where
        S: Stream<Item = Result<T, E>> + Send,
        T: Serialize,
        HubError: From<E>,
    {
        self.drive(stream, |sink, item| sink.send(&item?)).await
    }

    /// Ends with an error, because the method returned no stream.
    #[must_use]
    pub fn fail(self, error: impl Into<HubError>) -> StreamEnd {
        StreamEnd(Err(StreamFailure::Invoking(error.into())))
    }

    /// Sends the items of a stream with `send` until that fails; macro expansions call this.
    #[doc(hidden)]
    pub async fn drive<S: Stream>(
        self,
        stream: S,
        mut send: impl FnMut(&Self, S::Item) -> Result<(), HubError>,
    ) -> StreamEnd {
        self.control.has_begun.store(true, Ordering::Relaxed);
        let mut stream = pin!(stream);
        let mut items = 0;
        loop {
            self.room().await;
            let Some(item) = poll_fn(|cx| stream.as_mut().poll_next(cx)).await else {
                return StreamEnd(Ok(()));
            };
            if let Err(error) = send(&self, item) {
                return StreamEnd(Err(StreamFailure::Streaming(error)));
            }
            items += 1;
            // Nobody waits for the items of a cancelled stream, so all other work comes first.
            if self.control.is_cancelled() || items % ITEMS_PER_TURN == 0 {
                wake_oneself().await;
            }
        }
    }

    /// Resolves when the queue can take an item. A cancelled stream need not wait, because its
    /// items are dropped.
    async fn room(&self) {
        match &self.to {
            ItemPlace::Connection { connection, .. } => {
                self.unless_cancelled(connection.outbound().item_room())
                    .await;
            }
            #[cfg(feature = "testing")]
            ItemPlace::Kept(items) => {
                self.unless_cancelled(poll_fn(|cx| items.poll_room(cx)))
                    .await;
            }
        }
    }

    async fn unless_cancelled(&self, room: impl Future<Output = ()>) {
        let mut room = pin!(room);
        poll_fn(|cx| match self.control.is_cancelled() {
            true => Poll::Ready(()),
            false => room.as_mut().poll(cx),
        })
        .await;
    }

    pub(super) fn send<T: Serialize>(&self, item: &T) -> Result<(), HubError> {
        if self.control.is_cancelled() {
            return Ok(());
        }
        match &self.to {
            ItemPlace::Connection { connection, items } => with_scratch(|buffer| {
                items.write(buffer, &Success(item))?;
                connection.gather(buffer);
                connection.count_streamed_item();
                Ok(())
            }),
            #[cfg(feature = "testing")]
            ItemPlace::Kept(items) => Ok(items.put(&Success(item))?),
        }
    }
}

impl fmt::Debug for StreamSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut output = f.debug_struct("StreamSink");
        match &self.to {
            ItemPlace::Connection { connection, .. } => output.field("connection", connection),
            #[cfg(feature = "testing")]
            ItemPlace::Kept(_) => &mut output,
        };
        output.finish_non_exhaustive()
    }
}

impl fmt::Debug for StreamEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Ok(()) => "StreamEnd::Completed",
            Err(StreamFailure::Invoking(_) | StreamFailure::NoStream) => "StreamEnd::NotBegun",
            Err(StreamFailure::Streaming(_)) => "StreamEnd::BrokenOff",
        })
    }
}
