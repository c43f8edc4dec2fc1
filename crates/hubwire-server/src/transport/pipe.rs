//! A bounded pipe into which requests write what a client sends.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hubwire_protocol::TransferFormat;
use tokio::io::{AsyncRead, AsyncWriteExt, DuplexStream, ReadBuf, duplex};
use tokio_util::sync::{CancellationToken, DropGuard, WaitForCancellationFutureOwned};

use super::read_buffer::ReadBuffer;
use super::{InputEnd, Piece};
use crate::node::Turn;
use crate::outbound::Outbound;

/// Creates a pipe that holds `capacity` bytes; a writer of more waits until the session has read.
pub(crate) fn pipe(capacity: usize) -> (PipeWriter, PipeReader) {
    // The other direction is never used, and an unused direction costs nothing.
    let (stream, far_end) = duplex(capacity);
    let gone = CancellationToken::new();
    let reader = PipeReader {
        stream: far_end,
        gone: Box::pin(gone.clone().cancelled_owned()),
    };
    let writer = PipeWriter {
        stream,
        _gone: gone.drop_guard(),
    };
    (writer, reader)
}

/// The end that requests write to; dropping it ends the connection.
#[derive(Debug)]
pub(crate) struct PipeWriter {
    stream: DuplexStream,
    _gone: DropGuard,
}

impl PipeWriter {
    /// Resolves once the pipe has taken all bytes.
    ///
    /// # Errors
    ///
    /// Returns an error if the session does not read any more.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }
}

/// The end that the session reads.
#[derive(Debug)]
pub(crate) struct PipeReader {
    stream: DuplexStream,
    /// Resolves at the end of the writer, without reading up to it.
    gone: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl PipeReader {
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.gone.as_mut().poll(cx)
    }

    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        outbound: &Outbound,
        turn: &mut Turn,
        mut receive: impl FnMut(Piece<'_>, &mut Turn),
    ) -> Poll<Option<InputEnd>> {
        let mut buffer = ReadBuffer::take();
        let mut buffer = ReadBuf::new(buffer.bytes());
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer));
        if read.is_err() || buffer.filled().is_empty() {
            outbound.finish();
            return Poll::Ready(Some(InputEnd::Closed));
        }
        turn.took_bytes(buffer.filled().len());
        let piece = Piece {
            bytes: buffer.filled(),
            format: TransferFormat::Text,
            is_end: true,
        };
        receive(piece, turn);
        Poll::Ready(None)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;
    use crate::outbound::tests::outbound;

    async fn read(reader: &mut PipeReader) -> (Vec<u8>, Option<InputEnd>) {
        let outbound = outbound(1024);
        let mut received = Vec::new();
        let end = poll_fn(|cx| {
            let receive = |piece: Piece<'_>, _: &mut Turn| received.extend_from_slice(piece.bytes);
            reader.poll_read(cx, &outbound, &mut Turn::new(), receive)
        });
        let end = end.await;
        (received, end)
    }

    #[tokio::test(start_paused = true)]
    async fn who_writes_too_much_waits_until_it_is_read() {
        let (mut writer, mut reader) = pipe(4);
        writer.write(b"1234").await.unwrap();
        let waiting = tokio::time::timeout(Duration::from_secs(60), writer.write(b"56"));
        assert!(waiting.await.is_err());
        assert_eq!(read(&mut reader).await, (b"1234".to_vec(), None));
        writer.write(b"78").await.unwrap();
        assert_eq!(read(&mut reader).await, (b"78".to_vec(), None));
    }

    #[tokio::test]
    async fn what_was_written_is_read_before_the_end() {
        let (mut writer, mut reader) = pipe(4);
        writer.write(b"12").await.unwrap();
        drop(writer);
        assert_eq!(read(&mut reader).await, (b"12".to_vec(), None));
        assert_eq!(
            read(&mut reader).await,
            (Vec::new(), Some(InputEnd::Closed))
        );
    }

    #[tokio::test]
    async fn writing_fails_where_nobody_reads_any_more() {
        let (mut writer, reader) = pipe(4);
        drop(reader);
        assert!(writer.write(b"12345").await.is_err());
    }
}
