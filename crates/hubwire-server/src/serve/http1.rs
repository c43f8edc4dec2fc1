//! HTTP/1.1 over one connection, until its end or its upgrade.

use std::future::ready;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::{Either, select};
use futures_util::{FutureExt, TryFutureExt};
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use super::http::{HEADER_SIZE_LIMIT, Http, without_one_host};
use super::{REQUEST_GRACE, RESPONSE_GRACE};
use crate::node::ConnectionPermit;
use crate::transport::{AfterResponse, ServedSocket, SocketHandle, Upgrade};

/// The maximum number of header lines in a request.
const HEADER_LIMIT: usize = 100;

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

pub(super) async fn serve<S, A>(
    http: Http,
    socket: S,
    permit: Option<ConnectionPermit>,
    peer: A,
    local: Option<SocketAddr>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: Clone + Send + Sync + 'static,
{
    let in_flight = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&in_flight);
    let handle = SocketHandle::new(local);
    let upgrade = Upgrade::default();
    let socket = ServedSocket::new(
        socket,
        permit,
        http.timeouts.write,
        Arc::clone(&http.limits),
        upgrade.clone(),
        handle.clone(),
    );
    let (limits, finish, timeouts) = (Arc::clone(&http.limits), http.finish.clone(), http.timeouts);
    let service = service_fn(move |request: Request<Incoming>| {
        let after = AfterResponse::of(&request);
        handle.unwatch();
        let in_flight = InFlight::begin(&counter);
        match http.respond(request, peer.clone(), handle.clone()) {
            Some(response) => Either::Right(
                response
                    .map_ok(move |response| after.add_to(response))
                    .inspect(|_| drop(in_flight)),
            ),
            None => Either::Left(ready(Ok(without_one_host()))),
        }
    });
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
