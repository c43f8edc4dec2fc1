//! A connection's way in, and the end of both ways.
//!
//! Knows neither hubs nor their protocols, so that a handler of bare bytes has no other.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::connection::{Connection, DisconnectReason};
use crate::transport::{Closing, Input, InputEnd};

/// What carries a connection's bytes, from its session's side.
#[derive(Debug)]
pub(crate) struct Wire {
    connection: Arc<Connection>,
    input: Input,
    input_end: Option<InputEnd>,
}

impl Wire {
    pub(crate) fn new(connection: Arc<Connection>, input: Input) -> Self {
        Self {
            connection,
            input,
            input_end: None,
        }
    }

    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Reads once, and writes what was gathered meanwhile; pending for ever where the input has ended.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        receive: impl FnMut(&[u8]),
    ) -> Poll<()> {
        if self.has_ended() {
            return Poll::Pending;
        }
        let outbound = self.connection.outbound();
        outbound.start_gathering();
        let read = self.input.poll_read(cx, outbound, receive);
        outbound.write_gathered();
        read.map(|end| {
            if end.is_some() {
                // Whatever was received before the end is still dispatched, but nobody hears of it.
                self.connection.finish_sending();
            }
            self.input_end = end;
        })
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.input_end.is_some()
    }

    /// Why the connection ends, where its input has ended and nothing of it is left.
    pub(crate) fn end_reason(&self) -> Option<DisconnectReason> {
        self.input_end.as_ref().map(|end| match end {
            InputEnd::Closed | InputEnd::Lost => DisconnectReason::TransportClosed,
            InputEnd::Violated(text) => DisconnectReason::TransportViolated(text.clone()),
        })
    }

    /// Whether a message that was cut off by the end of the input is a fault of its own.
    pub(crate) fn was_cut_off(&self) -> bool {
        matches!(self.input_end, Some(InputEnd::Closed | InputEnd::Lost))
    }

    /// Closes the transport once all is written, each of its steps within `limit`; else resets it.
    pub(crate) async fn close(&mut self, closing: Closing, limit: Duration) {
        self.connection.finish_sending();
        let outbound = Arc::clone(self.connection.outbound());
        if !matches!(self.input_end, Some(InputEnd::Lost)) {
            if !self.has_ended() {
                self.input.close(&outbound, closing);
            }
            let written = tokio::time::timeout(limit, self.written()).await;
            if !matches!(written, Ok(Ok(()))) {
                return self.reset();
            }
            if tokio::time::timeout(limit, self.closed()).await.is_err() {
                return self.reset();
            }
            let shutdown = poll_fn(|cx| outbound.poll_shutdown(cx));
            // Whether its end is a good one or not, nothing is left to be said.
            let _ = tokio::time::timeout(limit, shutdown).await;
        }
        outbound.close();
    }

    /// Resolves when all that was queued is with the kernel, or with whoever pulls.
    async fn written(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.connection.outbound().poll_written(cx)).await
    }

    /// Resolves when the client closed too; until then its pings get pongs and all else is ignored.
    async fn closed(&mut self) {
        if !self.input.is_closed_by_both() {
            return;
        }
        poll_fn(|cx| {
            while !self.has_ended() {
                std::task::ready!(self.poll_read(cx, |_| {}));
            }
            Poll::Ready(())
        })
        .await;
    }

    /// Gives up a transport whose peer does not read or close.
    pub(crate) fn reset(&mut self) {
        self.input_end = Some(InputEnd::Lost);
        self.connection.outbound().reset();
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use hubwire_protocol::TransferFormat;

    use super::*;
    use crate::lifetime::tests::connection;
    use crate::transport::pipe;

    /// Sends back what comes in until it ends, as a handler without a hub protocol may.
    async fn echo(mut wire: Wire) {
        let outbound = Arc::clone(wire.connection().outbound());
        poll_fn(|cx| {
            while !wire.has_ended() {
                let gather = |bytes: &[u8]| outbound.gather(TransferFormat::Binary, bytes);
                std::task::ready!(wire.poll_read(cx, gather));
            }
            Poll::Ready(())
        })
        .await;
        wire.close(Closing::Normal, Duration::from_secs(5)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_pass_without_a_hub() {
        let connection = connection();
        let (mut writer, reader) = pipe(4);
        let mut puller = connection.outbound().attach_puller();
        let wire = Wire::new(Arc::clone(&connection), Input::Pipe(reader));
        let client = async {
            let mut received = Vec::new();
            for bytes in [b"one;", b"two;"] {
                writer.write(bytes).await.unwrap();
                received.extend(poll_fn(|cx| puller.poll_pull(cx, 100)).await.unwrap());
            }
            drop(writer);
            (received, poll_fn(|cx| puller.poll_pull(cx, 100)).await)
        };
        let (received, ()) = tokio::join!(client, echo(wire));
        assert_eq!(received, (b"one;two;".to_vec(), None));
    }
}
