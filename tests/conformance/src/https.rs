//! The address with TLS: its options, and what marks its requests.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use axum::extract::Request;
use axum::http::header::HOST;
use axum::http::uri::Scheme;
use axum::{Extension, Router};
use clap::Args;
use hubwire::tls::Tls;
use tokio::net::TcpListener;

/// The options of the address with TLS; they go together.
#[derive(Args, Debug)]
pub(crate) struct HttpsOptions {
    /// Where to serve the same over TLS, as ADDRESS:PORT; nowhere if left out.
    #[arg(long, value_name = "ADDR", requires_all = ["tls_cert", "tls_key"])]
    tls_listen: Option<SocketAddr>,

    /// The certificate, followed by its chain, in PEM.
    #[arg(long, alias = "cert", value_name = "FILE", requires = "tls_listen")]
    tls_cert: Option<PathBuf>,

    /// The certificate's private key in PEM.
    #[arg(long, alias = "key", value_name = "FILE", requires = "tls_listen")]
    tls_key: Option<PathBuf>,
}

impl HttpsOptions {
    /// Reads the certificate and listens, if wanted.
    pub(crate) async fn listen(self) -> anyhow::Result<Option<(TcpListener, Tls)>> {
        let (Some(address), Some(certificate), Some(key)) =
            (self.tls_listen, self.tls_cert, self.tls_key)
        else {
            return Ok(None);
        };
        let tls = Tls::from_pem_files(certificate, key)?;
        let listener = hubwire::listen(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))?;
        Ok(Some((listener, tls)))
    }
}

/// Marks the requests of an application as those of the address with TLS.
pub(crate) fn marked(app: Router) -> Router {
    app.layer(Extension(Scheme::HTTPS))
}

/// Returns whether a request came over TLS.
pub(crate) fn is_secure(request: &Request) -> bool {
    request.extensions().get() == Some(&Scheme::HTTPS)
}

/// Returns the URL of this server, as the request names it: HTTP/2 has no `Host`.
pub(crate) fn base_url(request: &Request) -> String {
    let scheme = if is_secure(request) { "https" } else { "http" };
    let host = request.headers().get(HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let authority = request
        .uri()
        .authority()
        .map(|authority| authority.as_str());
    format!("{scheme}://{}", authority.or(host).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        https: HttpsOptions,
    }

    #[test]
    fn the_options_go_together() {
        let listen = ["--tls-listen", "127.0.0.1:0"];
        let files = ["--tls-cert", "c.pem", "--tls-key", "k.pem"];
        let is_valid = |options: &[&[&str]]| {
            let words = [&["conformance-server"], options.concat().as_slice()].concat();
            Program::try_parse_from(words).is_ok()
        };
        assert!(is_valid(&[]));
        assert!(is_valid(&[&listen, &files]));
        assert!(is_valid(&[&listen, &["--cert", "c.pem", "--key", "k.pem"]]));
        assert!(!is_valid(&[&listen]));
        assert!(!is_valid(&[&listen, &files[..2]]));
        assert!(!is_valid(&[&listen, &files[2..]]));
        assert!(!is_valid(&[&files]));
    }

    #[test]
    fn the_url_is_that_of_the_request_in_either_version() {
        let one = Request::get("/echo").header(HOST, "localhost:5910");
        let mut one = one.body(Body::empty()).unwrap();
        assert_eq!(base_url(&one), "http://localhost:5910");
        one.extensions_mut().insert(Scheme::HTTPS);
        assert_eq!(base_url(&one), "https://localhost:5910");
        let two = Request::get("https://localhost:5911/echo").extension(Scheme::HTTPS);
        let two = two.body(Body::empty()).unwrap();
        assert_eq!(base_url(&two), "https://localhost:5911");
    }
}
