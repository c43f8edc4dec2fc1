//! A socket taken out of the HTTP library: a TCP stream, or whatever else carries bytes.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// Anything that carries bytes both ways: TLS, a pipe in memory.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> ByteStream for T {}

/// A byte stream of any kind.
pub(crate) type BoxedSocket = Box<dyn ByteStream>;

/// A socket and the bytes that the HTTP library had already read from it.
pub(crate) enum Socket {
    Other(BoxedSocket),
    Tcp(TcpStream, Bytes),
}

impl Socket {
    pub(crate) fn split(self) -> (SocketReader, SocketWriter) {
        match self {
            Self::Tcp(stream, read_ahead) => {
                let (reader, writer) = stream.into_split();
                (
                    SocketReader::new(ReaderKind::Tcp(reader), read_ahead),
                    SocketWriter::Tcp(writer),
                )
            }
            Self::Other(stream) => {
                let (reader, writer) = tokio::io::split(stream);
                (
                    SocketReader::new(ReaderKind::Other(reader), Bytes::new()),
                    SocketWriter::Other(writer),
                )
            }
        }
    }
}

/// The half that the connection's reader owns.
pub(crate) struct SocketReader {
    kind: ReaderKind,
    read_ahead: Bytes,
}

enum ReaderKind {
    Other(ReadHalf<BoxedSocket>),
    Tcp(OwnedReadHalf),
}

impl SocketReader {
    fn new(kind: ReaderKind, mut read_ahead: Bytes) -> Self {
        if read_ahead.is_empty() {
            // Even an empty slice keeps the whole buffer alive that it was cut from.
            read_ahead = Bytes::new();
        }
        Self { kind, read_ahead }
    }

    /// Reads once into `buffer`; 0 bytes is the end.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if !self.read_ahead.is_empty() {
            return Poll::Ready(Ok(self.take_read_ahead(buffer)));
        }
        let mut buffer = ReadBuf::new(buffer);
        ready!(match &mut self.kind {
            ReaderKind::Other(half) => Pin::new(half).poll_read(cx, &mut buffer),
            ReaderKind::Tcp(half) => Pin::new(half).poll_read(cx, &mut buffer),
        })?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    fn take_read_ahead(&mut self, buffer: &mut [u8]) -> usize {
        let count = self.read_ahead.len().min(buffer.len());
        self.read_ahead.copy_to_slice(&mut buffer[..count]);
        if self.read_ahead.is_empty() {
            self.read_ahead = Bytes::new();
        }
        count
    }
}

impl fmt::Debug for SocketReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketReader").finish_non_exhaustive()
    }
}

/// The half that the connection's queue owns.
pub(crate) enum SocketWriter {
    Other(WriteHalf<BoxedSocket>),
    Tcp(OwnedWriteHalf),
}

impl SocketWriter {
    /// Writes what the socket takes at once; pending means that it refuses, and nobody is woken.
    pub(crate) fn try_write(&mut self, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self {
            Self::Other(_) => self.poll_write(&mut Context::from_waker(Waker::noop()), slices),
            Self::Tcp(half) => {
                // The kernel takes one buffer for a tenth less work than a list of one.
                let written = match slices {
                    [slice] => half.try_write(slice),
                    _ => half.try_write_vectored(slices),
                };
                match written {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
                    written => Poll::Ready(written),
                }
            }
        }
    }

    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Other(half) => Pin::new(half).poll_write_vectored(cx, slices),
            Self::Tcp(half) => Pin::new(half).poll_write_vectored(cx, slices),
        }
    }

    /// Makes the close of a socket that its peer ignores a reset, so that the kernel keeps nothing for it.
    pub(crate) fn reset_on_close(self) {
        if let Self::Tcp(half) = self {
            // A socket that cannot be told so is closed the ordinary way.
            let _ = half.as_ref().set_zero_linger();
            // Its drop would end the stream in good order first.
            half.forget();
        }
    }
}

impl fmt::Debug for SocketWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Other(_) => "SocketWriter::Other",
            Self::Tcp(_) => "SocketWriter::Tcp",
        })
    }
}
