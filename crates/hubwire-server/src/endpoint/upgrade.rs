//! The WebSocket upgrade: from a GET, or a CONNECT of HTTP/2, to a connection's task.

use std::sync::Arc;

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CONNECTION, CONTENT_TYPE, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
    TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Version};
use hubwire_protocol::Transport;
use hyper::ext::Protocol;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use sha1::{Digest, Sha1};
use tokio::net::TcpStream;
#[cfg(feature = "tls")]
use tokio_rustls::server::TlsStream;

use super::attached::{Attached, spawn_session};
use super::opening::Refusal;
use super::slot::{Attach, Slot};
use super::{HubEndpoint, opening, response};
use crate::connection::{ConnectionRequest, Principal};
use crate::session::AnySession;
use crate::transport::{
    Input, ServedSocket, Socket, SocketHandle, UpgradedStream, WEB_SOCKETS, WebSocketReader,
    probe_peer, unlimit_unsent,
};

/// RFC 6455, section 1.3.
const ACCEPT_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// How a request asks for a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handshake {
    /// By an upgrade of HTTP/1.1 (RFC 6455, section 4.1).
    Upgrade,
    /// By an extended CONNECT of HTTP/2 (RFC 8441, section 5).
    ExtendedConnect,
}

/// Returns how a request asks for a WebSocket.
///
/// One that asks in a wrong way is treated as a poll, and so is one with a body in chunks, whose
/// HTTP connection must end.
pub(super) fn requested(parts: &Parts) -> Option<Handshake> {
    let is_possible = has_token(&parts.headers, &SEC_WEBSOCKET_VERSION, "13")
        && parts.extensions.get::<OnUpgrade>().is_some();
    if !is_possible {
        return None;
    }
    let is_upgrade = parts.version == Version::HTTP_11
        && parts.method == Method::GET
        && !parts.headers.contains_key(TRANSFER_ENCODING)
        && has_token(&parts.headers, &CONNECTION, "upgrade")
        && has_token(&parts.headers, &UPGRADE, "websocket")
        && key(&parts.headers).is_some();
    if is_upgrade {
        return Some(Handshake::Upgrade);
    }
    let protocol = parts.extensions.get::<Protocol>().map(Protocol::as_str);
    let is_connect = parts.version == Version::HTTP_2
        && parts.method == Method::CONNECT
        && protocol == Some("websocket");
    is_connect.then_some(Handshake::ExtendedConnect)
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// Returns the client's key: 16 bytes in base64.
fn key(headers: &HeaderMap) -> Option<&HeaderValue> {
    let key = headers.get(SEC_WEBSOCKET_KEY)?;
    let decoded = STANDARD.decode(key.as_bytes()).ok()?;
    (decoded.len() == 16).then_some(key)
}

/// Responds to a handshake and opens the connection.
pub(super) fn respond(
    endpoint: &HubEndpoint,
    handshake: Handshake,
    mut parts: Parts,
) -> Response<Body> {
    let node = endpoint.hub.node();
    if node.is_draining() {
        return response::empty(StatusCode::SERVICE_UNAVAILABLE);
    }
    let attached = match attach(endpoint, &parts) {
        Ok(attached) => attached,
        Err(refusal) => return *refusal,
    };
    let response = match handshake {
        Handshake::Upgrade => key(&parts.headers).map(switching_protocols),
        Handshake::ExtendedConnect => Some(response::empty(StatusCode::OK)),
    };
    let (Some(upgrade), Some(response)) = (parts.extensions.remove::<OnUpgrade>(), response) else {
        return response::text(StatusCode::BAD_REQUEST, "");
    };
    let slot = Arc::clone(attached.slot());
    // Boxed, so that the connection's task does not hold the request for its whole life.
    let opening = Box::pin(open_upgraded(endpoint.clone(), attached, parts, upgrade));
    spawn_session(&endpoint.hub, &slot, opening);
    response
}

/// Opens the connection once the HTTP library has handed over its socket; returns `None` if it
/// never does.
async fn open_upgraded(
    endpoint: HubEndpoint,
    attached: Attached,
    parts: Parts,
    upgrade: OnUpgrade,
) -> Option<(Attached, AnySession)> {
    let (request, socket) = upgraded(&endpoint, attached.slot(), parts, upgrade).await?;
    let session = open(&endpoint, &attached, request, socket);
    Some((attached, session))
}

/// Opens the connection of a WebSocket over an upgraded socket.
pub(crate) fn open(
    endpoint: &HubEndpoint,
    attached: &Attached,
    request: ConnectionRequest,
    socket: Socket,
) -> AnySession {
    let (reader, writer) = socket.split();
    let connection = attached.open(endpoint, request, &WEB_SOCKETS);
    connection.outbound().attach_socket(writer);
    let input = Input::WebSocket(WebSocketReader::new(reader));
    endpoint.session(connection, &WEB_SOCKETS, input)
}

fn attach(endpoint: &HubEndpoint, parts: &Parts) -> Result<Attached, Refusal> {
    let transport = Transport::WebSockets;
    let Some(token) = opening::token(parts) else {
        if !endpoint.options.transports.contains(&transport) {
            return Err(Box::new(opening::not_supported(transport)));
        }
        let principal = parts.extensions.get::<Principal>().cloned();
        let since = opening::since(endpoint, parts);
        return Ok(Attached::fresh(endpoint, principal, since));
    };
    let slot = opening::find(endpoint, &token, parts).map_err(without_content_type)?;
    match opening::attach(endpoint, &slot, transport, parts)? {
        Attach::WebSocket => {
            let since = opening::since(endpoint, parts);
            Ok(Attached::new(endpoint, token, slot, since))
        }
        _ => Err(Box::new(response::text(StatusCode::CONFLICT, ""))),
    }
}

/// As in ASP.NET Core, which sets none where an upgrade names an unknown id.
fn without_content_type(mut refusal: Refusal) -> Refusal {
    refusal.headers_mut().remove(CONTENT_TYPE);
    refusal
}

fn switching_protocols(key: &HeaderValue) -> Response<Body> {
    let digest = Sha1::new()
        .chain_update(key.as_bytes())
        .chain_update(ACCEPT_SUFFIX)
        .finalize();
    let mut response = response::empty(StatusCode::SWITCHING_PROTOCOLS);
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::from_str(&STANDARD.encode(digest)) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

/// Waits until the HTTP library hands over the socket.
async fn upgraded(
    endpoint: &HubEndpoint,
    slot: &Slot,
    mut parts: Parts,
    upgrade: OnUpgrade,
) -> Option<(ConnectionRequest, Socket)> {
    let options = &*endpoint.options;
    let mut request = opening::kept_with_addresses(endpoint, slot, &parts);
    let handle = parts.extensions.remove::<SocketHandle>();
    drop(parts);
    let socket = take_socket(upgrade.await.ok()?, handle);
    if let Some(tcp) = socket.tcp() {
        // Without this, small messages wait for acknowledgements. If the socket refuses, it still
        // works, just slower.
        let _ = tcp.set_nodelay(true);
        unlimit_unsent(tcp);
        if let Some(timeouts) = options.dead_peer_timeouts {
            probe_peer(tcp, timeouts);
        }
        let remote = request.remote_address().or_else(|| tcp.peer_addr().ok());
        request.set_addresses(tcp.local_addr().ok(), remote);
    }
    Some((request, socket))
}

/// Takes the socket out of the HTTP library, which keeps no buffer for it from then on.
fn take_socket(upgraded: Upgraded, handle: Option<SocketHandle>) -> Socket {
    // Of `serve`, over TCP and over TLS.
    let upgraded = match upgraded.downcast::<TokioIo<ServedSocket<TcpStream>>>() {
        Ok(parts) => {
            let (stream, permit) = parts.io.into_inner().into_parts();
            return Socket::of_tcp(stream, parts.read_buf, permit);
        }
        Err(upgraded) => upgraded,
    };
    #[cfg(feature = "tls")]
    let upgraded = match upgraded.downcast::<TokioIo<ServedSocket<TlsStream<TcpStream>>>>() {
        Ok(parts) => {
            let (stream, permit) = parts.io.into_inner().into_parts();
            return Socket::of_other(Box::new(stream), parts.read_buf, permit);
        }
        Err(upgraded) => upgraded,
    };
    // Of other servers.
    let upgraded = match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => return Socket::of_tcp(parts.io.into_inner(), parts.read_buf, None),
        Err(upgraded) => upgraded,
    };
    match hyper_util::server::conn::auto::upgrade::downcast::<TokioIo<TcpStream>>(upgraded) {
        Ok(parts) => Socket::of_tcp(parts.io.into_inner(), parts.read_buf, None),
        Err(upgraded) => Socket::of_upgraded(UpgradedStream::new(upgraded, handle)),
    }
}
