//! `GET {path}` with an upgrade to a WebSocket.

use std::time::Duration;

use crate::server::Server;
use test_support::client::{Client, HANDSHAKE, Received};
use test_support::line::Line;
use test_support::requests::{ACCEPT, UPGRADE};

const UNKNOWN_ID: &str = "No Connection with that ID";

#[tokio::test]
async fn an_upgrade_is_accepted_without_extension_or_sub_protocol() {
    let server = Server::start().await;
    let offers = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
        Sec-WebSocket-Protocol: json, messagepack\r\n";
    let response = server
        .request("GET /plain", &format!("{UPGRADE}{offers}"))
        .await;
    response.assert_is(101, None, "");
    assert_eq!(response.header("upgrade"), Some("websocket"));
    assert_eq!(response.header("connection"), Some("Upgrade"));
    assert_eq!(response.header("sec-websocket-accept"), Some(ACCEPT));
    assert_eq!(response.header("sec-websocket-extensions"), None);
    assert_eq!(response.header("sec-websocket-protocol"), None);
    assert_eq!(server.finish().await, [""; 0]);
}

#[tokio::test]
async fn no_id_or_an_empty_one_opens_a_fresh_connection() {
    let server = Server::start().await;
    for path in ["/plain", "/plain/", "/plain?id=", "/plain?foo=bar"] {
        server.open(path).await.leave().await;
    }
    server.finish().await;
}

#[tokio::test]
async fn spellings_of_a_good_upgrade() {
    let server = Server::start().await;
    let good = [
        UPGRADE.replace("websocket", "WebSocket"),
        UPGRADE.replace("Connection: Upgrade", "Connection: keep-alive, upgrade"),
        UPGRADE.replace("Version: 13", "Version: 13, 8"),
    ];
    for headers in good {
        let response = server.request("GET /plain", &headers).await;
        response.assert_is(101, None, "");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_broken_upgrade_is_a_poll() {
    let server = Server::start().await;
    let broken = [
        UPGRADE.replace("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""),
        UPGRADE.replace("dGhlIHNhbXBsZSBub25jZQ==", "abc"),
        UPGRADE.replace("Sec-WebSocket-Version: 13\r\n", ""),
        UPGRADE.replace("Version: 13", "Version: 8"),
        UPGRADE.replace("Upgrade: websocket\r\n", ""),
        UPGRADE.replace("Upgrade: websocket", "Upgrade: h2c"),
        UPGRADE.replace("Connection: Upgrade\r\n", ""),
    ];
    for headers in broken {
        let response = server.request("GET /plain", &headers).await;
        response.assert_is(400, Some("text/plain"), "Connection ID required");
        assert_eq!(response.header("pragma"), Some("no-cache"));
        let response = server.request("GET /plain?id=x", &headers).await;
        response.assert_is(404, Some("text/plain"), UNKNOWN_ID);
    }
    assert_eq!(server.finish().await, [""; 0]);
}

#[tokio::test]
async fn an_unknown_id_is_not_found_and_has_no_content_type() {
    let server = Server::start().await;
    let elsewhere = server.negotiate("/other").await;
    for id in ["nosuchconnection0000000", "a&id=b", &elsewhere] {
        let line = format!("GET /plain?id={id}");
        let response = server.request(&line, UPGRADE).await;
        response.assert_is(404, None, UNKNOWN_ID);
    }
    let path = format!("/other?id={elsewhere}");
    Client::open(server.address, &path).await.leave().await;
    server.finish().await;
}

#[tokio::test]
async fn the_public_id_of_version_1_opens_nothing() {
    let server = Server::start().await;
    let response = server.request("POST /plain/negotiate?negotiateVersion=1", "");
    let body: serde_json::Value = serde_json::from_str(&response.await.body).unwrap();
    let (id, token) = (&body["connectionId"], &body["connectionToken"]);
    let line = format!("GET /plain?id={}", id.as_str().unwrap());
    let response = server.request(&line, UPGRADE).await;
    response.assert_is(404, None, UNKNOWN_ID);
    let path = format!("/plain?id={}", token.as_str().unwrap());
    Client::open(server.address, &path).await.leave().await;
    server.finish().await;
}

#[tokio::test]
async fn an_id_carries_one_web_socket_and_is_unknown_after_it() {
    let server = Server::start().await;
    let token = server.negotiate("/plain").await;
    let path = format!("/plain?id={token}");
    let mut first = Client::open(server.address, &path).await;
    let line = format!("GET {path}");
    let second = server.request(&line, UPGRADE).await;
    second.assert_is(409, Some("text/plain"), "");
    first.expect_alive().await;
    first.leave().await;
    server.until_only_bystander().await;
    let third = server.request(&line, UPGRADE).await;
    third.assert_is(404, None, UNKNOWN_ID);
    server.finish().await;
}

/// The way a client leaves; its hub then takes its time over `on_disconnected`.
#[derive(Clone, Copy, Debug)]
enum Going {
    Close,
    Fin,
    Reset,
    Violation,
}

async fn go(mut client: Client, going: Going) -> Option<Client> {
    match going {
        Going::Close => client.send_close(&1000u16.to_be_bytes()).await,
        Going::Fin => client.send_fin().await,
        Going::Reset => {
            client.reset();
            return None;
        }
        // A frame without a mask.
        Going::Violation => client.send_raw(&[0x81, 0]).await,
    }
    Some(client)
}

#[tokio::test]
async fn an_id_is_unknown_once_its_web_socket_is_gone_however_long_on_disconnected_takes() {
    let server = Server::start().await;
    let closed = "disconnected: transport closed";
    let ways = [
        (Going::Close, 1, closed),
        (Going::Fin, 2, closed),
        (Going::Reset, 3, closed),
        (
            Going::Violation,
            1,
            "disconnected: unmasked frame from a client",
        ),
    ];
    for (going, times, reason) in ways {
        let token = server.negotiate("/disconnecting-waits").await;
        let path = format!("/disconnecting-waits?id={token}");
        let mut client = Client::open(server.address, &path).await;
        client.expect_alive().await;
        let going_client = go(client, going).await;
        server.journal.until_nth(times, reason).await;
        let upgrade = server.request(&format!("GET {path}"), UPGRADE).await;
        assert_eq!(
            (upgrade.status, &*upgrade.body),
            (404, UNKNOWN_ID),
            "{going:?}"
        );
        for (method, headers) in [
            ("GET", ""),
            ("GET", "Accept: text/event-stream\r\n"),
            ("POST", ""),
            ("DELETE", ""),
        ] {
            let response = server.request(&format!("{method} {path}"), headers).await;
            response.assert_is(404, Some("text/plain"), UNKNOWN_ID);
        }
        server.gate.let_one_pass();
        drop(going_client);
    }
    let journal = server.finish().await;
    assert_eq!(journal.len(), 2 * ways.len(), "{journal:?}");
}

/// Upgrades with this path's id, repeatedly until the id is not in use; returns the response.
async fn upgrade_once_unused(server: &Server, path: &str) -> (u16, String) {
    let unused = async {
        loop {
            let upgrade = server.request(&format!("GET {path}"), UPGRADE).await;
            if upgrade.status != 409 {
                return (upgrade.status, upgrade.body);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let unused = tokio::time::timeout(Duration::from_secs(10), unused).await;
    unused.expect("the transport's end is noticed while the hook runs")
}

#[tokio::test]
async fn an_id_is_unknown_while_on_disconnected_of_its_web_socket_runs() {
    let server = Server::start().await;
    let ways = [Going::Close, Going::Fin, Going::Reset, Going::Violation];
    for (going, times) in ways.into_iter().zip(1..) {
        let token = server.negotiate("/disconnecting-waits").await;
        let path = format!("/disconnecting-waits?id={token}");
        let mut client = Client::open(server.address, &path).await;
        client.send(r#"{"type":7}"#).await;
        client.expect(r#"{"type":7}"#).await;
        let reason = "disconnected: closed by the client";
        server.journal.until_nth(times, reason).await;
        let going_client = go(client, going).await;
        let expected = (404, UNKNOWN_ID.to_owned());
        assert_eq!(
            upgrade_once_unused(&server, &path).await,
            expected,
            "{going:?}"
        );
        if let (Going::Close, Some(mut client)) = (going, going_client) {
            assert_eq!(client.next().await, Received::Close(Some(1000)));
        }
        server.gate.let_one_pass();
    }
    let journal = server.finish().await;
    assert_eq!(journal.len(), 2 * ways.len(), "{journal:?}");
}

/// The hook continues while its client's messages are discarded.
#[tokio::test]
async fn a_client_that_floods_holds_up_no_on_disconnected() {
    let server = Server::start().await;
    let mut client = Client::open(server.address, "/disconnecting-waits").await;
    client.send(r#"{"type":7}"#).await;
    client.expect(r#"{"type":7}"#).await;
    let reason = "disconnected: closed by the client";
    server.journal.until(reason).await;
    let flood = " ".repeat(60_000);
    for _ in 0..200 {
        client.send(&flood).await;
    }
    server.gate.let_one_pass();
    client.expect_closed(1000).await;
    server.finish().await;
}

#[tokio::test]
async fn an_id_is_in_use_while_its_web_socket_waits_for_on_disconnected() {
    let server = Server::start().await;
    let token = server.negotiate("/disconnecting-waits").await;
    let path = format!("/disconnecting-waits?id={token}");
    let mut client = Client::open(server.address, &path).await;
    client.send(r#"{"type":7}"#).await;
    client.expect(r#"{"type":7}"#).await;
    server
        .journal
        .until("disconnected: closed by the client")
        .await;
    let second = server.request(&format!("GET {path}"), UPGRADE).await;
    second.assert_is(409, Some("text/plain"), "");
    server.gate.let_one_pass();
    client.expect_closed(1000).await;
    server.until_only_bystander().await;
    let third = server.request(&format!("GET {path}"), UPGRADE).await;
    third.assert_is(404, None, UNKNOWN_ID);
    server.finish().await;
}

#[tokio::test]
async fn a_page_of_a_foreign_origin_is_refused() {
    let server = Server::start().await;
    for origin in ["https://evil.example", "http://127.0.0.1:1", "null"] {
        for path in ["/plain", "/partner", "/plain?id=x"] {
            let headers = format!("{UPGRADE}Origin: {origin}\r\n");
            let response = server.request(&format!("GET {path}"), &headers).await;
            response.assert_is(403, None, "");
        }
    }
    assert_eq!(server.finish().await, [""; 0]);
}

#[tokio::test]
async fn a_foreign_origin_does_not_use_up_an_id() {
    let server = Server::start().await;
    let path = format!("/plain?id={}", server.negotiate("/plain").await);
    let headers = format!("{UPGRADE}Origin: https://evil.example\r\n");
    let response = server.request(&format!("GET {path}"), &headers).await;
    response.assert_is(403, None, "");
    Client::open(server.address, &path).await.leave().await;
    server.finish().await;
}

#[tokio::test]
async fn pages_of_the_own_origin_and_of_an_allowed_one_pass() {
    let server = Server::start().await;
    let own = format!("http://{}", server.address);
    for (path, origin) in [("/plain", &*own), ("/partner", "https://partner.example")] {
        let headers = format!("{UPGRADE}Origin: {origin}\r\n");
        let response = server.request(&format!("GET {path}"), &headers).await;
        response.assert_is(101, None, "");
    }
    server.finish().await;
}

/// The wrappers that HTTP needs around the socket are removed.
#[tokio::test]
async fn a_connection_gets_the_bare_tcp_socket() {
    let server = Server::start().await;
    let mut client = server.open("/plain").await;
    client
        .send(r#"{"type":1,"invocationId":"1","target":"RemoteAddress","arguments":[]}"#)
        .await;
    let address = client.local_address();
    client
        .expect(&format!(
            r#"{{"type":3,"invocationId":"1","result":"{address}"}}"#
        ))
        .await;
    client.leave().await;
    server.finish().await;
}

#[tokio::test]
async fn frames_in_the_same_packet_as_the_upgrade_are_read() {
    let server = Server::start().await;
    let socket = Line::connect(server.address).await.unwrap();
    let mut frame = Vec::new();
    hubwire::protocol::write_masked_frame(
        &mut frame,
        hubwire::protocol::Opcode::Text,
        [1, 2, 3, 4],
        HANDSHAKE.as_bytes(),
    );
    let mut client = Client::upgrade_over(socket, server.address, "/plain", &frame).await;
    client.expect("{}").await;
    client.expect_alive().await;
    client.leave().await;
    server.finish().await;
}
