//! The listener for operators beside a shop that a test opens and closes.

use std::io::ErrorKind;

use axum::body::Body;
use axum::http::Request;
use axum::http::header::HOST;
use metrics_exporter_prometheus::PrometheusBuilder;
use test_support::requests::request;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tower::ServiceExt;

use super::*;

fn metrics() -> PrometheusHandle {
    PrometheusBuilder::new().build_recorder().handle()
}

#[tokio::test]
async fn the_listener_closes_when_the_shop_has_ended() {
    let listener = hubwire::listen("127.0.0.1:0").await.unwrap();
    let operations = Operations::new(listener, metrics()).unwrap();
    let address = operations.address();
    let shutdown = CancellationToken::new();
    let (close_shop, shop) = oneshot::channel::<&str>();
    let visit = async {
        let status = async |path| request(address, &format!("GET {path}"), "").await.status;
        assert_eq!(status("/ready").await, 200);
        shutdown.cancel();
        assert_eq!(status("/ready").await, 503);
        assert_eq!(status("/health").await, 200);
        assert_eq!(status("/metrics").await, 200);
        close_shop.send("closed").unwrap();
    };
    let (outcome, ()) = tokio::join!(operations.serve_beside(shop, shutdown.clone()), visit);
    assert_eq!(outcome, Ok("closed"));
    let refused = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn pages_of_other_hosts_read_nothing_from_this_machine() {
    for (address, host, status) in [
        ("127.0.0.1:9000", "127.0.0.1:9000", 200),
        ("127.0.0.1:9000", "shop.example", 403),
        ("10.0.0.1:9000", "shop.example", 200),
    ] {
        let router = router(
            metrics(),
            CancellationToken::new(),
            address.parse().unwrap(),
        );
        let request = Request::builder().uri("/metrics").header(HOST, host);
        let request = request.body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{host} at {address}");
    }
}
