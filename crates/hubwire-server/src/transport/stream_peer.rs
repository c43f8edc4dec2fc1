//! Noticing that the client of an open event stream is gone while nothing is written to it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::peer_look::PeerLook;
use super::socket_handle::OpenStream;
use crate::outbound::{Failure, Progress, as_tcp};

/// How much is read of a client that sends more while its event stream is open.
const AHEAD_SIZE: usize = 1024;

/// How the client of an open stream has left.
pub(super) enum Left {
    Gone(io::Error),
    /// Its network is dead, or it does not read what the system holds for it.
    GivenUp(Failure),
}

/// The client at the other end of a socket.
#[derive(Default)]
pub(super) struct StreamPeer {
    /// What was read while the HTTP library did not read, and is for it.
    ahead: Vec<u8>,
    look: Option<PeerLook>,
}

impl StreamPeer {
    /// Waits until the client of an open stream is gone or to be given up.
    pub(super) fn poll_left<S: AsyncRead + Unpin + 'static>(
        &mut self,
        socket: &mut S,
        stream: Option<OpenStream>,
        progress: impl FnOnce() -> Option<Progress>,
        cx: &mut Context<'_>,
    ) -> Poll<Left> {
        let Some(stream) = stream else {
            self.look = None;
            return Poll::Pending;
        };
        if let (Some(tcp), Some(timeouts)) = (as_tcp(socket), stream.dead_peers) {
            let look = self
                .look
                .get_or_insert_with(|| PeerLook::new(tcp, timeouts));
            if let Poll::Ready(failure) = look.poll(tcp, progress, cx) {
                return Poll::Ready(Left::GivenUp(failure));
            }
        }
        self.poll_ahead(socket, cx).map(Left::Gone)
    }

    /// Reads some of what the client sends: once the HTTP library has read any of that, it reads
    /// nothing more until the response is over, not even the end.
    fn poll_ahead<S: AsyncRead + Unpin>(
        &mut self,
        socket: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Error> {
        let mut bytes = [0; 64];
        while self.ahead.len() < AHEAD_SIZE {
            let mut read = ReadBuf::new(&mut bytes);
            match ready!(Pin::new(&mut *socket).poll_read(cx, &mut read)) {
                Ok(()) if read.filled().is_empty() => {
                    return Poll::Ready(io::ErrorKind::UnexpectedEof.into());
                }
                Ok(()) => self.ahead.extend_from_slice(read.filled()),
                Err(error) => return Poll::Ready(error),
            }
            // The HTTP library may be about to read these bytes.
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// Passes on what was read ahead; returns `false` if there is nothing.
    pub(super) fn give_back(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let count = buffer.remaining().min(self.ahead.len());
        buffer.put_slice(self.ahead.get(..count).unwrap_or_default());
        self.ahead.drain(..count);
        count > 0
    }
}

pub(super) fn timed_out(text: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, text)
}

/// Wakes the task after this time, or after an hour: a timer cannot be set for any time.
pub(super) fn poll_again(timer: &mut Pin<Box<Sleep>>, after: Duration, cx: &mut Context<'_>) {
    let next = Instant::now() + after.min(Duration::from_secs(3_600));
    timer.as_mut().reset(next);
    if timer.as_mut().poll(cx).is_ready() {
        cx.waker().wake_by_ref();
    }
}
