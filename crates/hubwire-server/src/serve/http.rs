//! HTTP over one connection, until its end or its upgrade.

use std::future::ready;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use futures_util::future::{Either, select};
use futures_util::{FutureExt, TryFutureExt};
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tower::Service;

use super::{REQUEST_GRACE, host, vary};
use crate::node::{ConnectionPermit, ServeLimits};
use crate::transport::{AfterResponse, ServedSocket, SocketHandle, Upgrade, as_tcp, limit_unsent};

/// How long the rest of a response may take if no request is being processed.
const RESPONSE_GRACE: Duration = Duration::from_millis(500);

/// The maximum number of header lines in a request.
const HEADER_LIMIT: usize = 100;

/// The maximum size of a request's head, and of the buffered part of a body, in bytes.
const HEADER_SIZE_LIMIT: usize = 64 * 1024;

/// The limits on a peer's time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    pub(super) request_headers: Duration,
    pub(super) write: Duration,
}

/// A request that is being processed.
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

/// Responds with 400 to a request that names no host or more than one.
fn without_one_host() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Prepares a socket, and creates what the handlers of its requests know of it.
fn prepared(socket: &(impl Send + 'static)) -> SocketHandle {
    let Some(tcp) = as_tcp(socket) else {
        return SocketHandle::default();
    };
    // Without this, small events wait for acknowledgements. If the socket refuses, it still works,
    // just slower.
    let _ = tcp.set_nodelay(true);
    limit_unsent(tcp);
    SocketHandle::new(tcp.local_addr().ok())
}

pub(super) async fn serve_connection<S, A>(
    (socket, permit): (S, Option<ConnectionPermit>),
    peer: A,
    app: Router,
    timeouts: Timeouts,
    limits: Arc<ServeLimits>,
    finish: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: Clone + Send + Sync + 'static,
{
    let in_flight = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&in_flight);
    let handle = prepared(&socket);
    let socket_handle = handle.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        if !host::is_named_once(&request) {
            return Either::Left(ready(Ok(without_one_host())));
        }
        let after = AfterResponse::of(&request);
        let mut request = request.map(Body::new);
        handle.unwatch();
        let extensions = request.extensions_mut();
        extensions.insert(ConnectInfo(peer.clone()));
        extensions.insert(handle.clone());
        let in_flight = InFlight::begin(&counter);
        let response = app.clone().call(request).map_ok(move |mut response| {
            vary::join(response.headers_mut());
            after.add_to(response)
        });
        Either::Right(response.inspect(|_| drop(in_flight)))
    });
    let upgrade = Upgrade::default();
    let socket = ServedSocket::new(
        socket,
        permit,
        timeouts.write,
        Arc::clone(&limits),
        upgrade.clone(),
        socket_handle,
    );
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timeouts.request_headers)
        .max_buf_size(HEADER_SIZE_LIMIT)
        .max_header_size(HEADER_SIZE_LIMIT)
        .max_headers(HEADER_LIMIT)
        .serve_connection(TokioIo::new(socket), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let served = match select(connection.as_mut(), pin!(finish.cancelled())).await {
        Either::Left((served, _)) => served,
        Either::Right(_) => {
            connection.as_mut().graceful_shutdown();
            // An incomplete head would be waited for like a request.
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
    // If the socket is still inside the HTTP library, it was upgraded.
    upgrade.done();
    if let Err(error) = served {
        if error.is_parse_too_large() {
            limits.request_head.count();
        } else if error.is_timeout() {
            limits.request_headers_timeout.count();
        }
        tracing::debug!(target: "hubwire::serve", %error, "an HTTP connection failed");
    }
}
