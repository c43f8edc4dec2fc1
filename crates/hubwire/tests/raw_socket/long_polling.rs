//! Polls, POST and DELETE, byte for byte.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::server::Server;
use test_support::http_client::HANDSHAKE;
use test_support::line::Line;
use test_support::requests::{UPGRADE, post, read_response, read_until, send_head, without_date};

const UNCACHED: &str = "cache-control: no-cache, no-store\r\npragma: no-cache\r\n\
    expires: Thu, 01 Jan 1970 00:00:00 GMT\r\n";

/// One connection of a client, for requests one after another.
pub(crate) struct KeptAlive {
    path: String,
    socket: Line,
}

impl KeptAlive {
    /// Negotiates.
    pub(crate) async fn new(server: &Server, path: &str) -> Self {
        let token = server.negotiate(path).await;
        let socket = Line::connect(server.address).await.unwrap();
        Self {
            path: format!("{path}?id={token}"),
            socket,
        }
    }

    /// Negotiates at a hub whose users are what their queries say.
    pub(crate) async fn of_user(server: &Server, path: &str, user: &str) -> Self {
        let mut this = Self::new(server, path).await;
        this.path.push_str(&format!("&user={user}"));
        this
    }

    pub(crate) async fn send(&mut self, method: &str, body: &str) {
        let line = format!("{method} {}", self.path);
        let (length, behind) = (body.len(), body.as_bytes());
        let headers = match method {
            "GET" | "DELETE" => String::new(),
            _ => format!("Content-Length: {length}\r\n"),
        };
        let head = format!("{line} HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
        self.socket.write_all(head.as_bytes()).await.unwrap();
        self.socket.write_all(behind).await.unwrap();
    }

    /// Reads a response and compares all of it except its date.
    async fn expect(&mut self, status: &str, headers: &str, body: &str) {
        let head = read_until(&mut self.socket, "\r\n\r\n").await;
        let expected = format!("HTTP/1.1 {status}\r\n{headers}\r\n");
        assert_eq!(without_date(&head), expected);
        if !body.is_empty() {
            assert_eq!(read_until(&mut self.socket, body).await, body);
        }
    }

    /// Polls, and expects these messages, or none of the first poll.
    pub(crate) async fn poll(&mut self, body: &str) {
        self.send("GET", "").await;
        self.expect_polled(body).await;
    }

    pub(crate) async fn expect_polled(&mut self, body: &str) {
        let length = body.len();
        let headers = format!(
            "content-type: application/octet-stream\r\n{UNCACHED}content-length: {length}\r\n"
        );
        self.expect("200 OK", &headers, body).await;
    }

    /// Polls, and returns the messages.
    pub(crate) async fn poll_any(&mut self) -> String {
        self.send("GET", "").await;
        let (response, rest) = read_response(&mut self.socket).await;
        assert_eq!((response.status, rest.len()), (200, 0));
        response.body
    }

    pub(crate) async fn post(&mut self, body: &str) {
        self.send("POST", body).await;
        let headers = "content-type: text/plain\r\ncontent-length: 0\r\n";
        self.expect("200 OK", headers, "").await;
    }

    async fn expect_text(&mut self, status: &str, uncached: &str, text: &str) {
        let length = text.len();
        let headers = format!("content-type: text/plain\r\n{uncached}content-length: {length}\r\n");
        self.expect(status, &headers, text).await;
    }

    pub(crate) async fn shake_hands(&mut self) {
        self.poll("").await;
        self.post(HANDSHAKE).await;
        self.poll("{}\u{1e}").await;
    }
}

const UNKNOWN: &str = "No Connection with that ID";

#[tokio::test]
async fn a_whole_connection_over_one_socket() {
    let server = Server::start().await;
    let mut client = KeptAlive::new(&server, "/plain").await;
    client.shake_hands().await;
    let call = |id| {
        format!(
            "{{\"type\":1,\"invocationId\":\"{id}\",\"target\":\"Add\",\"arguments\":[1,{id}]}}\u{1e}"
        )
    };
    let completed =
        |id, sum| format!("{{\"type\":3,\"invocationId\":\"{id}\",\"result\":{sum}}}\u{1e}");
    client.post(&(call(1) + &call(2))).await;
    client.poll(&(completed(1, 2) + &completed(2, 3))).await;
    client.send("DELETE", "").await;
    client.expect_text("202 Accepted", "", "").await;
    client.send("DELETE", "").await;
    client.expect_text("404 Not Found", "", UNKNOWN).await;
    client.send("POST", "").await;
    client.expect_text("404 Not Found", "", UNKNOWN).await;
    client.send("GET", "").await;
    client.expect_text("404 Not Found", UNCACHED, UNKNOWN).await;
    drop(client);
    let journal = server.finish().await;
    assert_eq!(journal, ["connected", "disconnected: transport closed"]);
}

impl KeptAlive {
    /// Polls after the last message: the end is told once.
    pub(crate) async fn expect_end(&mut self) {
        self.send("GET", "").await;
        let headers = format!("content-type: text/plain\r\n{UNCACHED}");
        self.expect("204 No Content", &headers, "").await;
        self.send("GET", "").await;
        self.expect_text("404 Not Found", UNCACHED, UNKNOWN).await;
    }
}

#[tokio::test]
async fn the_end_is_204_once() {
    let server = Server::start().await;
    let mut client = KeptAlive::new(&server, "/plain").await;
    client.shake_hands().await;
    client.post("{\"type\":7}\u{1e}").await;
    client.poll("{\"type\":7}\u{1e}").await;
    client.expect_end().await;
    drop(client);
    server.finish().await;
}

#[tokio::test]
async fn two_polls_at_once_and_a_dropped_one() {
    let server = Server::start().await;
    let mut client = KeptAlive::new(&server, "/plain").await;
    client.shake_hands().await;
    client.send("GET", "").await;
    let mut second = Line::connect(server.address).await.unwrap();
    let line = format!("GET {}", client.path);
    // The second poll ends the first one, and so shows that it has arrived.
    send_head(&mut second, server.address, &line, "", b"").await;
    let headers = format!("content-type: text/plain\r\n{UNCACHED}");
    client.expect("204 No Content", &headers, "").await;
    second.set_zero_linger().unwrap();
    drop(second);
    let record =
        "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"kept\"]}\u{1e}";
    let completed = "{\"type\":3,\"invocationId\":\"1\",\"result\":\"kept\"}\u{1e}";
    // Nothing is lost once the server has noticed the end of the second poll's socket.
    while server
        .request(&line, "Accept: text/event-stream\r\n")
        .await
        .status
        != 400
    {}
    let mut third = Line::connect(server.address).await.unwrap();
    send_head(&mut third, server.address, &line, "", b"").await;
    client.post(record).await;
    let (polled, _) = read_response(&mut third).await;
    polled.assert_is(200, Some("application/octet-stream"), completed);
    client.send("DELETE", "").await;
    client.expect_text("202 Accepted", "", "").await;
    drop(client);
    server.finish().await;
}

#[tokio::test]
async fn a_post_in_chunks_is_read_like_any_other() {
    let server = Server::start().await;
    let mut client = KeptAlive::new(&server, "/plain").await;
    client.shake_hands().await;
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        client.path
    );
    let record = "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Add\",\"arguments\":[1,2]}\u{1e}";
    let (first, second) = record.split_at(20);
    let mut socket = Line::connect(server.address).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    for part in [first, second] {
        let chunk = format!("{:x}\r\n{part}\r\n", part.len());
        socket.write_all(chunk.as_bytes()).await.unwrap();
    }
    socket.write_all(b"0\r\n\r\n").await.unwrap();
    let (response, _) = read_response(&mut socket).await;
    response.assert_is(200, Some("text/plain"), "");
    assert_eq!(response.header("connection"), Some("close"));
    let completed = "{\"type\":3,\"invocationId\":\"1\",\"result\":3}\u{1e}";
    client.poll(completed).await;
    client.send("DELETE", "").await;
    client.expect_text("202 Accepted", "", "").await;
    drop(client);
    server.finish().await;
}

/// Bodies of which two readers could disagree where they end. Whatever is behind them must not run as a
/// request.
#[tokio::test]
async fn ambiguous_bodies_smuggle_no_request() {
    let server = Server::start().await;
    let mut client = KeptAlive::new(&server, "/plain").await;
    client.shake_hands().await;
    let path = client.path.clone();
    let smuggled = format!("DELETE {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    for (headers, body) in [
        ("Content-Length: 0\r\nContent-Length: 5\r\n", "hello"),
        ("Content-Length: 0, 5\r\n", ""),
        ("Content-Length: +0\r\n", ""),
        ("Content-Length: -1\r\n", ""),
        ("Content-Length: 0x0\r\n", ""),
        ("Content-Length: 99999999999999999999\r\n", ""),
        ("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "0x0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "-1\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "5\r\nhello0\r\n\r\n"),
        (
            "Transfer-Encoding: chunked\r\n",
            "fffffffffffffffff\r\n\r\n",
        ),
    ] {
        let mut socket = Line::connect(server.address).await.unwrap();
        let request = format!("POST {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n{body}{smuggled}");
        socket.write_all(request.as_bytes()).await.unwrap();
        let (response, _) = read_response(&mut socket).await;
        assert_eq!(response.status, 400, "{headers:?} {body:?}");
    }
    // The connection lives, so nothing was deleted.
    client.post("").await;
    client.send("DELETE", "").await;
    client.expect_text("202 Accepted", "", "").await;
    drop(client);
    server.finish().await;
}

/// RFC 9112, section 6.1: such a request is processed by its chunks alone, and ends its connection.
#[tokio::test]
async fn a_body_with_a_length_and_chunks_ends_its_connection() {
    let server = Server::start().await;
    let mut client = KeptAlive::new(&server, "/plain").await;
    client.shake_hands().await;
    let path = client.path.clone();
    for (line, more, status) in [
        (format!("POST {path}"), "", 200),
        (
            format!("POST {path}"),
            "Origin: http://evil.example\r\n",
            403,
        ),
        ("POST /plain?id=unknown".to_owned(), "", 404),
        (
            "POST /plain/negotiate?negotiateVersion=none".to_owned(),
            "",
            200,
        ),
        (
            "POST /plain/negotiate".to_owned(),
            "Origin: http://evil.example\r\n",
            403,
        ),
        ("GET /plain/negotiate".to_owned(), "", 405),
        ("GET /plain?id=unknown".to_owned(), "", 404),
        ("GET /plain".to_owned(), UPGRADE, 400),
        (format!("GET {path}"), "Accept: text/event-stream\r\n", 400),
        ("DELETE /plain?id=unknown".to_owned(), "", 404),
        (format!("PUT {path}"), "", 405),
        ("GET /not-a-hub".to_owned(), "", 404),
    ] {
        for headers in [
            "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        ] {
            let mut socket = Line::connect(server.address).await.unwrap();
            let request = format!(
                "{line} HTTP/1.1\r\nHost: x\r\n{more}{headers}\r\n0\r\n\r\nDELETE {path} HTTP/1.1\r\nHost: x\r\n\r\n"
            );
            socket.write_all(request.as_bytes()).await.unwrap();
            let mut responses = Vec::new();
            // Over TLS, this end is not announced.
            let _ = socket.read_to_end(&mut responses).await;
            let responses = String::from_utf8(responses).unwrap();
            let begins = format!("HTTP/1.1 {status} ");
            assert!(responses.starts_with(&begins), "{line} {more}: {responses}");
            assert_eq!(
                responses.matches("HTTP/1.1").count(),
                1,
                "{line}: {responses}"
            );
        }
    }
    client.post("").await;
    client.send("DELETE", "").await;
    client.expect_text("202 Accepted", "", "").await;
    drop(client);
    server.finish().await;
}

#[tokio::test]
async fn a_post_to_a_web_socket_or_without_an_id_reads_no_body() {
    let server = Server::start().await;
    let refused = post(server.address, "/plain", "body").await;
    refused.assert_is(400, Some("text/plain"), "Connection ID required");
    let token = server.negotiate("/plain").await;
    let path = format!("/plain?id={token}");
    let client = server.open(&path).await;
    let text = "POST requests are not allowed for WebSocket connections.";
    let refused = post(server.address, &path, "body").await;
    refused.assert_is(405, Some("text/plain"), text);
    client.leave().await;
    server.finish().await;
}
