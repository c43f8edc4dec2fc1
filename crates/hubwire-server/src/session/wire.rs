//! The input of a connection, and the end of both directions.
//!
//! It depends neither on hubs nor on their protocols, so a handler of raw bytes can use it too.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hubwire_protocol::Transport as TransportName;

use crate::connection::{Connection, DisconnectReason};
use crate::hub::LetGo;
use crate::node::Turn;
use crate::transport::{Closing, InputEnd, Left, Piece, Transport};

/// The session's side of what carries a connection's bytes.
#[derive(Debug)]
pub(crate) struct Wire {
    connection: Arc<Connection>,
    transport: Transport,
    input: InputState,
}

/// The state of the client's input.
#[derive(Debug)]
enum InputState {
    Open,
    /// The client sends nothing more, but some of its bytes are not read yet.
    HalfClosed,
    /// All of the input was read.
    Ended(InputEnd),
    /// The client was found to be gone while its input was not being read.
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

    /// Counts a client that does not close its WebSocket, or does not read to its end; one that
    /// polls no more has only left.
    fn count_close_timeout(&self) {
        if self.connection.outbound().is_absent() {
            return;
        }
        let limits = self.connection.outbound().node().limits();
        limits.close_timeout.count_of(self.connection.whose());
    }

    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Reads once, and writes what was gathered in the meantime; stays pending once the input has
    /// ended.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        turn: &mut Turn,
        mut receive: impl FnMut(&[u8], &mut Turn),
    ) -> Poll<()> {
        self.poll_pieces(cx, turn, |piece, turn| receive(piece.bytes, turn))
    }

    /// Like [`Wire::poll_read`], for bytes that are not a hub's: also passes on what the transport
    /// says of them.
    pub(crate) fn poll_pieces(
        &mut self,
        cx: &mut Context<'_>,
        turn: &mut Turn,
        mut receive: impl FnMut(Piece<'_>, &mut Turn),
    ) -> Poll<()> {
        if self.has_ended() {
            return Poll::Pending;
        }
        let outbound = self.connection.outbound();
        outbound.start_gathering();
        let mut bytes = 0;
        let counted = |piece: Piece<'_>, turn: &mut Turn| {
            bytes += piece.bytes.len();
            receive(piece, turn);
        };
        let read = self.transport.input.poll_read(cx, outbound, turn, counted);
        if bytes > 0 {
            self.connection.received().add_bytes(bytes);
        }
        outbound.write_gathered();
        read.map(|end| {
            if let Some(end) = end {
                self.end(end);
            }
        })
    }

    /// Reads and discards input, so that the client's departure is noticed although nothing is
    /// dispatched any more; pings get pongs. Returns `Ready` once the input has ended.
    pub(crate) fn poll_ignored(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut turn = Turn::new();
        while !turn.is_over() {
            if self.has_ended() {
                return Poll::Ready(());
            }
            ready!(self.poll_read(cx, &mut turn, |_, _| {}));
        }
        self.take_next_turn(cx);
        Poll::Pending
    }

    /// Lets others have their turns before the session continues.
    pub(crate) fn take_next_turn(&self, cx: &Context<'_>) {
        let limits = self.connection.outbound().node().limits();
        limits.session_turn.count();
        cx.waker().wake_by_ref();
    }

    /// Checks whether the client has left while its input is not read, so that nothing waits for a
    /// client that is gone.
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

    /// Records the end of the input. Everything received before is still dispatched, but its
    /// answers reach nobody.
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

    /// Returns why the connection is to end, if another part of the server has ended it; that
    /// wakes the task.
    pub(crate) fn end_of_connection(&self, cx: &Context<'_>) -> Option<DisconnectReason> {
        self.connection.outbound().register_owner(cx.waker());
        Some(match self.connection.end_reason()? {
            // A client that has left is no longer waited for, so no timeout is reported.
            DisconnectReason::ClientTimedOut if self.has_left() => self
                .end_reason()
                .unwrap_or(DisconnectReason::TransportClosed),
            reason => reason,
        })
    }

    /// Returns whether the client was found to be gone while its input was not being read.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self.input, InputState::Gone)
    }

    /// Returns whether the client sends nothing more, even if some of its bytes are still to be
    /// read or dispatched.
    pub(crate) fn has_left(&self) -> bool {
        !matches!(self.input, InputState::Open)
    }

    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.input, InputState::Ended(_) | InputState::Gone)
    }

    /// Returns whether the client may still receive a Close message: also one that has asked for
    /// the end of its connection while a poll of it is waiting.
    pub(crate) fn can_say_goodbye(&self) -> bool {
        let outbound = self.connection.outbound();
        let is_polling = || self.connection.transport() == TransportName::LongPolling;
        outbound.failure().is_none() && (!self.has_ended() || is_polling() && !outbound.is_absent())
    }

    /// Returns why the connection ends, if its input has ended and was processed.
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

    /// Returns whether a message that was cut off by the end of the input is a fault of its own.
    pub(crate) fn was_cut_off(&self) -> bool {
        matches!(
            self.input,
            InputState::Ended(InputEnd::Closed | InputEnd::Lost)
        )
    }

    /// Closes the transport once everything is written, with a time limit for each step; otherwise
    /// resets it.
    pub(crate) async fn close(&mut self, closing: Closing) {
        self.connection.finish_sending();
        let limit = self.transport.close_timeout;
        let outbound = Arc::clone(self.connection.outbound());
        // Messages queued for a client that is gone cannot be delivered.
        let is_lost = matches!(
            self.input,
            InputState::Ended(InputEnd::Lost) | InputState::Gone
        ) || self.connection.has_lost_transport() && outbound.is_absent();
        if !is_lost {
            if !self.has_ended() {
                self.transport.input.close(&outbound, closing);
            }
            if let Err(error) = self.written().await {
                if error.kind() == io::ErrorKind::TimedOut {
                    self.count_close_timeout();
                }
                return self.reset();
            }
            if tokio::time::timeout(limit, self.closed()).await.is_err() {
                self.count_close_timeout();
                return self.reset();
            }
            let shutdown = poll_fn(|cx| outbound.poll_shutdown(cx));
            // Whether it ends cleanly or not, there is nothing left to do.
            let _ = tokio::time::timeout(limit, shutdown).await;
        }
        outbound.close();
    }

    /// Resolves once everything queued is with the kernel or the puller.
    ///
    /// # Errors
    ///
    /// Returns an error if nothing was taken within the transport's time limit, or not everything
    /// within the time limit for progress.
    async fn written(&mut self) -> io::Result<()> {
        let outbound = Arc::clone(self.connection.outbound());
        let limit = self.transport.close_timeout;
        let all = async {
            let mut left = usize::MAX;
            while outbound.bytes() < left {
                left = outbound.bytes();
                let written = poll_fn(|cx| {
                    // Polled first, to be woken by further input.
                    let has_ended =
                        self.poll_ignored(cx).is_ready() || self.connection.has_lost_transport();
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

    /// Resolves once the client has closed too; until then, pings get pongs and everything else is
    /// ignored.
    async fn closed(&mut self) {
        if !self.transport.input.is_closed_by_both() {
            return;
        }
        poll_fn(|cx| self.poll_ignored(cx)).await;
    }

    /// Gives up the transport of a client that is disconnected for a reason of the server's, and
    /// returns that reason.
    pub(crate) fn reset_if_let_go(&mut self) -> Option<LetGo> {
        let let_go = self.connection.outbound().failure().and_then(LetGo::of);
        if let_go.is_some() {
            self.reset();
        }
        let_go
    }

    /// Gives up a transport with a peer that does not read or close.
    pub(crate) fn reset(&mut self) {
        self.connection.lose_transport();
        self.input = InputState::Ended(InputEnd::Lost);
        self.connection.outbound().reset();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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

    /// Sends back its input until it ends, as a handler without a hub protocol may do.
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
        assert_eq!((&*received, end), (&b"one;two;"[..], None));
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
