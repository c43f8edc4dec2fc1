//! The way in of a client that sends by POST.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use futures_core::Stream;
use futures_util::StreamExt;
use futures_util::future::poll_immediate;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::pipe::{PipeReader, PipeWriter, pipe};
use crate::node::Limits;

/// How many bytes may wait for their session, besides those that it keeps itself.
const CAPACITY: usize = 4 * 1024;

/// How long a client may send nothing in the middle of a body.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);

/// A pipe into which requests write their bodies, one request after another.
#[derive(Debug)]
pub(crate) struct Inlet {
    writer: Mutex<PipeWriter>,
    closed: CancellationToken,
}

/// The owner of an inlet; dropping it ends the input, after what was written.
#[derive(Debug)]
pub(crate) struct InletOwner(Arc<Inlet>);

/// The reason why a body was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotWritten {
    /// The connection has ended, or ends.
    Closed,
    /// The client did not send all of it.
    BodyFailed,
}

/// Creates an inlet and the end that the session reads.
pub(crate) fn inlet() -> (InletOwner, PipeReader) {
    let (writer, reader) = pipe(CAPACITY);
    let inlet = Inlet {
        writer: Mutex::new(writer),
        closed: CancellationToken::new(),
    };
    (InletOwner(Arc::new(inlet)), reader)
}

impl InletOwner {
    /// Returns the inlet for a request.
    pub(crate) fn inlet(&self) -> Arc<Inlet> {
        Arc::clone(&self.0)
    }
}

impl Drop for InletOwner {
    fn drop(&mut self) {
        // Requests that are being written hold the pipe open.
        self.0.closed.cancel();
    }
}

impl Inlet {
    /// Resolves once the pipe has taken the whole body; a body waits for those before it.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection ends before that, or if the client does not send all of
    /// the body.
    pub(crate) async fn write<S, E>(&self, mut body: S, limits: &Limits) -> Result<(), NotWritten>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
    {
        let writing = async {
            let mut writer = self.writer.lock().await;
            loop {
                match timeout(SILENCE_TIMEOUT, body.next()).await {
                    Ok(None) => return Ok(()),
                    Ok(Some(Ok(bytes))) => {
                        let mut write = pin!(writer.write(&bytes));
                        let written = match poll_immediate(write.as_mut()).await {
                            Some(written) => written,
                            None => {
                                limits.posted_bytes.count();
                                write.await
                            }
                        };
                        written.map_err(|_| NotWritten::Closed)?;
                    }
                    Ok(Some(Err(_))) => return Err(NotWritten::BodyFailed),
                    Err(_) => {
                        limits.post_timeout.count();
                        return Err(NotWritten::BodyFailed);
                    }
                }
            }
        };
        let written = self.closed.run_until_cancelled(writing).await;
        written.unwrap_or(Err(NotWritten::Closed))
    }
}
