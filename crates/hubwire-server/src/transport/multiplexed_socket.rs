//! The socket of an HTTP/2 connection: one whose network is dead ends.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::peer_look::PeerLook;
use super::stream_peer::timed_out;
use crate::node::{ConnectionPermit, DeadPeerTimeouts, ServeLimits};
use crate::outbound::as_tcp;

/// A socket that many requests share, so that how much its peer reads is judged for each of them.
pub(crate) struct MultiplexedSocket<S> {
    socket: S,
    /// Counts the socket among the server's connections, if those are limited.
    _permit: Option<ConnectionPermit>,
    look: Option<PeerLook>,
    limits: Arc<ServeLimits>,
}

impl<S: 'static> MultiplexedSocket<S> {
    pub(crate) fn new(
        socket: S,
        permit: Option<ConnectionPermit>,
        limits: Arc<ServeLimits>,
    ) -> Self {
        let look = as_tcp(&socket).map(|tcp| PeerLook::new(tcp, DeadPeerTimeouts::default()));
        Self {
            socket,
            _permit: permit,
            look,
            limits,
        }
    }
}

impl<S: 'static> MultiplexedSocket<S> {
    /// Passes on what could be done, or returns an error if nothing can be and nothing will be.
    fn unless_dead<R>(
        &mut self,
        done: Poll<io::Result<R>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<R>> {
        if done.is_pending()
            && let Some(look) = &mut self.look
            && let Some(tcp) = as_tcp(&self.socket)
            && look.poll(tcp, || None, cx).is_ready()
        {
            self.look = None;
            self.limits.dead_peers.count();
            return Poll::Ready(Err(timed_out("the peer's network is dead")));
        }
        done
    }
}

impl<S: AsyncRead + Unpin + 'static> AsyncRead for MultiplexedSocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.socket).poll_read(cx, buffer);
        self.unless_dead(read, cx)
    }
}

impl<S: AsyncWrite + Unpin + 'static> AsyncWrite for MultiplexedSocket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.unless_dead(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.unless_dead(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(cx);
        self.unless_dead(flushed, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.socket).poll_shutdown(cx);
        self.unless_dead(shut, cx)
    }
}

impl<S> fmt::Debug for MultiplexedSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MultiplexedSocket").finish_non_exhaustive()
    }
}
