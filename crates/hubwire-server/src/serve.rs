//! An HTTP server with what production needs and a bare serve loop lacks.

mod host;

use std::fmt;
use std::future::{Future, IntoFuture, pending, ready};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::serve::Listener;
use futures_util::FutureExt;
use futures_util::future::{Either, select};
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::task::JoinSet;
use tokio::task::coop::consume_budget;
use tokio_util::sync::CancellationToken;
use tower::Service;

use crate::server::SignalR;

/// See [`Serve::request_headers_timeout`].
const REQUEST_HEADERS_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the rest of a response may take where no request is worked on.
const RESPONSE_GRACE: Duration = Duration::from_millis(500);

/// How many header lines a request may have.
const HEADER_LIMIT: usize = 100;

/// How many bytes a request's head may have, and how many of a body are buffered.
const HEADER_SIZE_LIMIT: usize = 64 * 1024;

/// How long ordinary requests may go on after the hubs have shut down.
const REQUEST_GRACE: Duration = Duration::from_secs(5);

/// Serves an application over HTTP/1.1 until its end is asked for.
///
/// Takes any listener of axum's: TCP ([`crate::listen()`] has room for a crowd), Unix sockets. Header and idle timeouts are on. When
/// [`Serve::until`] resolves, hubs shut down first (negotiations get 503, clients are told to
/// reconnect), then requests in flight may finish, then the listener closes.
///
/// ```no_run
/// # use hubwire_server::{SignalR, listen, serve};
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
/// None at the moment; a listener that fails to accept is tried again.
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
        until: Box::pin(pending()),
    }
}

/// A server that begins to serve when awaited; see [`serve`].
#[must_use = "nothing is served before this is awaited"]
pub struct Serve<L> {
    listener: L,
    app: Router,
    servers: Vec<SignalR>,
    request_headers_timeout: Duration,
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
            .finish_non_exhaustive()
    }
}

async fn run<L: Listener<Addr: Clone + Send + Sync + 'static>>(serve: Serve<L>) -> io::Result<()> {
    let Serve {
        mut listener,
        app,
        servers,
        request_headers_timeout,
        until,
    } = serve;
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
        let (io, peer) = match select(end.as_mut(), pin!(listener.accept())).await {
            Either::Left(((), _)) => break,
            Either::Right((accepted, _)) => accepted,
        };
        let (app, finish) = (app.clone(), finish.clone());
        requests.spawn(serve_connection::<L>(
            io,
            peer,
            app,
            request_headers_timeout,
            finish,
        ));
        while requests.try_join_next().is_some() {}
        consume_budget().await;
    }
    drop(listener);
    finish.cancel();
    let ended = async { while requests.join_next().await.is_some() {} };
    if tokio::time::timeout(REQUEST_GRACE, ended).await.is_err() {
        tracing::warn!(target: "hubwire::serve", left = requests.len(), "requests are cut off");
    }
    Ok(())
}

/// A request that is being worked on.
struct InFlight(Arc<AtomicUsize>);

impl InFlight {
    fn begin(counter: &Arc<AtomicUsize>) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(counter))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// 400 for a request that does not say which host it is for, or says two.
fn without_one_host() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn serve_connection<L: Listener<Addr: Clone + Send + Sync + 'static>>(
    io: L::Io,
    peer: L::Addr,
    app: Router,
    request_headers_timeout: Duration,
    finish: CancellationToken,
) {
    let in_flight = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&in_flight);
    let service = service_fn(move |request: Request<Incoming>| {
        if !host::is_named_once(&request) {
            return Either::Left(ready(Ok(without_one_host())));
        }
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer.clone()));
        let in_flight = InFlight::begin(&counter);
        Either::Right(app.clone().call(request).inspect(|_| drop(in_flight)))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(request_headers_timeout)
        .max_buf_size(HEADER_SIZE_LIMIT)
        .max_header_size(HEADER_SIZE_LIMIT)
        .max_headers(HEADER_LIMIT)
        .serve_connection(TokioIo::new(io), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let served = match select(connection.as_mut(), pin!(finish.cancelled())).await {
        Either::Left((served, _)) => served,
        Either::Right(_) => {
            connection.as_mut().graceful_shutdown();
            // A head that is still incomplete would be waited for as if it were a request.
            let grace = match in_flight.load(Ordering::Relaxed) {
                0 => RESPONSE_GRACE,
                _ => REQUEST_GRACE,
            };
            match tokio::time::timeout(grace, connection).await {
                Ok(served) => served,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = served {
        tracing::debug!(target: "hubwire::serve", %error, "an HTTP connection failed");
    }
}
