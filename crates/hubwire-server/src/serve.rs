//! An HTTP server for production, with limits that a bare serve loop lacks.

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

/// The default of [`Serve::request_headers_timeout`].
const REQUEST_HEADERS_TIMEOUT: Duration = Duration::from_secs(30);

/// The default of [`Serve::write_timeout`].
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long ordinary requests may continue after the hubs have shut down.
const REQUEST_GRACE: Duration = Duration::from_secs(5);

/// Serves an application over HTTP/1.1 until it is told to stop.
///
/// Accepts any axum listener: TCP ([`listen()`](crate::listen()) has a large backlog) or Unix
/// sockets. Timeouts for headers, idle connections and writes are on. When [`Serve::until`]
/// resolves, the hubs shut down first (negotiations get 503, clients are told to reconnect), then
/// requests in flight may finish, then the listener closes.
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
/// Without [`Serve::with`], clients of the hubs are not told about the shutdown: their connections
/// continue until the runtime ends or [`SignalR::shutdown`] is called.
///
/// # Errors
///
/// None at the moment. A listener that fails to accept is tried again after a tenth of a second.
/// For tokio's listeners, this is logged at ERROR at most once in ten seconds, and counted by
/// `hubwire.accept.failures` (the `metrics` facade); other listeners report their own failures.
///
/// # Cancellation
///
/// Dropping the future closes the listener and cuts off requests in flight; WebSockets stay open.
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

/// A server that starts when it is awaited; see [`serve`].
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

    /// Sets how long a client may take to send a request's head, and how long an idle connection
    /// is kept. Default 30 s.
    ///
    /// After that, the connection is closed without a response.
    pub fn request_headers_timeout(mut self, timeout: Duration) -> Self {
        self.request_headers_timeout = timeout;
        self
    }

    /// Sets how long a write may be pending while the client reads nothing of a response. Default
    /// 10 s.
    ///
    /// After that, the connection is closed, no matter how much of the response is left. A client
    /// that reads slowly is not affected; a client that pauses its download for longer is cut off.
    /// This does not apply to a hub's clients, event streams and polls included; see
    /// [`EndpointOptions::transport_progress_timeout`](crate::EndpointOptions::transport_progress_timeout).
    pub fn write_timeout(mut self, timeout: Duration) -> Self {
        self.write_timeout = timeout;
        self
    }

    /// Sets the maximum number of connections, including those of hubs; more are refused with 503.
    /// Default: as many as the system has descriptors for.
    ///
    /// An idle HTTP connection counts too: a client that negotiates has two connections until the
    /// idle timeout of the first is over.
    ///
    /// Without a limit, a server that is out of descriptors cannot accept anybody, and the
    /// application cannot open files either. Set the limit to a few hundred less than the process
    /// may have open (`ulimit -n`).
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

    /// Sets the maximum number of connections from one address, or from one IPv6 network of 64
    /// bits; more are refused with 503. Default: no limit.
    ///
    /// The address is that of the socket. Behind a proxy, all clients have the proxy's address, so
    /// use this limit only for servers that clients reach directly. Connections of Unix sockets,
    /// and of other listeners with addresses that are not a [`SocketAddr`](std::net::SocketAddr),
    /// are never counted.
    pub fn maximum_connections_per_address(mut self, count: impl Into<Option<usize>>) -> Self {
        self.maximum_connections_per_address = count.into();
        self
    }

    /// Serves until `end` resolves, then shuts down in order.
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
    // Dropping the server ends its HTTP connections.
    let mut requests = JoinSet::new();
    let finish = CancellationToken::new();
    // The listener stays open while the hubs shut down, and new requests get a response.
    let end = pin!(async {
        until.await;
        for signalr in &servers {
            signalr.shutdown().await;
        }
    });
    let mut end = end;
    loop {
        // A listener may always have another connection ready, so the end is checked first, and
        // others get their turns.
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
