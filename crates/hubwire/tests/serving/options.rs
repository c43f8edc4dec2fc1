//! The options of the HTTP server: where they come from, and those that make no sense.

use std::io::ErrorKind;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use hubwire::options::{Configuration, InvalidOption, ServeOptions};
use hubwire::{Serve, SignalR};
use test_support::way_out::PATIENCE;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Returns the status of the second connection of a server, if the first one stays open.
async fn second_status(set: impl FnOnce(Serve<TcpListener>) -> Serve<TcpListener>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().route("/", get("hello"));
    let mut serving = JoinSet::new();
    serving.spawn(set(hubwire::serve(listener, app)).into_future());
    let mut first = TcpStream::connect(address).await.unwrap();
    let mut status = String::new();
    for socket in [&mut first, &mut TcpStream::connect(address).await.unwrap()] {
        // A refused connection may be closed before it has asked.
        let _ = socket.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let mut head = [0; 12];
        let reading = timeout(PATIENCE, socket.read_exact(&mut head));
        reading.await.unwrap().unwrap();
        status = String::from_utf8(head.to_vec()).unwrap();
    }
    status
}

fn configured(file: &str) -> SignalR {
    let configuration: Configuration = toml::from_str(file).unwrap();
    SignalR::builder().configuration(configuration).build()
}

#[tokio::test]
async fn the_configuration_of_its_server_wins_over_the_code() {
    let limit = configured("serve.maximum_connections = 1");
    let none = configured("serve.maximum_connections = 'unlimited'");
    let nothing = configured("serve.write_timeout = '1s'");
    let (refused, served) = ("HTTP/1.1 503", "HTTP/1.1 200");
    let mut options = ServeOptions::default();
    options.maximum_connections = Some(1);
    assert_eq!(second_status(|serve| serve).await, served);
    assert_eq!(second_status(|serve| serve.options(options)).await, refused);
    let code = |serve: Serve<TcpListener>| serve.with(&limit).maximum_connections(100);
    assert_eq!(second_status(code).await, refused);
    let code = |serve: Serve<TcpListener>| serve.maximum_connections(1).with(&none);
    assert_eq!(second_status(code).await, served);
    let code = |serve: Serve<TcpListener>| serve.maximum_connections(1).with(&nothing);
    assert_eq!(second_status(code).await, refused);
}

#[tokio::test]
async fn the_longest_timeouts_and_the_largest_limits_work() {
    let status = second_status(|serve| {
        serve
            .request_headers_timeout(Duration::MAX)
            .write_timeout(Duration::MAX)
            .maximum_connections(usize::MAX / 2)
            .maximum_connections_per_address(usize::MAX / 2)
    });
    assert_eq!(status.await, "HTTP/1.1 200");
}

#[tokio::test]
async fn nonsense_is_an_error_that_names_the_option() {
    type Set = fn(Serve<TcpListener>) -> Serve<TcpListener>;
    let nonsense: [(&str, Set); 4] = [
        ("request_headers_timeout", |it| {
            it.request_headers_timeout(Duration::ZERO)
        }),
        ("write_timeout", |it| it.write_timeout(Duration::ZERO)),
        ("maximum_connections", |it| it.maximum_connections(0)),
        ("maximum_connections_per_address", |it| {
            it.maximum_connections_per_address(usize::MAX)
        }),
    ];
    for (option, set) in nonsense {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let serve = set(hubwire::serve(listener, Router::new()));
        let served = timeout(PATIENCE, serve.into_future()).await;
        let error = served.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let invalid = error.get_ref().unwrap().downcast_ref::<InvalidOption>();
        assert_eq!(invalid.unwrap().option(), option);
    }
}

#[test]
#[should_panic(expected = "The server cannot be built: `maximum_connections` is 0")]
fn a_server_whose_configuration_has_nonsense_for_http_is_not_built() {
    configured("serve.maximum_connections = 0");
}
