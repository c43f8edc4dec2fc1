//! Request heads that are too large, or that name two hosts.

use tokio::io::AsyncWriteExt;

use crate::server::Server;
use test_support::client::Client;
use test_support::line::Line;
use test_support::requests::{Response, read_response};

/// The most bytes that a head may have, including its last line.
const LARGEST: usize = 64 * 1024;

/// Returns the server's response to exactly these bytes.
async fn response_to(server: &Server, head: &str) -> Response {
    let mut socket = Line::connect(server.address).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    read_response(&mut socket).await.0
}

/// Returns a head of this many bytes.
fn head_of(size: usize) -> String {
    let (start, end) = ("GET /nothing HTTP/1.1\r\nHost: x\r\nX-Filler: ", "\r\n\r\n");
    let filler = "x".repeat(size - start.len() - end.len());
    format!("{start}{filler}{end}")
}

#[tokio::test]
async fn a_head_has_at_most_64_kib() {
    let server = Server::start().await;
    let largest = response_to(&server, &head_of(LARGEST)).await;
    assert_eq!(largest.status, 404);
    for more in [1, 1024, 16 * 1024, 34 * 1024] {
        let refused = response_to(&server, &head_of(LARGEST + more)).await;
        assert_eq!(refused.status, 431, "{more} bytes more");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_request_names_one_host() {
    let server = Server::start().await;
    let cases = [
        ("/nothing", "Host: a\r\n", 404),
        ("/nothing", "", 400),
        ("/nothing", "Host: a\r\nHost: b\r\n", 400),
        ("/nothing", "Host: a\r\nHost: a\r\n", 400),
        ("http://a/nothing", "Host: a\r\n", 404),
        ("http://A/nothing", "Host: a\r\n", 404),
        ("http://a:80/nothing", "Host: a\r\n", 404),
        ("http://a/nothing", "Host: a:80\r\n", 404),
        ("https://a:443/nothing", "Host: a\r\n", 404),
        ("http://a:5000/nothing", "Host: a:5000\r\n", 404),
        ("http://[::1]:80/nothing", "Host: [::1]\r\n", 404),
        ("http://b/nothing", "Host: a\r\n", 400),
        ("http://a:443/nothing", "Host: a\r\n", 400),
        ("http://a:5000/nothing", "Host: a\r\n", 400),
        ("http://a/nothing", "Host: a:5000\r\n", 400),
        ("http://b@a/nothing", "Host: b\r\n", 400),
        ("http://a/nothing", "", 400),
    ];
    for (target, host, expected) in cases {
        let head = format!("GET {target} HTTP/1.1\r\n{host}\r\n");
        let response = response_to(&server, &head).await;
        assert_eq!(response.status, expected, "{head}");
        if expected == 400 {
            assert_eq!(response.header("connection"), Some("close"), "{head}");
        }
    }
    // HTTP/1.0 requests need not name a host, but may not name two.
    let silent = response_to(&server, "GET /nothing HTTP/1.0\r\n\r\n").await;
    assert_eq!(silent.status, 404);
    let two = "GET /nothing HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n";
    assert_eq!(response_to(&server, two).await.status, 400);
    server.finish().await;
}

#[tokio::test]
async fn connect_names_one_host_too() {
    let server = Server::start().await;
    for (host, expected) in [("a:80", 404), ("b:80", 400)] {
        let head = format!("CONNECT a:80 HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(response_to(&server, &head).await.status, expected, "{host}");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_connection_keeps_8_kib_of_its_request() {
    let server = Server::start().await;
    for (size, kept) in [(7_000, true), (9_000, false), (60_000, false)] {
        let value = "x".repeat(size);
        let headers = format!("X-Large: {value}\r\nX-Last: 2\r\n");
        let mut client = Client::open_with_headers(server.address, "/plain", &headers).await;
        client
            .send(r#"{"type":1,"invocationId":"1","target":"Header","arguments":["x-large"]}"#)
            .await;
        let result = match kept {
            true => format!(r#"["{value}",0]"#),
            false => format!("[null,{}]", "x-large".len() + size),
        };
        client
            .expect(&format!(
                r#"{{"type":3,"invocationId":"1","result":{result}}}"#
            ))
            .await;
        client.leave().await;
    }
    server.finish().await;
}

#[tokio::test]
async fn repeated_headers_and_cookies_of_several_headers_are_read() {
    let server = Server::start().await;
    let headers = "X-Role: cook\r\nCookie: a=1; b=2\r\nx-role:  waiter \r\nCookie: c=3\r\n";
    let mut client = Client::open_with_headers(server.address, "/plain", headers).await;
    for (cookie, value) in [("a", "\"1\""), ("c", "\"3\""), ("d", "null")] {
        client
            .call("1", "Headers", &format!(r#""X-ROLE","{cookie}""#))
            .await;
        let result = format!(r#"[["cook","waiter"],{value}]"#);
        client
            .expect(&format!(
                r#"{{"type":3,"invocationId":"1","result":{result}}}"#
            ))
            .await;
    }
    client.leave().await;
    server.finish().await;
}
