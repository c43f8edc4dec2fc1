//! TLS handshakes, bounded in time and number.

use std::collections::BTreeMap;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use super::Tls;
use crate::node::{ServeLimits, ServeOptions};

/// The part of its time after which a handshake gives way to another client's.
const SHARE_BEFORE_GIVING_WAY: u32 = 4;

/// The handshakes of a listener.
pub(in crate::serve) struct Handshakes {
    acceptor: TlsAcceptor,
    maximum: usize,
    timeout: Duration,
    limits: Arc<ServeLimits>,
    running: Mutex<Running>,
    has_left: Notify,
}

/// The running handshakes in the order in which they began.
#[derive(Default)]
struct Running {
    next: u64,
    begun: BTreeMap<u64, Begun>,
}

struct Begun {
    at: Instant,
    /// Ends the handshake when it is dropped.
    _stop: oneshot::Sender<()>,
}

impl Handshakes {
    pub(in crate::serve) fn new(
        tls: &Tls,
        options: &ServeOptions,
        limits: Arc<ServeLimits>,
    ) -> Self {
        Self {
            acceptor: Arc::clone(&tls.config).into(),
            maximum: options.maximum_tls_handshakes,
            timeout: options.tls_handshake_timeout,
            limits,
            running: Mutex::default(),
            has_left: Notify::new(),
        }
    }

    /// Waits until another handshake may begin.
    ///
    /// Where as many as are allowed are running, the one that began first is ended, if it has had
    /// its share of time. So clients that are slow on purpose delay others by that share at most,
    /// while a crowd of honest ones waits for the processor.
    pub(in crate::serve) async fn room(&self) {
        loop {
            let has_left = self.has_left.notified();
            let Some(oldest_gives_way) = self.make_room() else {
                return;
            };
            // Either way there is another look.
            let _ = timeout_at(oldest_gives_way, has_left).await;
        }
    }

    /// Returns the time at which there may be room, if there is none.
    fn make_room(&self) -> Option<Instant> {
        let mut running = self.lock();
        if running.begun.len() < self.maximum {
            return None;
        }
        let oldest = running.begun.first_entry()?;
        let gives_way = oldest.get().at + self.timeout / SHARE_BEFORE_GIVING_WAY;
        if Instant::now() < gives_way {
            return Some(gives_way);
        }
        oldest.remove();
        self.limits.tls_handshakes.count();
        None
    }

    /// Begins the handshake of a socket that was just accepted.
    pub(in crate::serve) fn begin(self: &Arc<Self>) -> Handshake {
        let (stop, stopped) = oneshot::channel();
        let mut running = self.lock();
        let number = running.next;
        running.next += 1;
        let at = Instant::now();
        running.begun.insert(number, Begun { at, _stop: stop });
        Handshake {
            of: Arc::clone(self),
            number,
            stopped,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A handshake, which is counted until this is dropped.
pub(in crate::serve) struct Handshake {
    of: Arc<Handshakes>,
    number: u64,
    stopped: oneshot::Receiver<()>,
}

impl Handshake {
    /// Makes the socket a TLS stream.
    ///
    /// # Errors
    ///
    /// Returns an error if the client takes too long, if it had to give way, if the server ends, or
    /// if both do not agree.
    pub(in crate::serve) async fn shake<S>(
        mut self,
        socket: S,
        finish: &CancellationToken,
    ) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let shaken = timeout(self.of.timeout, self.of.acceptor.accept(socket));
        let mut finished = pin!(finish.cancelled());
        let stopped = select(&mut self.stopped, finished.as_mut());
        match select(pin!(shaken), stopped).await {
            Either::Left((Ok(shaken), _)) => shaken,
            Either::Left((Err(_), _)) => {
                self.of.limits.tls_handshake_timeout.count();
                Err(io::ErrorKind::TimedOut.into())
            }
            Either::Right(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl Drop for Handshake {
    fn drop(&mut self) {
        self.of.lock().begun.remove(&self.number);
        self.of.has_left.notify_one();
    }
}
