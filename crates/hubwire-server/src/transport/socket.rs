//! A socket taken out of the HTTP library: a TCP stream, or any other byte stream.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;

use super::Left;
use super::tcp_look::TcpLook;
use super::tcp_watch::TcpWatch;
use super::upgraded_stream::{Gone, UpgradedStream};
use crate::node::ConnectionPermit;
use crate::outbound::{BoxedSocket, SharedStream, SocketWriter, Uptake};

/// A socket, with the bytes that the HTTP library had already read from it, and its permit.
pub(crate) struct Socket {
    stream: Stream,
    read_ahead: Bytes,
    permit: Option<ConnectionPermit>,
}

enum Stream {
    Other(BoxedSocket),
    Tcp(TcpStream),
    Upgraded(UpgradedStream),
}

impl Socket {
    pub(crate) fn of_tcp(
        stream: TcpStream,
        read_ahead: Bytes,
        permit: Option<ConnectionPermit>,
    ) -> Self {
        Self {
            stream: Stream::Tcp(stream),
            read_ahead,
            permit,
        }
    }

    pub(crate) fn of_other(
        stream: BoxedSocket,
        read_ahead: Bytes,
        permit: Option<ConnectionPermit>,
    ) -> Self {
        Self {
            stream: Stream::Other(stream),
            read_ahead,
            permit,
        }
    }

    pub(crate) fn of_upgraded(stream: UpgradedStream) -> Self {
        Self {
            stream: Stream::Upgraded(stream),
            read_ahead: Bytes::new(),
            permit: None,
        }
    }

    /// Returns the TCP socket, or the one below another stream.
    pub(crate) fn tcp(&self) -> Option<&TcpStream> {
        match &self.stream {
            Stream::Other(stream) => (**stream).tcp(),
            Stream::Tcp(stream) => Some(stream),
            Stream::Upgraded(_) => None,
        }
    }

    pub(crate) fn split(self) -> (SocketReader, SocketWriter) {
        let (kind, writer) = match self.stream {
            Stream::Tcp(stream) => {
                let (reader, writer) = stream.into_split();
                (ReaderKind::Tcp(reader), SocketWriter::Tcp(writer))
            }
            Stream::Other(stream) => {
                let stream = SharedStream::new(stream, Uptake::WithItsPeer);
                let writer = SocketWriter::Other(stream.clone());
                (ReaderKind::Other(stream, None), writer)
            }
            Stream::Upgraded(stream) => {
                let gone = stream.gone();
                let stream = SharedStream::new(Box::new(stream), Uptake::InAdvance);
                let writer = SocketWriter::Other(stream.clone());
                (ReaderKind::Upgraded(stream, gone), writer)
            }
        };
        (
            SocketReader::new(kind, self.read_ahead, self.permit),
            writer,
        )
    }
}

/// The read half, which the session owns.
pub(crate) struct SocketReader {
    /// Always `Some`, except while it is converted.
    kind: Option<ReaderKind>,
    /// Boxed, because it is rarely present, and never for long.
    read_ahead: Option<Box<Bytes>>,
    _permit: Option<ConnectionPermit>,
}

enum ReaderKind {
    /// With a look at the peer while it is not being read.
    Other(SharedStream, Option<Box<TcpLook>>),
    Tcp(OwnedReadHalf),
    /// With what resolves when its HTTP/2 stream has ended.
    Upgraded(SharedStream, Option<Gone>),
    /// Not being read at the moment.
    Watched(Box<TcpWatch>),
}

impl SocketReader {
    fn new(kind: ReaderKind, read_ahead: Bytes, permit: Option<ConnectionPermit>) -> Self {
        // Even an empty slice would keep alive the whole buffer that it was cut from.
        let read_ahead = (!read_ahead.is_empty()).then(|| Box::new(read_ahead));
        Self {
            kind: Some(kind),
            read_ahead,
            _permit: permit,
        }
    }

    /// Makes the next read begin with these bytes, which were the last ones read.
    pub(crate) fn put_back(&mut self, bytes: &[u8]) {
        let behind = self.read_ahead.take();
        let bytes = match behind {
            None => Bytes::copy_from_slice(bytes),
            Some(behind) => [bytes, &behind].concat().into(),
        };
        self.read_ahead = Some(Box::new(bytes));
    }

    /// Reads once into `buffer`; 0 bytes mean the end.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(read_ahead) = &mut self.read_ahead {
            let count = read_ahead.len().min(buffer.len());
            read_ahead.copy_to_slice(buffer.get_mut(..count).unwrap_or_default());
            if read_ahead.is_empty() {
                self.read_ahead = None;
            }
            return Poll::Ready(Ok(count));
        }
        let mut buffer = ReadBuf::new(buffer);
        if let Some(ReaderKind::Watched(_)) = self.kind {
            self.stop_watching();
        }
        ready!(match &mut self.kind {
            Some(ReaderKind::Other(stream, look)) => {
                *look = None;
                stream.poll_read(cx, &mut buffer)
            }
            Some(ReaderKind::Upgraded(stream, _)) => stream.poll_read(cx, &mut buffer),
            Some(ReaderKind::Tcp(half)) => Pin::new(half).poll_read(cx, &mut buffer),
            Some(ReaderKind::Watched(_)) | None => Poll::Ready(Ok(())),
        })?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    /// Returns `Ready` once the peer has left, even if some of its bytes are unread.
    ///
    /// A TCP socket reports this without being read, and below TLS it is asked once a second; an
    /// HTTP/2 stream of `serve` reports its end. For other streams, a write finds out.
    pub(crate) fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<Left> {
        self.kind = match self.kind.take() {
            Some(ReaderKind::Tcp(half)) => Some(ReaderKind::Watched(Box::new(TcpWatch::new(half)))),
            kind => kind,
        };
        match &mut self.kind {
            Some(ReaderKind::Watched(watch)) => watch.poll_left(cx),
            Some(ReaderKind::Other(stream, look)) => {
                let look = look.get_or_insert_with(|| Box::new(TcpLook::new()));
                look.poll_left(stream, cx)
            }
            Some(ReaderKind::Upgraded(_, gone)) => {
                let Some(is_gone) = gone else {
                    return Poll::Pending;
                };
                ready!(is_gone.as_mut().poll(cx));
                *gone = None;
                Poll::Ready(Left::Gone)
            }
            _ => Poll::Pending,
        }
    }

    fn stop_watching(&mut self) {
        self.kind = match self.kind.take() {
            Some(ReaderKind::Watched(watch)) => watch.into_half().map(ReaderKind::Tcp),
            kind => kind,
        };
    }
}

impl fmt::Debug for SocketReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketReader").finish_non_exhaustive()
    }
}
