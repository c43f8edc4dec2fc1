//! A connection's way in, and the end of both ways.
//!
//! Knows neither hubs nor their protocols, so that a handler of bare bytes has no other.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::connection::{Connection, DisconnectReason};
use crate::node::{Limits, Turn};
use crate::transport::{Closing, InputEnd, Left, Transport};

/// What carries a connection's bytes, from its session's side.
#[derive(Debug)]
pub(crate) struct Wire {
    connection: Arc<Connection>,
    transport: Transport,
    input: InputState,
}

/// How far the client's input has come.
#[derive(Debug)]
enum InputState {
    Open,
    /// The client sends nothing more, but some of what it sent is not read yet.
    HalfClosed,
    /// All of it was read.
    Ended(InputEnd),
    /// The client was found to be gone while nothing of it was read.
    Gone,
}

impl Wire {
    pub(crate) fn new(connection: Arc<Connection>, transport: Transport) -> Self {
        Self {
            connection,
            transport,
            input: InputState::Open,
        }
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    fn limits(&self) -> &Limits {
        self.connection.outbound().node().limits()
    }

    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Reads once, and writes what was gathered meanwhile; pending for ever where the input has ended.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        turn: &mut Turn,
        receive: impl FnMut(&[u8], &mut Turn),
    ) -> Poll<()> {
        if self.has_ended() {
            return Poll::Pending;
        }
        let outbound = self.connection.outbound();
        outbound.start_gathering();
        let read = self.transport.input.poll_read(cx, outbound, turn, receive);
        outbound.write_gathered();
        read.map(|end| {
            if let Some(end) = end {
                self.end(end);
            }
        })
    }

    /// Reads and throws away what comes, so that a client's going is noticed though nobody listens to it any more;
    /// its pings get pongs. Ready when the input has ended.
    pub(crate) fn poll_ignored(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut turn = Turn::new();
        while !turn.is_over() {
            if self.has_ended() {
                return Poll::Ready(());
            }
            ready!(self.poll_read(cx, &mut turn, |_, _| {}));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Looks for the client's end where it is not read, so that nobody waits for one that is gone.
    pub(crate) fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.has_left() {
            return Poll::Pending;
        }
        let left = self.transport.input.poll_left(cx);
        left.map(|left| match left {
            Left::Gone => self.lose(InputState::Gone),
            Left::HalfClosed => self.input = InputState::HalfClosed,
        })
    }

    /// Whatever was received before the end is still dispatched, but nobody hears of it.
    fn end(&mut self, end: InputEnd) {
        if end == InputEnd::Lost {
            return self.lose(InputState::Ended(end));
        }
        self.input = InputState::Ended(end);
        self.connection.lose_transport();
        self.connection.finish_sending();
    }

    fn lose(&mut self, input: InputState) {
        self.input = input;
        self.connection.lose_transport();
        self.connection.finish_sending();
        self.connection.outbound().close();
    }

    /// Why others end the connection, if they do; their telling so wakes the task.
    pub(crate) fn end_of_connection(&self, cx: &Context<'_>) -> Option<DisconnectReason> {
        self.connection.outbound().register_owner(cx.waker());
        Some(match self.connection.end_reason()? {
            // Who has left is not awaited any more, and so is not told what it missed.
            DisconnectReason::ClientTimedOut if self.has_left() => self
                .end_reason()
                .unwrap_or(DisconnectReason::TransportClosed),
            reason => reason,
        })
    }

    /// Whether the client was found to be gone while nothing of it was read.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self.input, InputState::Gone)
    }

    /// Whether the client sends nothing more, whatever of what it sent is still to be read or dispatched.
    pub(crate) fn has_left(&self) -> bool {
        !matches!(self.input, InputState::Open)
    }

    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.input, InputState::Ended(_) | InputState::Gone)
    }

    /// Why the connection ends, where its input has ended and nothing of it is left.
    pub(crate) fn end_reason(&self) -> Option<DisconnectReason> {
        match &self.input {
            InputState::Open | InputState::HalfClosed => None,
            InputState::Ended(InputEnd::Violated(text)) => {
                Some(DisconnectReason::TransportViolated(text.clone()))
            }
            InputState::Ended(InputEnd::Closed | InputEnd::Lost) | InputState::Gone => {
                Some(DisconnectReason::TransportClosed)
            }
        }
    }

    /// Whether a message that was cut off by the end of the input is a fault of its own.
    pub(crate) fn was_cut_off(&self) -> bool {
        matches!(
            self.input,
            InputState::Ended(InputEnd::Closed | InputEnd::Lost)
        )
    }

    /// Closes the transport once all is written, each of its steps in its time; else resets it.
    pub(crate) async fn close(&mut self, closing: Closing) {
        self.connection.finish_sending();
        let limit = self.transport.close_timeout;
        let outbound = Arc::clone(self.connection.outbound());
        // What is queued for a client that is gone has nobody who could come for it.
        let is_lost = matches!(
            self.input,
            InputState::Ended(InputEnd::Lost) | InputState::Gone
        ) || self.has_ended() && outbound.is_absent();
        if !is_lost {
            if !self.has_ended() {
                self.transport.input.close(&outbound, closing);
            }
            if let Err(error) = self.written().await {
                if error.kind() == io::ErrorKind::TimedOut {
                    self.limits().close_timeout.count();
                }
                return self.reset();
            }
            if tokio::time::timeout(limit, self.closed()).await.is_err() {
                self.limits().close_timeout.count();
                return self.reset();
            }
            let shutdown = poll_fn(|cx| outbound.poll_shutdown(cx));
            // Whether its end is a good one or not, nothing is left to be said.
            let _ = tokio::time::timeout(limit, shutdown).await;
        }
        outbound.close();
    }

    /// Resolves when all that was queued is with the kernel, or with whoever pulls.
    ///
    /// # Errors
    ///
    /// When nothing was taken for the transport's time, or not all within the time of progress.
    async fn written(&mut self) -> io::Result<()> {
        let outbound = Arc::clone(self.connection.outbound());
        let limit = self.transport.close_timeout;
        let all = async {
            let mut left = usize::MAX;
            while outbound.bytes() < left {
                left = outbound.bytes();
                let written = poll_fn(|cx| {
                    // Looked at first, so that its coming is heard of.
                    let has_ended = self.poll_ignored(cx).is_ready();
                    if outbound.failure().is_some() {
                        return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
                    }
                    match outbound.poll_written(cx) {
                        Poll::Pending if has_ended && outbound.is_absent() => {
                            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
                        }
                        written => written,
                    }
                });
                if let Ok(written) = tokio::time::timeout(limit, written).await {
                    return written;
                }
            }
            Err(io::ErrorKind::TimedOut.into())
        };
        let limit = outbound.bounds().progress.timeout;
        tokio::time::timeout(limit, all).await?
    }

    /// Resolves when the client closed too; until then its pings get pongs and all else is ignored.
    async fn closed(&mut self) {
        if !self.transport.input.is_closed_by_both() {
            return;
        }
        poll_fn(|cx| self.poll_ignored(cx)).await;
    }

    /// Gives up a transport whose peer does not read or close.
    pub(crate) fn reset(&mut self) {
        self.connection.lose_transport();
        self.input = InputState::Ended(InputEnd::Lost);
        self.connection.outbound().reset();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use hubwire_protocol::TransferFormat;

    use super::*;
    use crate::lifetime::tests::connection;
    use crate::transport::{Input, PipeWriter, WEB_SOCKETS, pipe};

    fn wire(connection: &Arc<Connection>) -> (PipeWriter, Wire) {
        let (writer, reader) = pipe(4);
        let transport = Transport {
            kind: &WEB_SOCKETS,
            input: Input::Pipe(reader),
            close_timeout: Duration::from_secs(5),
        };
        (writer, Wire::new(Arc::clone(connection), transport))
    }

    /// Sends back what comes in until it ends, as a handler without a hub protocol may.
    async fn echo(mut wire: Wire) {
        let outbound = Arc::clone(wire.connection().outbound());
        poll_fn(|cx| {
            while !wire.has_ended() && wire.end_of_connection(cx).is_none() {
                let gather =
                    |bytes: &[u8], _: &mut Turn| outbound.gather(TransferFormat::Binary, bytes);
                std::task::ready!(wire.poll_read(cx, &mut Turn::new(), gather));
            }
            Poll::Ready(())
        })
        .await;
        wire.close(Closing::Normal).await;
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_pass_without_a_hub() {
        let connection = connection();
        let (mut writer, wire) = wire(&connection);
        let mut puller = connection.outbound().attach_puller();
        let client = async {
            let mut received = Vec::new();
            for bytes in [b"one;", b"two;"] {
                writer.write(bytes).await.unwrap();
                received.extend(poll_fn(|cx| puller.poll_pull(cx, 100)).await.unwrap());
            }
            drop(writer);
            (received, poll_fn(|cx| puller.poll_pull(cx, 100)).await)
        };
        let ((received, end), ()) = tokio::join!(client, echo(wire));
        let parts: [Bytes; 2] = [(&b"one;"[..]).into(), (&b"two;"[..]).into()];
        assert_eq!((&*received, end), (&parts[..], None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_handler_of_bare_bytes_ends_with_its_connection() {
        let connection = connection();
        let (_writer, wire) = wire(&connection);
        let mut puller = connection.outbound().attach_puller();
        let ended = async {
            tokio::task::yield_now().await;
            connection.end(DisconnectReason::ServerShutdown);
            poll_fn(|cx| puller.poll_pull(cx, 100)).await
        };
        let (end, ()) = tokio::join!(ended, echo(wire));
        assert_eq!(end, None);
    }
}
