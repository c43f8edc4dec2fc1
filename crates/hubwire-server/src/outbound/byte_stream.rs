//! Streams of bytes in both directions that are not plain TCP: TLS, an HTTP/2 stream, a pipe.

use std::any::Any;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A stream of bytes in both directions.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// Returns the TCP socket below, if there is one.
    fn tcp(&self) -> Option<&TcpStream>;
}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> ByteStream for T {
    fn tcp(&self) -> Option<&TcpStream> {
        as_tcp(self)
    }
}

/// Returns the TCP socket that a stream is, or that is below its TLS.
pub(crate) fn as_tcp<S: 'static>(stream: &S) -> Option<&TcpStream> {
    let stream: &dyn Any = stream;
    stream.downcast_ref().or_else(|| below_tls(stream))
}

#[cfg(feature = "tls")]
fn below_tls(stream: &dyn Any) -> Option<&TcpStream> {
    let tls = stream.downcast_ref::<tokio_rustls::server::TlsStream<TcpStream>>()?;
    Some(tls.get_ref().0)
}

#[cfg(not(feature = "tls"))]
fn below_tls(_: &dyn Any) -> Option<&TcpStream> {
    None
}

/// A byte stream of any kind.
pub(crate) type BoxedSocket = Box<dyn ByteStream>;

/// How a byte stream that is not TCP takes what is written to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Uptake {
    /// As its peer does, but for a small buffer.
    WithItsPeer,
    /// In advance, up to a window that its peer opens again rarely and by a lot, and through a task
    /// that has to run first. So it may refuse bytes without any fault of its peer's.
    InAdvance,
}

/// A byte stream whose reader and writer are in different tasks.
///
/// In contrast to [`tokio::io::split`], the socket below can be reached while both exist.
#[derive(Clone)]
pub(crate) struct SharedStream(Arc<Shared>);

struct Shared {
    stream: Mutex<BoxedSocket>,
    uptake: Uptake,
}

impl SharedStream {
    pub(crate) fn new(stream: BoxedSocket, uptake: Uptake) -> Self {
        let stream = Mutex::new(stream);
        Self(Arc::new(Shared { stream, uptake }))
    }

    pub(super) fn uptake(&self) -> Uptake {
        self.0.uptake
    }

    /// Returns what `ask` finds out about the TCP socket below, if there is one.
    pub(crate) fn ask_tcp<R>(&self, ask: impl FnOnce(&TcpStream) -> R) -> Option<R> {
        (**self.lock()).tcp().map(ask)
    }

    pub(crate) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut **self.lock()).poll_read(cx, buffer)
    }

    pub(crate) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut **self.lock()).poll_write_vectored(cx, slices)
    }

    pub(crate) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut **self.lock()).poll_flush(cx)
    }

    pub(crate) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut **self.lock()).poll_shutdown(cx)
    }

    /// A stream that has panicked is in whatever state it left itself in.
    fn lock(&self) -> MutexGuard<'_, BoxedSocket> {
        self.0.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
