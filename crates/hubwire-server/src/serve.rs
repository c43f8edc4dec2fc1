//! An HTTP server with what production needs and a bare serve loop lacks.

mod accepting;
mod host;
mod http;
mod vary;

use std::fmt;
use std::future::{Future, IntoFuture, pending};
use std::io;
use std::pin::{Pin, pin};
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use futures_util::future::{Either, select};
use tokio::task::JoinSet;
use tokio::task::coop::consume_budget;
use tokio_util::sync::CancellationToken;

use self::accepting::Door;
use self::http::{Timeouts, serve_connection};
use crate::node::Admission;
use crate::server::SignalR;

/// See [`Serve::request_headers_timeout`].
const REQUEST_HEADERS_TIMEOUT: Duration = Duration::from_secs(30);

/// See [`Serve::write_timeout`].
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long ordinary requests may go on after the hubs have shut down.
const REQUEST_GRACE: Duration = Duration::from_secs(5);

/// Serves an application over HTTP/1.1 until its end is asked for.
///
/// Takes any listener of axum's: TCP ([`listen()`](crate::listen()) has room for a crowd), Unix sockets. Header, idle and write
/// timeouts are on. When [`Serve::until`] resolves, hubs shut down first (negotiations get 503, clients are told to
/// reconnect), then requests in flight may finish, then the listener closes.
///
/// ```no_run
/// use hubwire::{SignalR, listen, serve};
///
/// # async fn example(app: axum::Router, signalr: SignalR) -> std::io::Result<()> {
/// let listener = listen("127.0.0.1:5000").await?;
/// let shutdown = async { /* wait for a signal */ };
/// serve(listener, app).with(&signalr).until(shutdown).await
/// # }
/// ```
///
/// Without [`Serve::with`] nobody tells the hubs' clients goodbye: their connections go on until the
/// runtime ends, or until [`SignalR::shutdown`] is called.
///
/// # Errors
///
/// None at the moment; a listener that fails to accept is tried again, after a tenth of a second. The log says so at
/// ERROR at most once in ten seconds, and the counter `hubwire.accept.failures` counts (the `metrics` facade), for
/// tokio's listeners; others speak for themselves.
///
/// # Cancellation
///
/// Dropping the future closes the listener and cuts off requests in flight; WebSockets live on.
pub fn serve<L: Listener>(listener: L, app: Router) -> Serve<L> {
    Serve {
        listener,
        app,
        servers: Vec::new(),
        request_headers_timeout: REQUEST_HEADERS_TIMEOUT,
        write_timeout: WRITE_TIMEOUT,
        maximum_connections: None,
        maximum_connections_per_address: None,
        until: Box::pin(pending()),
    }
}

/// A server that begins to serve when awaited; see [`serve`].
///
/// ```no_run
/// # async fn example(app: axum::Router, signalr: hubwire::SignalR) -> std::io::Result<()> {
/// let listener = hubwire::listen("127.0.0.1:5000").await?;
/// let server = hubwire::serve(listener, app)
///     .with(&signalr)
///     .maximum_connections(60_000)
///     .until(hubwire::shutdown_signal());
/// server.await
/// # }
/// ```
#[must_use = "nothing is served before this is awaited"]
pub struct Serve<L> {
    listener: L,
    app: Router,
    servers: Vec<SignalR>,
    request_headers_timeout: Duration,
    write_timeout: Duration,
    maximum_connections: Option<usize>,
    maximum_connections_per_address: Option<usize>,
    until: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl<L> Serve<L> {
    /// Shuts this SignalR server down before the listener closes.
    pub fn with(mut self, signalr: &SignalR) -> Self {
        self.servers.push(signalr.clone());
        self
    }

    /// How long a client may take to send a request's head, and how long an idle connection is kept.
    /// Default 30 s.
    ///
    /// The connection is then closed without a response.
    pub fn request_headers_timeout(mut self, timeout: Duration) -> Self {
        self.request_headers_timeout = timeout;
        self
    }

    /// How long a write to a client may be pending while it reads nothing of a response. Default 10 s.
    ///
    /// The connection is then closed, whatever of the response is left. A client that reads slowly is not affected; one
    /// that pauses its download for longer is cut off. Only HTTP is meant: how slow a hub's client may be says [`EndpointOptions::transport_progress_timeout`](crate::EndpointOptions::transport_progress_timeout).
    pub fn write_timeout(mut self, timeout: Duration) -> Self {
        self.write_timeout = timeout;
        self
    }

    /// How many connections there may be, those of hubs among them; others are refused with 503. Default: as many as
    /// the system has descriptors for.
    ///
    /// An idle HTTP connection counts too: a client that negotiates has two, until that one's idle timeout is over.
    ///
    /// Without a limit of its own a server that is out of descriptors accepts nobody, and the application can open no
    /// files either: set it to a few hundred less than the process may have open (`ulimit -n`).
    ///
    /// ```no_run
    /// use hubwire::{listen, serve};
    ///
    /// # async fn example(app: axum::Router) -> std::io::Result<()> {
    /// let listener = listen("127.0.0.1:5000").await?;
    /// serve(listener, app).maximum_connections(60_000).await
    /// # }
    /// ```
    pub fn maximum_connections(mut self, count: impl Into<Option<usize>>) -> Self {
        self.maximum_connections = count.into();
        self
    }

    /// How many connections there may be from one address, or from one IPv6 network of 64 bits; others are refused
    /// with 503. Default: no limit.
    ///
    /// The address is that of the socket. Behind a proxy all clients have the proxy's, so the limit is for servers
    /// that clients reach themselves. Those of Unix sockets, and of other listeners whose addresses are no
    /// [`SocketAddr`](std::net::SocketAddr), are never counted.
    pub fn maximum_connections_per_address(mut self, count: impl Into<Option<usize>>) -> Self {
        self.maximum_connections_per_address = count.into();
        self
    }

    /// Serves until this resolves, then shuts down in order.
    pub fn until(mut self, end: impl Future<Output = ()> + Send + 'static) -> Self {
        self.until = Box::pin(end);
        self
    }
}

impl<L: Listener<Addr: Clone + Send + Sync + 'static>> IntoFuture for Serve<L> {
    type Output = io::Result<()>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(run(self))
    }
}

impl<L> fmt::Debug for Serve<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve")
            .field("servers", &self.servers)
            .field("request_headers_timeout", &self.request_headers_timeout)
            .field("write_timeout", &self.write_timeout)
            .field("maximum_connections", &self.maximum_connections)
            .field(
                "maximum_connections_per_address",
                &self.maximum_connections_per_address,
            )
            .finish_non_exhaustive()
    }
}

async fn run<L: Listener<Addr: Clone + Send + Sync + 'static>>(serve: Serve<L>) -> io::Result<()> {
    let Serve {
        listener,
        app,
        servers,
        request_headers_timeout,
        write_timeout,
        maximum_connections,
        maximum_connections_per_address,
        until,
    } = serve;
    let admission = Admission::new(maximum_connections, maximum_connections_per_address);
    let mut door = Door::new(listener, admission);
    let timeouts = Timeouts {
        request_headers: request_headers_timeout,
        write: write_timeout,
    };
    // Whoever drops the server ends its HTTP connections.
    let mut requests = JoinSet::new();
    let finish = CancellationToken::new();
    // The listener stays open while the hubs shut down, so that newcomers get a response.
    let end = pin!(async {
        until.await;
        for signalr in &servers {
            signalr.shutdown().await;
        }
    });
    let mut end = end;
    loop {
        // A listener may always have somebody waiting: the end is looked at first, and others get their turns.
        let (io, peer, permit) = match select(end.as_mut(), pin!(door.accept())).await {
            Either::Left(((), _)) => break,
            Either::Right((accepted, _)) => accepted,
        };
        let (app, finish) = (app.clone(), finish.clone());
        requests.spawn(serve_connection((io, permit), peer, app, timeouts, finish));
        while requests.try_join_next().is_some() {}
        consume_budget().await;
    }
    drop(door);
    finish.cancel();
    let ended = async { while requests.join_next().await.is_some() {} };
    if tokio::time::timeout(REQUEST_GRACE, ended).await.is_err() {
        tracing::warn!(target: "hubwire::serve", left = requests.len(), "requests are cut off");
    }
    Ok(())
}
