//! Clients behind proxies, on real sockets: whose address counts, and which host is the server's.

use std::net::SocketAddr;

use axum::Router;
use hubwire::protocol::Transport;
use hubwire::{
    ConnectionRequest, MapHub, Principal, SignalR, SignalRBuilder, UserId, UserIdProvider,
};
use test_support::requests::UPGRADE;
use test_support::way_out::{EVERY_TRANSPORT, PATIENCE, WayOutHub};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::timeout;

const STRANGER: [u8; 4] = [127, 0, 0, 1];
const PROXY: [u8; 4] = [127, 0, 0, 2];
const OUTER_PROXY: &str = "127.0.0.3";

/// Passes on the address of each client that opens a connection.
struct Addresses(UnboundedSender<Option<SocketAddr>>);

impl UserIdProvider for Addresses {
    fn user_id(&self, request: &ConnectionRequest, _: Option<&Principal>) -> Option<UserId> {
        self.0.send(request.remote_address()).unwrap();
        None
    }
}

struct Server {
    app: Router,
    signalr: SignalR,
    opened: UnboundedReceiver<Option<SocketAddr>>,
    serving: JoinSet<std::io::Result<()>>,
}

impl Server {
    fn new(configure: impl FnOnce(SignalRBuilder) -> SignalRBuilder) -> Self {
        let signalr = SignalR::builder().trusted_proxies(["127.0.0.2", OUTER_PROXY]);
        let signalr = configure(signalr).build();
        let (addresses, opened) = unbounded_channel();
        let hub = signalr
            .hub()
            .user_id_provider(Addresses(addresses))
            .build(WayOutHub);
        Self {
            app: Router::new().map_hub("/hub", hub.endpoint()),
            signalr,
            opened,
            serving: JoinSet::new(),
        }
    }

    /// Serves on TCP, and returns the address.
    async fn start(&mut self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serve = hubwire::serve(listener, self.app.clone()).with(&self.signalr);
        self.serving.spawn(serve.into_future());
        address
    }

    /// Returns the address of the client that has opened the next connection.
    async fn opened(&mut self) -> Option<SocketAddr> {
        let opened = timeout(PATIENCE, self.opened.recv()).await;
        opened.expect("a connection").unwrap()
    }
}

/// Connects from this address of the machine's own.
async fn connect_from(from: [u8; 4], server: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    socket.connect(server).await.unwrap()
}

/// Sends a request; returns the status of the response, and the whole response as far as it is of
/// use here.
async fn ask(
    socket: &mut (impl AsyncRead + AsyncWrite + Unpin),
    line: &str,
    headers: &str,
) -> (u16, String) {
    let head = format!("{line} HTTP/1.1\r\nHost: inner:5000\r\n{headers}\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut response = Vec::new();
    let reading = async {
        loop {
            let text = String::from_utf8_lossy(&response);
            // A negotiation is answered by one object.
            let is_whole = match line.contains("negotiate") && text.starts_with("HTTP/1.1 200 ") {
                true => text.ends_with("]}"),
                false => text.contains("\r\n\r\n"),
            };
            if is_whole {
                return text.into_owned();
            }
            let count = socket.read_buf(&mut response).await.unwrap();
            assert_ne!(count, 0, "{}", String::from_utf8_lossy(&response));
        }
    };
    let text = timeout(PATIENCE, reading).await.expect("a response");
    (text[9..12].parse().unwrap(), text)
}

const NEGOTIATE: &str = "POST /hub/negotiate?negotiateVersion=1";
const NO_BODY: &str = "Content-Length: 0\r\n";

/// Opens a connection of a transport over sockets of this kind, whose peer sends these headers.
async fn open<S: AsyncRead + AsyncWrite + Unpin>(
    transport: Transport,
    connect: impl AsyncFn() -> S,
    headers: &str,
) -> S {
    let mut socket = connect().await;
    if transport == Transport::WebSockets {
        let headers = format!("{UPGRADE}{headers}");
        assert_eq!(ask(&mut socket, "GET /hub", &headers).await.0, 101);
        return socket;
    }
    let (status, negotiated) = ask(&mut socket, NEGOTIATE, NO_BODY).await;
    assert_eq!(status, 200, "{negotiated}");
    let (_, body) = negotiated.split_once("\r\n\r\n").unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let line = format!("GET /hub?id={}", body["connectionToken"].as_str().unwrap());
    let accept = match transport {
        Transport::ServerSentEvents => "Accept: text/event-stream\r\n",
        _ => "",
    };
    let headers = format!("{accept}{headers}");
    assert_eq!(ask(&mut socket, &line, &headers).await.0, 200);
    socket
}

#[tokio::test]
async fn a_trusted_proxy_says_who_its_clients_are_and_a_stranger_does_not() {
    let mut server = Server::new(|signalr| signalr);
    let address = server.start().await;
    for transport in EVERY_TRANSPORT {
        for (from, headers, expected) in [
            (
                PROXY,
                "X-Forwarded-For: 203.0.113.9\r\n",
                Some("203.0.113.9:0"),
            ),
            (
                PROXY,
                "X-Forwarded-For: 192.0.2.1\r\nx-forwarded-for: [2001:db8::1]:80\r\n",
                Some("[2001:db8::1]:80"),
            ),
            (PROXY, "X-Forwarded-For: unknown\r\n", None),
            (PROXY, "Forwarded: for=203.0.113.9\r\n", None),
            (PROXY, "", None),
            (STRANGER, "X-Forwarded-For: 203.0.113.9\r\n", None),
            (
                STRANGER,
                "X-Forwarded-For: 203.0.113.9, 127.0.0.2\r\n",
                None,
            ),
        ] {
            let socket = open(
                transport,
                async || connect_from(from, address).await,
                headers,
            )
            .await;
            let opened = server.opened().await;
            let own = socket.local_addr().unwrap();
            let expected = expected.map_or(own, |text| text.parse().unwrap());
            assert_eq!(opened, Some(expected), "{transport:?} {from:?} {headers}");
        }
    }
}

#[tokio::test]
async fn behind_two_proxies_the_client_is_who_the_outer_one_says() {
    let mut server = Server::new(|signalr| signalr.maximum_negotiated_ids_per_address(1));
    let address = server.start().await;
    for transport in EVERY_TRANSPORT {
        // The first address is what the client itself has sent.
        let headers = format!("X-Forwarded-For: 10.0.0.1, 203.0.113.9, {OUTER_PROXY}\r\n");
        let _socket = open(
            transport,
            async || connect_from(PROXY, address).await,
            &headers,
        )
        .await;
        let client = "203.0.113.9:0".parse().unwrap();
        assert_eq!(server.opened().await, Some(client), "{transport:?}");
    }
    for (from, client, status) in [
        (PROXY, "203.0.113.1", 200),
        (PROXY, "203.0.113.1", 503),
        (PROXY, "203.0.113.2", 200),
        (STRANGER, "203.0.113.3", 200),
        (STRANGER, "203.0.113.4", 503),
    ] {
        let headers = format!("{NO_BODY}X-Forwarded-For: {client}, {OUTER_PROXY}\r\n");
        let mut socket = connect_from(from, address).await;
        let asked = ask(&mut socket, NEGOTIATE, &headers).await;
        assert_eq!(asked.0, status, "{from:?} {client}");
    }
}

#[tokio::test]
async fn a_page_is_the_servers_own_if_a_trusted_proxy_was_asked_for_its_host() {
    let mut server = Server::new(|signalr| signalr);
    let address = server.start().await;
    let forwarded = "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Host: chat.example\r\n";
    let (chat, inner) = ("https://chat.example", "http://inner:5000");
    for (from, origin, is_own) in [
        (PROXY, chat, true),
        (PROXY, inner, false),
        (STRANGER, chat, false),
        (STRANGER, inner, true),
    ] {
        let headers = format!("Origin: {origin}\r\n{forwarded}");
        for (line, more, status) in [
            (NEGOTIATE, NO_BODY, 200),
            ("GET /hub", UPGRADE, 101),
            ("GET /hub", "Accept: text/event-stream\r\n", 400),
            ("GET /hub", "", 400),
            ("POST /hub", NO_BODY, 400),
            ("DELETE /hub", "", 400),
        ] {
            let mut socket = connect_from(from, address).await;
            let asked = ask(&mut socket, line, &format!("{headers}{more}")).await;
            let status = if is_own { status } else { 403 };
            assert_eq!(asked.0, status, "{from:?} {origin} {line}");
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_proxy_on_a_unix_socket_is_trusted_as_unix() {
    use tokio::net::{UnixListener, UnixStream};

    for (entries, is_trusted) in [
        (&["unix"][..], true),
        (&["127.0.0.1", "unix"], true),
        (&["0.0.0.0/0", "::/0"], false),
        (&[], false),
    ] {
        let mut server = Server::new(|signalr| {
            let signalr = signalr.trusted_proxies(entries.iter().copied());
            signalr.maximum_negotiated_ids_per_address(1)
        });
        let name = format!("hubwire-{}-proxy.sock", std::process::id());
        let path = std::env::temp_dir().join(name);
        let listener = UnixListener::bind(&path).unwrap();
        let serve = hubwire::serve(listener, server.app.clone()).with(&server.signalr);
        server.serving.spawn(serve.into_future());
        let connect = async || UnixStream::connect(&path).await.unwrap();

        let headers = "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Host: chat.example\r\n";
        let client = is_trusted.then(|| "203.0.113.9:0".parse().unwrap());
        for transport in EVERY_TRANSPORT {
            let _socket = open(transport, connect, headers).await;
            assert_eq!(server.opened().await, client, "{entries:?} {transport:?}");
        }
        let page = format!("{NO_BODY}Origin: https://chat.example\r\n{headers}");
        let (first, second) = if is_trusted { (200, 503) } else { (403, 403) };
        assert_eq!(ask(&mut connect().await, NEGOTIATE, &page).await.0, first);
        assert_eq!(ask(&mut connect().await, NEGOTIATE, &page).await.0, second);
        std::fs::remove_file(&path).unwrap();
    }
}

/// A server that does not say who its peers are has no trusted ones; the address of a WebSocket is
/// that of its socket.
#[tokio::test]
async fn without_the_peers_address_nothing_is_forwarded() {
    let mut server = Server::new(|signalr| signalr);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = server.app.clone();
    let serve = axum::serve(listener, app).into_future();
    server.serving.spawn(serve);
    let headers = "X-Forwarded-For: 203.0.113.9\r\n";
    for transport in EVERY_TRANSPORT {
        let socket = open(
            transport,
            async || connect_from(PROXY, address).await,
            headers,
        )
        .await;
        let own = (transport == Transport::WebSockets).then(|| socket.local_addr().unwrap());
        assert_eq!(server.opened().await, own, "{transport:?}");
    }
}

/// A server other than `serve` that says it.
#[tokio::test]
async fn any_server_may_say_who_its_peers_are() {
    let mut server = Server::new(|signalr| signalr);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = server.app.clone();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    server
        .serving
        .spawn(axum::serve(listener, app).into_future());
    let headers = "X-Forwarded-For: 203.0.113.9\r\n";
    for transport in EVERY_TRANSPORT {
        let _socket = open(
            transport,
            async || connect_from(PROXY, address).await,
            headers,
        )
        .await;
        let client = "203.0.113.9:0".parse().unwrap();
        assert_eq!(server.opened().await, Some(client), "{transport:?}");
    }
}
