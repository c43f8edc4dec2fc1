//! Accepting connections: those that a listener accepts, and those that the server refuses.

use std::any::Any;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::task::JoinSet;
use tokio::task::coop::consume_budget;
use tokio::time::{interval, sleep, timeout};

use super::http::Http;
use super::security::{Beginning, Security};
use crate::node::{
    ACCEPT_FAILURES, Admission, ConnectionPermit, Count, NodeClock, Refusal, ServeLimits, Tally,
};

/// How long a failed listener pauses: descriptors and memory become available again when others
/// leave.
const REST: Duration = Duration::from_millis(100);

/// How often what was counted is passed on and, if it was not logged yet, reported.
const REPORT_PERIOD: Duration = Duration::from_secs(1);

/// How many refused connections get a response at a time; others are cut off.
const MAXIMUM_TOLD: usize = 64;

/// How long a refused client has to read its response, and how much of its request is read in that
/// time.
const TELL_TIMEOUT: Duration = Duration::from_secs(1);
const TELL_SIZE: u64 = 64 * 1024;

const NO_ROOM: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// Accepts connections of a listener up to the server's limits.
pub(super) struct Door<L> {
    listener: L,
    security: Security,
    admission: Arc<Admission>,
    log: Arc<Log>,
    /// Owns the tasks that respond to refused connections, and the task that reports to the log.
    told: JoinSet<()>,
    _reporting: JoinSet<()>,
}

/// An accepted connection.
pub(super) struct Accepted<L: Listener> {
    socket: L::Io,
    peer: L::Addr,
    permit: Option<ConnectionPermit>,
    beginning: Beginning,
}

impl<L: Listener<Addr: Clone + Send + Sync + 'static>> Accepted<L> {
    /// Serves the connection until its end or its upgrade.
    pub(super) async fn serve(self, http: Http) {
        let Self {
            socket,
            peer,
            permit,
            beginning,
        } = self;
        beginning.serve(socket, permit, peer, http).await;
    }
}

impl<L: Listener<Addr: 'static>> Door<L> {
    pub(super) fn new(
        listener: L,
        security: Security,
        admission: Admission,
        limits: Arc<ServeLimits>,
    ) -> Self {
        let log = Arc::new(Log::new(limits));
        let mut reporting = JoinSet::new();
        reporting.spawn(Arc::clone(&log).report());
        Self {
            listener,
            security,
            admission: Arc::new(admission),
            log,
            told: JoinSet::new(),
            _reporting: reporting,
        }
    }

    /// Returns the next connection within the limits.
    pub(super) async fn accept(&mut self) -> Accepted<L> {
        loop {
            let (socket, peer) = match accept(&mut self.listener).await {
                Ok(accepted) => accepted,
                Err(error) if is_of_peer(&error) => continue,
                Err(error) => {
                    self.log.failed(&error);
                    sleep(REST).await;
                    continue;
                }
            };
            match self.admission.admit(address_of(&peer)) {
                Ok(permit) => {
                    return Accepted {
                        socket,
                        peer,
                        permit,
                        beginning: self.security.begin().await,
                    };
                }
                Err(refusal) => {
                    self.log.refused(refusal);
                    if self.security.is_plain() {
                        self.turn_away(socket);
                    }
                    consume_budget().await;
                }
            }
        }
    }

    /// Responds in plain text: without a handshake, a client of TLS could not read it.
    fn turn_away(&mut self, socket: L::Io) {
        while self.told.try_join_next().is_some() {}
        let limits = Arc::clone(&self.log.limits);
        if self.told.len() >= MAXIMUM_TOLD {
            limits.refusal_responses.count();
            return;
        }
        self.told.spawn(async move {
            if timeout(TELL_TIMEOUT, tell(socket)).await.is_err() {
                limits.refusal_timeout.count();
            }
        });
    }
}

/// Responds that there is no room, and waits until that is read: a socket closed with unread bytes
/// is reset.
async fn tell(mut io: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    io.write_all(NO_ROOM).await?;
    io.shutdown().await?;
    tokio::io::copy(&mut io.take(TELL_SIZE), &mut tokio::io::sink()).await?;
    Ok(())
}

/// Accepts a connection, or returns the error.
///
/// Axum hides the failures of the system's own listeners; other listeners must report theirs
/// themselves.
async fn accept<L: Listener<Addr: 'static>>(listener: &mut L) -> io::Result<(L::Io, L::Addr)> {
    let system: &mut (dyn Any + Send) = listener;
    if let Some(tcp) = system.downcast_mut::<TcpListener>() {
        return TcpListener::accept(tcp).await.and_then(as_accepted::<L, _>);
    }
    #[cfg(unix)]
    if let Some(unix) = system.downcast_mut::<UnixListener>() {
        return UnixListener::accept(unix)
            .await
            .and_then(as_accepted::<L, _>);
    }
    Ok(listener.accept().await)
}

/// Converts what a system listener has accepted to the types of `L`, which are the same.
fn as_accepted<L: Listener<Addr: 'static>, A: 'static>(
    accepted: A,
) -> io::Result<(L::Io, L::Addr)> {
    let mut accepted = Some(accepted);
    let any: &mut dyn Any = &mut accepted;
    any.downcast_mut::<Option<(L::Io, L::Addr)>>()
        .and_then(Option::take)
        .ok_or_else(|| ErrorKind::Unsupported.into())
}

/// Returns the client's address, if the listener knows it.
fn address_of(peer: &(impl Any + Send)) -> Option<IpAddr> {
    let peer: &dyn Any = peer;
    peer.downcast_ref::<SocketAddr>().map(SocketAddr::ip)
}

/// Returns whether only this peer has failed, because it left before it was accepted.
fn is_of_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset
    )
}

/// Counts and logs the connections that were not accepted, and the limits that others hit.
struct Log {
    clock: NodeClock,
    failures: Tally,
    failures_metric: Count,
    limits: Arc<ServeLimits>,
}

impl Log {
    fn new(limits: Arc<ServeLimits>) -> Self {
        let log = Self {
            clock: NodeClock::new(),
            failures: Tally::default(),
            failures_metric: Count::new(&ACCEPT_FAILURES, []),
            limits,
        };
        log.pass_on();
        log
    }

    fn pass_on(&self) {
        self.failures_metric.pass_on();
        self.limits.pass_on();
    }

    fn failed(&self, error: &io::Error) {
        self.failures_metric.add(1);
        self.failures_metric.pass_on();
        if let Some(failures) = self.failures.happened(self.clock.now()) {
            tracing::error!(target: "hubwire::serve", failures, %error, "no connection can be accepted");
        }
    }

    fn refused(&self, refusal: Refusal) {
        let limit = match refusal {
            Refusal::Address => &self.limits.connections_per_address,
            Refusal::All => &self.limits.connections,
        };
        if let Some(hits) = limit.hit(self.clock.now()) {
            tracing::warn!(target: "hubwire::serve", hits, ?refusal, "a connection is refused");
        }
    }

    async fn report(self: Arc<Self>) {
        let mut ticks = interval(REPORT_PERIOD);
        loop {
            ticks.tick().await;
            let now = self.clock.now();
            self.pass_on();
            self.limits.say_the_rest(now);
            if let Some(failures) = self.failures.rest(now) {
                tracing::error!(target: "hubwire::serve", failures, "connections could not be accepted");
            }
        }
    }
}
