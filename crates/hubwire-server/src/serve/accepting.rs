//! Connections as they come: what a listener takes, and what the server turns away.

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

use crate::node::{Admission, ConnectionPermit, Limit, NodeClock, Refusal, Tally};

/// How long a listener rests that has failed: descriptors, and memory, come back when others leave.
const REST: Duration = Duration::from_millis(100);

/// How often the log is told what it has not heard yet.
const REPORT_PERIOD: Duration = Duration::from_secs(10);

/// What counts every connection that could not be accepted.
const FAILURES: &str = "hubwire.accept.failures";

/// How many of those that are turned away are told so at a time; the others are cut off.
const MAXIMUM_TOLD: usize = 64;

/// How long one has to read that it is turned away, and how much of its request is read meanwhile.
const TELL_TIMEOUT: Duration = Duration::from_secs(1);
const TELL_SIZE: u64 = 64 * 1024;

const NO_ROOM: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// Takes connections of a listener, and lets in those for whom there is room.
pub(super) struct Door<L> {
    listener: L,
    admission: Arc<Admission>,
    log: Arc<Log>,
    /// Owns those that are told that they are turned away, and what reports to the log.
    told: JoinSet<()>,
    _reporting: JoinSet<()>,
}

impl<L: Listener<Addr: 'static>> Door<L> {
    pub(super) fn new(listener: L, admission: Admission) -> Self {
        let log = Arc::new(Log::new());
        let mut reporting = JoinSet::new();
        reporting.spawn(Arc::clone(&log).report());
        Self {
            listener,
            admission: Arc::new(admission),
            log,
            told: JoinSet::new(),
            _reporting: reporting,
        }
    }

    /// The next connection for which there is room.
    pub(super) async fn accept(&mut self) -> (L::Io, L::Addr, Option<ConnectionPermit>) {
        loop {
            let (io, peer) = match accept(&mut self.listener).await {
                Ok(accepted) => accepted,
                Err(error) if is_of_peer(&error) => continue,
                Err(error) => {
                    self.log.failed(&error);
                    sleep(REST).await;
                    continue;
                }
            };
            match self.admission.admit(address_of(&peer)) {
                Ok(permit) => return (io, peer, permit),
                Err(refusal) => {
                    self.log.refused(refusal);
                    self.turn_away(io);
                    consume_budget().await;
                }
            }
        }
    }

    fn turn_away(&mut self, io: L::Io) {
        while self.told.try_join_next().is_some() {}
        if self.told.len() < MAXIMUM_TOLD {
            self.told.spawn(async {
                let _ = timeout(TELL_TIMEOUT, tell(io)).await;
            });
        }
    }
}

/// Says that there is no room, and waits until that is read: a socket that is closed over unread bytes is reset.
async fn tell(mut io: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    io.write_all(NO_ROOM).await?;
    io.shutdown().await?;
    tokio::io::copy(&mut io.take(TELL_SIZE), &mut tokio::io::sink()).await?;
    Ok(())
}

/// Accepts a connection, or says why it could not.
///
/// Axum keeps failures of the system's own listeners to itself; other listeners have to speak of theirs.
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

/// What a listener of this type has accepted, which is of these types.
fn as_accepted<L: Listener<Addr: 'static>, A: 'static>(
    accepted: A,
) -> io::Result<(L::Io, L::Addr)> {
    let mut accepted = Some(accepted);
    let any: &mut dyn Any = &mut accepted;
    any.downcast_mut::<Option<(L::Io, L::Addr)>>()
        .and_then(Option::take)
        .ok_or_else(|| ErrorKind::Unsupported.into())
}

/// The client's, as far as the listener knows.
fn address_of(peer: &(impl Any + Send)) -> Option<IpAddr> {
    let peer: &dyn Any = peer;
    peer.downcast_ref::<SocketAddr>().map(SocketAddr::ip)
}

/// Whether only this one peer has failed, which left before it was accepted.
fn is_of_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset
    )
}

/// What the log hears of those who did not get in.
struct Log {
    clock: NodeClock,
    failures: Tally,
    all: Limit,
    per_address: Limit,
}

impl Log {
    fn new() -> Self {
        Self {
            clock: NodeClock::new(),
            failures: Tally::default(),
            all: Limit::that_refuses("maximum_connections"),
            per_address: Limit::that_refuses("maximum_connections_per_address"),
        }
    }

    fn failed(&self, error: &io::Error) {
        metrics::counter!(FAILURES).increment(1);
        if let Some(failures) = self.failures.happened(self.clock.now()) {
            tracing::error!(target: "hubwire::serve", failures, %error, "no connection can be accepted");
        }
    }

    fn refused(&self, refusal: Refusal) {
        let limit = match refusal {
            Refusal::Address => &self.per_address,
            Refusal::All => &self.all,
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
            self.all.say_the_rest(now);
            self.per_address.say_the_rest(now);
            if let Some(failures) = self.failures.rest(now) {
                tracing::error!(target: "hubwire::serve", failures, "connections could not be accepted");
            }
        }
    }
}
