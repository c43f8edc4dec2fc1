//! Keys over TLS.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hubwire::auth::jwt::{JwtBearer, JwtConfigurationError};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::key_server::{Answer, KeyServer, key_set};
use crate::signing::{Signing, ann, bearer};

type Root = CertifiedIssuer<'static, KeyPair>;

fn root() -> Root {
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

fn pem(root: &Root) -> String {
    let body = STANDARD.encode(root.der());
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
}

/// Accepts TLS as `localhost`.
fn acceptor(root: &Root) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = parameters.signed_by(&key, root).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let chain = vec![certificate.der().clone()];
    let config = config.with_no_client_auth().with_single_cert(chain, key);
    TlsAcceptor::from(Arc::new(config.unwrap()))
}

async fn is_good(bearer: &JwtBearer) -> bool {
    let header = json!({"alg": "RS256", "kid": "one"});
    let token = Signing::rsa("RS256").token_with(&header, &ann());
    bearer.validate(&token).await.is_ok()
}

#[tokio::test]
async fn the_server_is_recognised_by_its_certificate() {
    let root = root();
    let acceptor = acceptor(&root);
    let server = KeyServer::start(Answer::json(&key_set([("one", &Signing::rsa("RS256"))]))).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let shared = Arc::clone(server.shared());
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(stream) = acceptor.accept(stream).await {
                shared.serve(stream).await;
            }
        }
    });
    let with = |host: &str, root: &Root| {
        let bearer = bearer().jwks_url(format!("https://{host}:{port}/keys"));
        bearer.key_root_certificates(pem(root)).build().unwrap()
    };
    assert!(is_good(&with("localhost", &root)).await);
    assert!(!is_good(&with("127.0.0.1", &root)).await, "not its name");
    assert!(
        !is_good(&with("localhost", &self::root())).await,
        "not its root"
    );
    assert_eq!(server.requests(), ["/keys"]);
}

#[test]
fn malformed_roots_are_refused() {
    for text in [
        "",
        "x",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let bearer = JwtBearer::builder().jwks_url("https://localhost/keys");
        let fault = bearer.key_root_certificates(text).build().unwrap_err();
        assert_eq!(
            fault,
            JwtConfigurationError::MalformedRootCertificate,
            "{text}"
        );
    }
}
