//! HTTP/2 over one connection, until its end.

mod stream;
mod stream_body;
mod streams;
mod waiting;

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use self::stream::current_stream;
use self::stream_body::StreamBody;
use self::streams::Streams;
use super::causes::with_causes;
use super::http::{HEADER_SIZE_LIMIT, Http, without_one_host};
use super::{REQUEST_GRACE, RESPONSE_GRACE, http1_headers};
use crate::node::ConnectionPermit;
use crate::transport::MultiplexedSocket;

/// How many requests of a connection may run at once, event streams and WebSockets included; RFC
/// 9113, section 6.5.2, recommends no less.
const MAXIMUM_STREAMS: u32 = 100;

/// How many requests a client may take back before the server has looked at them; more are a flood.
/// A browser's tabs may have to give up all of their requests at once.
const MAXIMUM_TAKEN_BACK: usize = MAXIMUM_STREAMS as usize;

/// How many bytes of a request a client may send ahead of whoever reads them.
const STREAM_WINDOW: u32 = 32 * 1024;

/// The same of all requests: more than they can use, so that those that are not read hold up no
/// others, and because the library ends a connection whose unread frames are many and small for
/// half of this.
const CONNECTION_WINDOW: u32 = 8 * 1024 * 1024;

/// How many bytes of a response the library takes ahead of the client.
const SEND_BUFFER_SIZE: usize = 16 * 1024;

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
    let limits = Arc::clone(&http.limits);
    let socket = MultiplexedSocket::new(socket, permit, Arc::clone(&limits));
    let (activity, write_timeout) = (socket.activity(), http.timeouts.write);
    let streams = Streams::new(local, activity, write_timeout, Arc::clone(&limits));
    let (idle_timeout, finish) = (http.timeouts.request_headers, http.finish.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        http1_headers::add_to(&mut request);
        let (http, peer) = (http.clone(), peer.clone());
        async move {
            let stream = current_stream();
            let response = match http.respond(request, peer, stream.handle().clone()) {
                Some(response) => response.await?,
                None => without_one_host(),
            };
            Ok::<_, Infallible>(response.map(|body| StreamBody::new(body, stream)))
        }
    });
    let connection = http2::Builder::new(streams.executor())
        .timer(TokioTimer::new())
        .enable_connect_protocol()
        .max_concurrent_streams(MAXIMUM_STREAMS)
        .max_pending_accept_reset_streams(MAXIMUM_TAKEN_BACK)
        .max_header_list_size(HEADER_SIZE_LIMIT as u32)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER_SIZE)
        .serve_connection(TokioIo::new(socket), service);
    let mut connection = pin!(connection);
    let idle = async {
        streams.idle_for(idle_timeout).await;
        limits.request_headers_timeout.count();
    };
    let end = async {
        select(pin!(finish.cancelled()), pin!(idle)).await;
    };
    let served = match select(connection.as_mut(), pin!(end)).await {
        Either::Left((served, _)) => served,
        Either::Right(_) => {
            connection.as_mut().graceful_shutdown();
            match select(connection, pin!(patience(&streams, &finish))).await {
                Either::Left((served, _)) => served,
                Either::Right(_) => return,
            }
        }
    };
    if let Err(error) = served {
        if is_flood(&error) {
            limits.http2_floods.count();
        }
        let error = with_causes(&error);
        tracing::debug!(target: "hubwire::serve", error, "an HTTP/2 connection failed");
    }
}

/// Waits as long as a connection may take to end once its client was told so.
async fn patience(streams: &Streams, finish: &CancellationToken) {
    // A client may have begun streams before it knew. If the connection was just idle, they last
    // as long as any other.
    let idle = async {
        sleep(REQUEST_GRACE).await;
        streams.idle_for(REQUEST_GRACE).await;
    };
    let finished = async {
        finish.cancelled().await;
        sleep(RESPONSE_GRACE).await;
        if !streams.is_idle() {
            sleep(REQUEST_GRACE - RESPONSE_GRACE).await;
        }
    };
    select(pin!(idle), pin!(finished)).await;
}

/// Returns whether the library has ended a connection because its client resets streams in bulk,
/// or sends what is only work.
fn is_flood(error: &hyper::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            return error.is_library() && error.reason() == Some(h2::Reason::ENHANCE_YOUR_CALM);
        }
        cause = error.source();
    }
    false
}
