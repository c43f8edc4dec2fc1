//! What HTTP connections of either version have in common.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use futures_util::TryFutureExt;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tower::Service;

use super::{host, http1, http2, vary};
use crate::node::{ConnectionPermit, ServeLimits};
use crate::outbound::as_tcp;
use crate::transport::{SocketHandle, limit_unsent};

/// The maximum size of a request's head, and of the buffered part of a body, in bytes.
pub(super) const HEADER_SIZE_LIMIT: usize = 64 * 1024;

/// The limits on a peer's time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    pub(super) request_headers: Duration,
    pub(super) write: Duration,
}

/// The version of HTTP that a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Http1,
    #[cfg_attr(
        not(feature = "tls"),
        expect(dead_code, reason = "only TLS agrees on it")
    )]
    Http2,
}

/// An application, and the limits for its HTTP connections.
#[derive(Clone)]
pub(super) struct Http {
    pub(super) app: Router,
    pub(super) timeouts: Timeouts,
    pub(super) limits: Arc<ServeLimits>,
    /// Fires when connections are to end as soon as their responses have.
    pub(super) finish: CancellationToken,
}

impl Http {
    /// Serves a connection until its end or its upgrade.
    pub(super) async fn serve<S, A>(
        self,
        version: Version,
        socket: S,
        permit: Option<ConnectionPermit>,
        peer: A,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        A: Clone + Send + Sync + 'static,
    {
        let tcp = as_tcp(&socket);
        if let Some(tcp) = tcp {
            // Without this, small events wait for acknowledgements. If the socket refuses, it still
            // works, just slower.
            let _ = tcp.set_nodelay(true);
            limit_unsent(tcp);
        }
        let local = tcp.and_then(|tcp| tcp.local_addr().ok());
        match version {
            Version::Http1 => http1::serve(self, socket, permit, peer, local).await,
            // Boxed, because few connections are as large.
            Version::Http2 => Box::pin(http2::serve(self, socket, permit, peer, local)).await,
        }
    }

    /// Returns the application's response, or `None` if the request does not name its host.
    pub(super) fn respond<A>(
        &self,
        mut request: Request<Incoming>,
        peer: A,
        handle: SocketHandle,
    ) -> Option<impl Future<Output = Result<Response<Body>, Infallible>> + use<A>>
    where
        A: Clone + Send + Sync + 'static,
    {
        if !host::is_named_once(&request) {
            return None;
        }
        let extensions = request.extensions_mut();
        extensions.insert(ConnectInfo(peer));
        extensions.insert(handle);
        let response = self.app.clone().call(request.map(Body::new));
        Some(response.map_ok(|mut response| {
            vary::join(response.headers_mut());
            response
        }))
    }
}

/// Responds with 400 to a request that names no host or more than one.
pub(super) fn without_one_host() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
