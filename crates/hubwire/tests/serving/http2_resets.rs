//! Requests over HTTP/2 that their client takes back.

use std::future::IntoFuture;
use std::pin::pin;

use axum::Router;
use axum::body::Bytes;
use axum::routing::get;
use futures_util::future::{Either, select};
use futures_util::poll;
use h2::Reason;
use h2::client::{self, SendRequest};
use http::Request;
use test_support::handed_over::HandedOver;
use test_support::tls::{Certificate, HTTP_2, PemFiles};
use tokio::io::duplex;
use tokio::task::JoinSet;

type Sender = SendRequest<Bytes>;

/// What a page with dozens of clients that poll takes back when they all stop; with another poll
/// for each, a connection has 100 requests.
const TAKEN_BACK: usize = 50;

fn request() -> Request<()> {
    Request::get("https://localhost/").body(()).unwrap()
}

/// Sends a request, while the connection lasts, and returns the status of its response.
async fn answered(connection: impl Future<Output = Result<(), h2::Error>>, sender: &Sender) -> u16 {
    let response = async {
        let mut ready = sender.clone().ready().await.unwrap();
        let (response, _) = ready.send_request(request(), true).unwrap();
        response.await.unwrap()
    };
    match select(pin!(connection), pin!(response)).await {
        Either::Left((ended, _)) => panic!("{ended:?}"),
        Either::Right((response, _)) => response.status().as_u16(),
    }
}

/// A busy server reads the requests and their resets at the same time.
#[tokio::test(start_paused = true)]
async fn a_browser_may_take_back_dozens_of_requests_at_once() {
    let certificate = Certificate::new();
    let files = PemFiles::new(&certificate);
    let connector = certificate.client(&[HTTP_2]);
    let (streams, accepted) = HandedOver::new();
    let app = Router::new().route("/", get(async || "here"));
    let mut serving = JoinSet::new();
    serving.spawn(hubwire::serve(accepted, app).tls(files.tls()).into_future());
    let (near, far) = duplex(256 * 1024);
    streams.send(near).unwrap();
    let name = "localhost".try_into().unwrap();
    let stream = connector.connect(name, far).await.unwrap();
    let (sender, connection) = client::handshake(stream).await.unwrap();
    let mut connection = pin!(connection);
    for _ in 0..2 {
        assert_eq!(answered(connection.as_mut(), &sender).await, 200);
        let taken_back: Vec<_> = (0..TAKEN_BACK)
            .map(|_| sender.clone().send_request(request(), false).unwrap())
            .collect();
        // Without a pause, so the server reads nothing in between.
        assert!(poll!(connection.as_mut()).is_pending());
        for (_, mut stream) in taken_back {
            stream.send_reset(Reason::CANCEL);
        }
        assert!(poll!(connection.as_mut()).is_pending());
    }
    assert_eq!(answered(connection.as_mut(), &sender).await, 200);
}
