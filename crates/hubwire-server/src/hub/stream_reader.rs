//! Streams from a client to a hub method.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use hubwire_protocol::RawItem;
use serde::de::DeserializeOwned;

use super::{HubError, HubResult};
use crate::connection::Connection;
use crate::node::{
    ErrorDetail, Guarded, drop_each, guarded, guarded_step, guarded_step_of, replace_waker,
};

/// A stream of items from a client to a hub method; a parameter of the method.
///
/// This is SignalR's client-to-server streaming. Items arrive in the order in which they were sent
/// and are decoded on arrival. At most `stream_buffer_capacity` items wait here; then nothing more
/// is read from the client until the method takes one. Items that arrive after the method has
/// ended are dropped.
///
/// ```
/// use hubwire::{HubResult, StreamReader};
///
/// async fn count_words(mut lines: StreamReader<String>) -> HubResult<usize> {
///     let mut words = 0;
///     while let Some(line) = lines.next().await {
///         words += line?.split_whitespace().count();
///     }
///     Ok(words)
/// }
/// ```
///
/// A method that invokes the uploading client for a result must read its stream in the meantime:
/// the result comes after the items, and nothing is read from that client while the stream is
/// full.
///
/// # Errors
///
/// The last item is an error if the client ended its stream with an error (the caller may see it,
/// because it is the client's own), sent an item that is not a `T`, or is gone. If a client leaves
/// while its stream is full, the items that do not fit any more are lost.
pub struct StreamReader<T> {
    shared: Arc<Shared<T>>,
}

impl<T> StreamReader<T> {
    /// Returns the next item, or `None` after the last one.
    ///
    /// # Cancellation
    ///
    /// Dropping the future loses no item.
    pub async fn next(&mut self) -> Option<HubResult<T>> {
        poll_fn(|cx| self.shared.poll_next(cx)).await
    }
}

impl<T> Stream for StreamReader<T> {
    type Item = HubResult<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.shared.poll_next(cx)
    }
}

impl<T> Drop for StreamReader<T> {
    fn drop(&mut self) {
        self.shared.abandon();
    }
}

impl<T> fmt::Debug for StreamReader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamReader")
    }
}

/// A stream from the client that a reply holds, and opens when its run begins.
///
/// If it is dropped earlier, the stream stays unchanged for the next binding of the call's
/// arguments.
pub struct LentStreamReader<T> {
    shared: Arc<Shared<T>>,
}

impl<T: Send + 'static> LentStreamReader<T> {
    pub(crate) fn of(upload: Arc<dyn Any + Send + Sync>) -> Option<Self> {
        let shared = upload.downcast().ok()?;
        Some(Self { shared })
    }
}

impl<T> LentStreamReader<T> {
    /// Returns the reader to pass to the method. Open it inside the run: dropping the reader drops
    /// the stream.
    ///
    /// Each stream is opened once.
    #[must_use]
    pub fn open(self) -> StreamReader<T> {
        let shared = self.shared;
        StreamReader { shared }
    }
}

impl<T> fmt::Debug for LentStreamReader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LentStreamReader")
    }
}

/// Why an item was not taken.
#[derive(Debug)]
pub(crate) enum ItemFault {
    /// It does not fit: what is wrong with it, without its value.
    Misfit(String),
    /// Decoding it has panicked, with this text.
    Panicked(String),
}

/// The end of a stream at which the client's items arrive.
pub(crate) trait Upload: Send + Sync {
    /// Returns the stream with its type, for its reader.
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;

    /// Returns whether the next item must wait.
    fn is_full(&self) -> bool;

    /// Returns whether the stream has not ended, so that its client may refer to it.
    fn is_open(&self) -> bool;

    /// Decodes and queues an item; an item that does not fit ends the stream.
    fn push(&self, item: &RawItem<'_>, error_detail: ErrorDetail) -> Result<(), ItemFault>;

    /// Ends the stream, unless it has already ended.
    fn end(&self, error: Option<HubError>);
}

/// Creates a stream of a connection (of none in tests) in which `capacity` items may wait.
pub(crate) fn upload<T>(connection: Option<Arc<Connection>>, capacity: usize) -> Arc<dyn Upload>
where
    T: DeserializeOwned + Send + 'static,
{
    Arc::new(Shared::<T> {
        queue: Mutex::new(Queue::default()),
        capacity,
        connection,
    })
}

/// What may panic when an item has come, or the end.
const WAKING: &str = "the waking of a stream's reader";

struct Shared<T> {
    queue: Mutex<Queue<T>>,
    capacity: usize,
    /// The connection whose input resumes when there is space again.
    connection: Option<Arc<Connection>>,
}

struct Queue<T> {
    items: VecDeque<Guarded<T>>,
    state: State,
    waker: Option<Waker>,
}

enum State {
    Open,
    /// The error comes after the items that were queued before it.
    Ended(Option<HubError>),
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            items: VecDeque::new(),
            state: State::Open,
            waker: None,
        }
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, Queue<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<HubResult<T>>> {
        let mut queue = self.lock();
        if let Some(item) = queue.items.pop_front() {
            let had_been_full = queue.items.len() + 1 >= self.capacity;
            drop(queue);
            if had_been_full {
                self.resume_input();
            }
            return Poll::Ready(item.into_inner().map(Ok));
        }
        match &mut queue.state {
            State::Ended(error) => Poll::Ready(error.take().map(Err)),
            State::Open => {
                let replaced = replace_waker(&mut queue.waker, cx);
                drop(queue);
                // Unlocked first, because the waker may own anything.
                drop(replaced);
                Poll::Pending
            }
        }
    }

    fn resume_input(&self) {
        if let Some(connection) = &self.connection {
            connection.wake_session();
        }
    }

    /// Drops the items and accepts no more, because the reader is gone.
    fn abandon(&self) {
        let mut queue = self.lock();
        queue.state = State::Ended(None);
        let items = std::mem::take(&mut queue.items);
        drop(queue);
        self.resume_input();
        drop_each("the drop of a stream's item", items);
    }

    fn change(&self, change: impl FnOnce(&mut Queue<T>)) {
        let mut queue = self.lock();
        if matches!(queue.state, State::Ended(_)) {
            return;
        }
        change(&mut queue);
        let waker = queue.waker.take();
        drop(queue);
        if let Some(waker) = waker {
            // The waker may be hub code's own.
            let wake = || waker.wake();
            match &self.connection {
                Some(connection) => guarded_step_of(connection.whose(), WAKING, wake),
                None => guarded_step(WAKING, wake),
            };
        }
    }
}

impl<T: DeserializeOwned + Send + 'static> Shared<T> {
    /// Returns the item, or the error text for the method and the detail for the log.
    fn decode(&self, item: &RawItem<'_>, detail: ErrorDetail) -> Result<T, (String, String)> {
        item.decode().map_err(|error| {
            if let Some(connection) = &self.connection
                && error.is_nested_too_deeply()
            {
                let limits = connection.outbound().node().limits();
                limits.messagepack_nesting.count();
            }
            let mut text = "Failed to bind Stream message.".to_owned();
            if detail == ErrorDetail::Shown {
                let (kind, detail) = item.misfit::<T>(&error, "item");
                text.push_str(&format!(" {kind}: {detail}"));
            }
            let detail = || item.misfit_detail_without_value::<T>(&error);
            // A second decode of the item, which only the log needs.
            let is_logged = tracing::enabled!(target: "hubwire::dispatch", tracing::Level::WARN);
            (text, is_logged.then(detail).unwrap_or_default())
        })
    }
}

impl<T: DeserializeOwned + Send + 'static> Upload for Shared<T> {
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }

    fn is_full(&self) -> bool {
        let queue = self.lock();
        matches!(queue.state, State::Open) && queue.items.len() >= self.capacity
    }

    fn is_open(&self) -> bool {
        matches!(self.lock().state, State::Open)
    }

    fn push(&self, item: &RawItem<'_>, error_detail: ErrorDetail) -> Result<(), ItemFault> {
        match guarded(|| self.decode(item, error_detail)) {
            Ok(Ok(item)) => {
                let item = Guarded::new(item);
                self.change(|queue| queue.items.push_back(item));
            }
            Ok(Err((text, detail))) => {
                self.end(Some(HubError::new(text)));
                return Err(ItemFault::Misfit(detail));
            }
            Err(panic) => {
                let text = panic.to_string();
                self.end(Some(HubError::panicked(panic)));
                return Err(ItemFault::Panicked(text));
            }
        }
        Ok(())
    }

    fn end(&self, error: Option<HubError>) {
        self.change(|queue| queue.state = State::Ended(error));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    /// Checks, when dropped, whether its stream's queue is unlocked.
    struct Looking {
        stream: Arc<Shared<i32>>,
        found_locked: Arc<AtomicUsize>,
    }

    impl Wake for Looking {
        fn wake(self: Arc<Self>) {}
    }

    impl Drop for Looking {
        fn drop(&mut self) {
            let locked = self.stream.queue.try_lock().is_err();
            let locked = usize::from(locked);
            self.found_locked.fetch_add(locked, Ordering::Relaxed);
        }
    }

    #[test]
    fn who_waited_before_is_dropped_without_the_lock() {
        let upload = upload::<i32>(None, 1).into_any();
        let stream = upload
            .downcast::<Shared<i32>>()
            .unwrap_or_else(|_| panic!("a stream of numbers"));
        let found_locked = Arc::<AtomicUsize>::default();
        for _ in 0..3 {
            let waker = Arc::new(Looking {
                stream: Arc::clone(&stream),
                found_locked: Arc::clone(&found_locked),
            });
            let waker = waker.into();
            let mut cx = Context::from_waker(&waker);
            // Twice, because the second poll finds the same waker.
            assert!(stream.poll_next(&mut cx).is_pending());
            assert!(stream.poll_next(&mut cx).is_pending());
        }
        stream.abandon();
        assert_eq!(found_locked.load(Ordering::Relaxed), 0);
    }
}
