//! TCP connections with TLS or without, as their server asks for.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::serve::Listener;
use hubwire::Serve;
use hubwire::tls::Tls;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use crate::tls::{Certificate, HTTP_1, HTTP_2};

/// What the servers of a test speak below HTTP/1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Plain,
    Tls,
}

/// Clients that trust a server.
#[derive(Clone)]
struct Trusting {
    http1: TlsConnector,
    http2: TlsConnector,
}

/// Which servers of this process are to be reached by TLS.
static ENCRYPTED: Mutex<BTreeMap<SocketAddr, Trusting>> = Mutex::new(BTreeMap::new());

fn encrypted() -> MutexGuard<'static, BTreeMap<SocketAddr, Trusting>> {
    ENCRYPTED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Wire {
    /// Makes a server at this address speak this, and [`Line`]s to it.
    pub fn apply<L: Listener>(self, serve: Serve<L>, address: SocketAddr) -> Serve<L> {
        if self == Self::Plain {
            // An earlier server may have had the same port.
            encrypted().remove(&address);
            return serve;
        }
        let certificate = Certificate::new();
        let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).unwrap();
        let chain = vec![certificate.der.clone()];
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let trusting = Trusting {
            http1: certificate.client(&[HTTP_1]),
            http2: certificate.client(&[HTTP_2]),
        };
        encrypted().insert(address, trusting);
        serve.tls(Tls::from_config(config))
    }
}

/// A client's end of a connection.
pub enum Line {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Line {
    pub async fn connect(address: SocketAddr) -> io::Result<Self> {
        Self::over(TcpStream::connect(address).await?).await
    }

    /// Begins TLS on a connected socket, if its server speaks it.
    pub async fn over(socket: TcpStream) -> io::Result<Self> {
        let trusting = encrypted().get(&socket.peer_addr()?).cloned();
        let Some(trusting) = trusting else {
            return Ok(Self::Plain(socket));
        };
        let name = "localhost".try_into().unwrap();
        let stream = trusting.http1.connect(name, socket).await?;
        Ok(Self::Tls(Box::new(stream)))
    }

    /// Connects for HTTP/2 to a server that speaks TLS.
    pub async fn for_http2(address: SocketAddr) -> io::Result<Self> {
        let trusting = encrypted().get(&address).cloned();
        let trusting = trusting.expect("a server that speaks TLS");
        let socket = TcpStream::connect(address).await?;
        let name = "localhost".try_into().unwrap();
        let stream = trusting.http2.connect(name, socket).await?;
        Ok(Self::Tls(Box::new(stream)))
    }

    /// Returns the TCP socket.
    pub fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }

    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp().local_addr()
    }

    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tcp().peer_addr()
    }

    pub fn set_nodelay(&self, is_set: bool) -> io::Result<()> {
        self.tcp().set_nodelay(is_set)
    }

    /// Makes the end of the connection a reset.
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.tcp().set_zero_linger()
    }

    pub async fn readable(&self) -> io::Result<()> {
        self.tcp().readable().await
    }
}

impl From<TcpStream> for Line {
    fn from(socket: TcpStream) -> Self {
        Self::Plain(socket)
    }
}

impl Borrow<TcpStream> for Line {
    fn borrow(&self) -> &TcpStream {
        self.tcp()
    }
}

#[cfg(unix)]
impl AsFd for Line {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.tcp().as_fd()
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_read(cx, buffer),
            Self::Tls(stream) => {
                // It may hold back what was written, to which the server is to answer. If the
                // server is gone, it may still be read.
                let _ = Pin::new(&mut *stream).poll_flush(cx);
                Pin::new(stream).poll_read(cx, buffer)
            }
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// Drops every packet that reaches the socket, as a dead network does.
#[cfg(target_os = "linux")]
pub fn cut_off(socket: &TcpStream) {
    const RETURN: u16 = 0x06;
    let nothing = socket2::SockFilter::new(RETURN, 0, 0, 0);
    socket2::SockRef::from(socket)
        .attach_filter(&[nothing])
        .unwrap();
}
