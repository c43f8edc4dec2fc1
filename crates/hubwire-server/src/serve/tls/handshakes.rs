//! TLS handshakes, bounded in time and number.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::Tls;
use crate::node::{ServeLimits, ServeOptions};
use crate::serve::LONGEST_TIMEOUT;

/// The part of its time for which a handshake may wait for its peer before it gives way to another.
const SHARE_BEFORE_GIVING_WAY: u32 = 4;

/// How often there is another look at handshakes that all wait for the processor.
const LOOK_PERIOD: Duration = Duration::from_millis(100);

/// How many encrypted bytes wait in a stream that its socket refuses.
const BUFFER_LIMIT: usize = 32 * 1024;

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
    peer: Arc<AwaitedPeer>,
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
            timeout: options.tls_handshake_timeout.min(LONGEST_TIMEOUT),
            limits,
            running: Mutex::default(),
            has_left: Notify::new(),
        }
    }

    /// Begins the handshake of an accepted socket, as soon as there is room for it.
    ///
    /// Where as many as are allowed are running, the one that began first is ended, of those that
    /// have waited for their peers for their share of time. So clients that are slow on purpose
    /// delay others by that share at most, while a crowd of honest ones waits for the processor.
    pub(in crate::serve) async fn begin(self: &Arc<Self>) -> Handshake {
        loop {
            let has_left = self.has_left.notified();
            match self.begin_if_room() {
                Ok(handshake) => return handshake,
                Err(next_look) => {
                    // Either way there is another look.
                    let _ = timeout_at(next_look, has_left).await;
                }
            }
        }
    }

    /// Returns the time of the next look, if there is no room.
    fn begin_if_room(self: &Arc<Self>) -> Result<Handshake, Instant> {
        let mut running = self.lock();
        if running.begun.len() >= self.maximum {
            let share = self.timeout / SHARE_BEFORE_GIVING_WAY;
            let waits = |begun: &Begun| begun.peer.waited().is_some_and(|it| it >= share);
            let gives_way = running.begun.iter().find(|(_, begun)| waits(begun));
            let Some((&number, _)) = gives_way else {
                return Err(Instant::now() + share.min(LOOK_PERIOD));
            };
            running.begun.remove(&number);
            self.limits.tls_handshakes.count();
        }
        let (stop, stopped) = oneshot::channel();
        let peer = Arc::<AwaitedPeer>::default();
        let number = running.next;
        running.next += 1;
        let begun = Begun {
            peer: Arc::clone(&peer),
            _stop: stop,
        };
        running.begun.insert(number, begun);
        Ok(Handshake {
            of: Arc::clone(self),
            number,
            peer,
            stopped,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A handshake, which is counted until this is dropped.
pub(in crate::serve) struct Handshake {
    of: Arc<Handshakes>,
    number: u64,
    peer: Arc<AwaitedPeer>,
    stopped: oneshot::Receiver<()>,
}

impl Handshake {
    /// Makes the socket a TLS stream.
    ///
    /// # Errors
    ///
    /// Returns an error if the client takes too long, if it had to give way, or if both do not
    /// agree.
    pub(in crate::serve) async fn shake<S>(mut self, socket: S) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let shaken = timeout(self.of.timeout, self.of.acceptor.accept(socket));
        let shaken = AwaitedPeer::watch(&self.peer, shaken);
        match select(pin!(shaken), &mut self.stopped).await {
            Either::Left((Ok(shaken), _)) => shaken.map(|mut stream| {
                stream.get_mut().1.set_buffer_limit(Some(BUFFER_LIMIT));
                stream
            }),
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

/// Knows for how long a handshake has waited for its peer, and not for the processor.
#[derive(Default)]
struct AwaitedPeer {
    waiting: Mutex<Waiting>,
    task: AtomicWaker,
}

#[derive(Default)]
struct Waiting {
    before: Duration,
    since: Option<Instant>,
}

impl AwaitedPeer {
    async fn watch<F: Future>(this: &Arc<Self>, handshake: F) -> F::Output {
        let mut handshake = pin!(handshake);
        let waker = Waker::from(Arc::clone(this));
        poll_fn(|cx| {
            this.task.register(cx.waker());
            // A wake while it is polled counts.
            this.begin();
            let polled = handshake.as_mut().poll(&mut Context::from_waker(&waker));
            if polled.is_ready() {
                this.end();
            }
            polled
        })
        .await
    }

    /// Returns for how long in total, if it waits now.
    fn waited(&self) -> Option<Duration> {
        let waiting = self.lock();
        Some(waiting.before + waiting.since?.elapsed())
    }

    fn begin(&self) {
        self.end();
        self.lock().since = Some(Instant::now());
    }

    fn end(&self) {
        let mut waiting = self.lock();
        if let Some(since) = waiting.since.take() {
            waiting.before += since.elapsed();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for AwaitedPeer {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.end();
        self.task.wake();
    }
}
