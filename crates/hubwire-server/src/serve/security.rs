//! What an accepted socket goes through before HTTP: nothing, or a TLS handshake.

#[cfg(feature = "tls")]
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

use super::http::{Http, Version};
#[cfg(feature = "tls")]
use super::tls::{HTTP_2, Handshake, Handshakes};
use crate::node::ConnectionPermit;

/// Whether the sockets of a listener speak TLS.
pub(super) enum Security {
    Plain,
    #[cfg(feature = "tls")]
    Tls(Arc<Handshakes>),
}

/// The beginning of an accepted socket.
pub(super) enum Beginning {
    Plain,
    #[cfg(feature = "tls")]
    Handshake(Handshake),
}

impl Security {
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain)
    }

    /// Waits until another socket may be accepted.
    pub(super) async fn room(&self) {
        match self {
            Self::Plain => {}
            #[cfg(feature = "tls")]
            Self::Tls(handshakes) => handshakes.room().await,
        }
    }

    /// Begins with a socket that was just accepted.
    pub(super) fn begin(&self) -> Beginning {
        match self {
            Self::Plain => Beginning::Plain,
            #[cfg(feature = "tls")]
            Self::Tls(handshakes) => Beginning::Handshake(handshakes.begin()),
        }
    }
}

impl Beginning {
    /// Serves HTTP over a socket until its end.
    pub(super) async fn serve<S, A>(
        self,
        socket: S,
        permit: Option<ConnectionPermit>,
        peer: A,
        http: Http,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        A: Clone + Send + Sync + 'static,
    {
        match self {
            Self::Plain => http.serve(Version::Http1, socket, permit, peer).await,
            #[cfg(feature = "tls")]
            Self::Handshake(handshake) => match handshake.shake(socket, &http.finish).await {
                Ok(stream) => {
                    let version = match stream.get_ref().1.alpn_protocol() {
                        Some(HTTP_2) => Version::Http2,
                        _ => Version::Http1,
                    };
                    http.serve(version, stream, permit, peer).await;
                }
                Err(error) => {
                    tracing::debug!(target: "hubwire::serve", %error, "a TLS handshake failed");
                }
            },
        }
    }
}
