//! Each way to sign in, on a real socket.

use std::net::SocketAddr;

use test_support::client::Client;
use test_support::requests::{Response, UPGRADE, post_with, read_response, request, send_head};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

use super::*;

const PROXY: &str = "127.0.0.2";
const STRANGER: &str = "127.0.0.3";

/// A running server, and what its users were given.
struct Server {
    address: SocketAddr,
    password: String,
    key: String,
    _serving: JoinSet<std::io::Result<()>>,
}

impl Server {
    async fn start() -> Self {
        let (mut keys, password) = (ApiKeys::default(), Secret::new());
        let key = keys.issue("billing", "Service");
        keys.issue("shipping", "Service");
        let revealed = password.reveal().to_owned();
        let users = Users {
            sessions: Sessions::default(),
            password,
            keys,
        };
        let (signalr, app) = app(users, &[PROXY]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(hubwire::serve(listener, app).with(&signalr).into_future());
        Self {
            address,
            password: revealed,
            key,
            _serving: serving,
        }
    }

    async fn sign_in(&self, password: &str) -> Response {
        let json = "Content-Type: application/json\r\n";
        let body = format!(r#"{{"user":"ann","password":"{password}"}}"#);
        post_with(self.address, "/sign-in", json, &body).await
    }

    /// Signs in, and returns the header with the cookie.
    async fn cookie(&self) -> String {
        let response = self.sign_in(&self.password).await;
        assert_eq!(response.status, 204);
        let cookie = response.header("set-cookie").unwrap();
        let (cookie, attributes) = cookie.split_once("; ").unwrap();
        assert_eq!(
            attributes,
            "Max-Age=28800; Path=/; Secure; HttpOnly; SameSite=Lax"
        );
        format!("Cookie: theme=dark; {cookie}\r\n")
    }

    /// Asserts that nothing of a hub is to be had with these headers.
    async fn assert_refuses(&self, hub: &str, headers: &str) {
        let upgrade = format!("{UPGRADE}{headers}");
        let events = format!("Accept: text/event-stream\r\n{headers}");
        for (line, headers) in [
            (format!("POST {hub}/negotiate?negotiateVersion=1"), headers),
            (format!("GET {hub}"), &upgrade),
            (format!("GET {hub}?id=x"), &events),
            (format!("GET {hub}?id=x"), headers),
            (format!("POST {hub}?id=x"), headers),
            (format!("DELETE {hub}?id=x"), headers),
        ] {
            let response = request(self.address, &line, headers).await;
            assert_eq!(response.status, 401, "{line}\n{headers}");
        }
    }

    /// Connects from an address of this machine.
    async fn from(&self, address: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        let address = format!("{address}:0").parse().unwrap();
        socket.bind(address).unwrap();
        socket.connect(self.address).await.unwrap()
    }
}

/// Sends a message, and asserts that it comes from this user.
async fn assert_is(client: &mut Client, user: &str) {
    client
        .send(r#"{"type":1,"target":"SendMessage","arguments":["hello"]}"#)
        .await;
    let message =
        format!(r#"{{"type":1,"target":"ReceiveMessage","arguments":["{user}","hello"]}}"#);
    client.expect(&message).await;
}

#[tokio::test]
async fn a_session_lasts_until_its_user_signs_out() {
    let server = Server::start().await;
    let cookie = server.cookie().await;
    let me = request(server.address, "GET /me", &cookie).await;
    assert_eq!((me.status, &*me.body), (200, "ann"));
    let mut client = Client::open_with_headers(server.address, "/hubs/secure", &cookie).await;
    assert_is(&mut client, "ann").await;

    let out = request(server.address, "POST /sign-out", &cookie).await;
    assert_eq!(out.status, 204);
    client
        .expect(r#"{"type":7,"error":"You have signed out"}"#)
        .await;
    client.expect_closed(1000).await;
    server.assert_refuses("/hubs/secure", &cookie).await;
    assert_eq!(
        request(server.address, "GET /me", &cookie).await.status,
        401
    );
}

#[tokio::test]
async fn who_does_not_know_the_password_or_a_session_has_none() {
    let server = Server::start().await;
    let wrong = server.sign_in("hunter2").await;
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, None));
    let unknown = format!(
        "Cookie: {}={}\r\n",
        sessions::COOKIE,
        Secret::new().reveal()
    );
    for headers in ["", "Cookie: theme=dark\r\n", &unknown] {
        server.assert_refuses("/hubs/secure", headers).await;
    }
}

#[tokio::test]
async fn a_service_has_its_own_key_only() {
    let server = Server::start().await;
    let header = format!("X-Api-Key: {}\r\n", server.key);
    let mut client = Client::open_with_headers(server.address, "/hubs/services", &header).await;
    assert_is(&mut client, "billing").await;

    let (_, secret) = server.key.split_once('.').unwrap();
    let two = format!("{header}{header}");
    let cookie = server.cookie().await;
    let others = format!("X-Api-Key: shipping.{secret}\r\n");
    let unknown = format!("X-Api-Key: nobody.{secret}\r\n");
    let longer = format!("X-Api-Key: {}x\r\n", server.key);
    for headers in [
        "",
        &others,
        &unknown,
        &longer,
        &two,
        &cookie,
        "X-Api-Key: \r\n",
    ] {
        server.assert_refuses("/hubs/services", headers).await;
    }
    server.assert_refuses("/hubs/secure", &header).await;
}

#[tokio::test]
async fn only_the_proxy_says_whom_it_has_signed_in() {
    let server = Server::start().await;
    let header = "X-Forwarded-User: ann\r\nX-Forwarded-Groups: staff, cooks\r\n";
    let socket = server.from(PROXY).await;
    let mut client = Client::open_over(socket, server.address, "/hubs/intranet", header).await;
    assert_is(&mut client, "ann").await;

    let two = format!("{header}{header}");
    for (from, headers) in [
        (STRANGER, header),
        (PROXY, ""),
        (PROXY, "X-Forwarded-User: \r\n"),
        (PROXY, &two),
    ] {
        let mut socket = server.from(from).await;
        let line = "POST /hubs/intranet/negotiate?negotiateVersion=1";
        send_head(&mut socket, server.address, line, headers, b"").await;
        let (response, _) = read_response(&mut socket).await;
        assert_eq!(response.status, 401, "{from} {headers}");
    }
}
