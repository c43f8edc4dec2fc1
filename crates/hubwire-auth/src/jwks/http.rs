//! A small HTTP client: one GET on a connection of its own, which lives no longer than its future.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};
use http::header::{ACCEPT, CONNECTION, HOST, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::key_url::KeyUrl;

/// The largest document that is read. That of Microsoft Entra ID, with all its certificates, is a
/// tenth of it.
const MAXIMUM_DOCUMENT: usize = 256 * 1024;

/// The largest head of a response.
const MAXIMUM_HEAD: usize = 32 * 1024;

/// Why a document could not be fetched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("cannot connect: {0}")]
    Connect(#[source] io::Error),
    #[error("TLS fails: {0}")]
    Tls(#[source] io::Error),
    #[error("HTTP fails: {0}")]
    Http(#[from] hyper::Error),
    #[error("the request cannot be written")]
    Request,
    #[error("the response is {0}, and redirects are not followed: configure where it leads to")]
    Redirect(StatusCode),
    #[error("the response is {0}")]
    Status(StatusCode),
    #[error("the response has more than {MAXIMUM_DOCUMENT} bytes")]
    TooLong,
    #[error("the response is cut off")]
    CutOff,
}

/// Fetches a document. The caller bounds the time.
pub(crate) async fn get(url: &KeyUrl, tls: &Arc<ClientConfig>) -> Result<Bytes, HttpError> {
    let host = url.host();
    let connected = TcpStream::connect((host.as_str(), url.port())).await;
    let stream = connected.map_err(HttpError::Connect)?;
    if !url.is_https() {
        return exchange(url, TokioIo::new(stream)).await;
    }
    let name = ServerName::try_from(host).map_err(|error| HttpError::Tls(io::Error::other(error)));
    let connected = TlsConnector::from(Arc::clone(tls)).connect(name?, stream);
    let stream = connected.await.map_err(HttpError::Tls)?;
    exchange(url, TokioIo::new(stream)).await
}

async fn exchange(url: &KeyUrl, stream: impl Read + Write + Unpin) -> Result<Bytes, HttpError> {
    let mut client = http1::Builder::new();
    client.max_buf_size(MAXIMUM_HEAD);
    let (mut sender, connection) = client.handshake(stream).await?;
    let request = Request::get(url.target())
        .header(HOST, url.authority())
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, concat!("hubwire/", env!("CARGO_PKG_VERSION")))
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new());
    let request = request.map_err(|_| HttpError::Request)?;
    let document = async {
        let response = sender.send_request(request).await?;
        match response.status() {
            StatusCode::OK => {}
            status if status.is_redirection() => return Err(HttpError::Redirect(status)),
            status => return Err(HttpError::Status(status)),
        }
        let body = Limited::new(response.into_body(), MAXIMUM_DOCUMENT).collect();
        match body.await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(HttpError::TooLong),
            Err(_) => Err(HttpError::CutOff),
        }
    };
    // Nothing is sent or received unless the connection is polled, too.
    match select(pin!(document), pin!(connection)).await {
        Either::Left((document, _)) => document,
        Either::Right((_, document)) => document.await,
    }
}
