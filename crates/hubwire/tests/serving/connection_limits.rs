//! The limits on connections, in total and per address, on real sockets.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use hubwire::{MapHub, Serve, SignalR};
use test_support::way_out::{Client, PATIENCE, WayOutHub};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Starts a server with these limits; it runs for as long as the value returned with its address.
async fn serve(
    limit: impl FnOnce(Serve<TcpListener>) -> Serve<TcpListener>,
) -> (SocketAddr, impl Sized) {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let signalr = SignalR::new();
    let hub = signalr.hub::<WayOutHub>().build(WayOutHub);
    let app = Router::new()
        .route("/", get("hello"))
        .map_hub("/hub", hub.endpoint());
    let mut serving = JoinSet::new();
    serving.spawn(limit(hubwire::serve(listener, app).with(&signalr)).into_future());
    (([127, 0, 0, 1], port).into(), (serving, signalr))
}

/// Connects from this address of the machine's own.
async fn connect_from(from: [u8; 4], server: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    socket.connect(server).await.unwrap()
}

/// Sends a request on this connection, which stays open if it is served; returns the response.
async fn ask(socket: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> String {
    // A refused connection may be closed before it has asked.
    let _ = socket.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut response = Vec::new();
    let reading = async {
        while !response.ends_with(b"hello") {
            let Ok(1..) = socket.read_buf(&mut response).await else {
                break;
            };
        }
    };
    timeout(PATIENCE, reading).await.expect("a response");
    String::from_utf8(response).unwrap()
}

fn assert_served(response: &str) {
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
}

fn assert_refused(response: &str) {
    assert!(response.starts_with("HTTP/1.1 503 "), "{response}");
    assert!(response.contains("Connection: close\r\n"), "{response}");
}

/// Sends requests on new connections until one is served, for which others have to leave.
async fn until_served(server: SocketAddr) -> TcpStream {
    let asking = async {
        loop {
            let mut socket = TcpStream::connect(server).await.unwrap();
            if ask(&mut socket).await.starts_with("HTTP/1.1 200 ") {
                return socket;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, asking)
        .await
        .expect("there is room again")
}

#[tokio::test]
async fn connections_beyond_the_maximum_get_503_until_others_leave() {
    let (server, _serving) = serve(|serve| serve.maximum_connections(2)).await;
    let mut first = TcpStream::connect(server).await.unwrap();
    let mut second = TcpStream::connect(server).await.unwrap();
    assert_served(&ask(&mut first).await);
    assert_served(&ask(&mut second).await);
    for _ in 0..100 {
        let mut other = TcpStream::connect(server).await.unwrap();
        assert_refused(&ask(&mut other).await);
    }
    assert_served(&ask(&mut first).await);
    drop(second);
    let mut third = until_served(server).await;
    let mut fourth = TcpStream::connect(server).await.unwrap();
    assert_refused(&ask(&mut fourth).await);
    assert_served(&ask(&mut third).await);
}

#[tokio::test]
async fn a_hubs_connections_count_until_they_end() {
    let (server, _serving) = serve(|serve| serve.maximum_connections(1)).await;
    let mut client = Client::connect(server, None).await;
    let mut other = TcpStream::connect(server).await.unwrap();
    assert_refused(&ask(&mut other).await);
    client.id().await;
    drop(client);
    until_served(server).await;
}

#[tokio::test]
async fn each_address_has_room_of_its_own() {
    let (server, _serving) = serve(|serve| serve.maximum_connections_per_address(1)).await;
    let mut open = Vec::new();
    for address in [[127, 0, 0, 1], [127, 0, 0, 2]] {
        let mut first = connect_from(address, server).await;
        assert_served(&ask(&mut first).await);
        let mut second = connect_from(address, server).await;
        assert_refused(&ask(&mut second).await);
        open.push(first);
    }
    open.clear();
    until_served(server).await;
}

/// Refused clients that read nothing keep no descriptors, and do not prevent others from
/// connecting.
#[tokio::test]
async fn refused_clients_delay_nobody() {
    let (server, _serving) = serve(|serve| serve.maximum_connections(1)).await;
    let mut first = TcpStream::connect(server).await.unwrap();
    assert_served(&ask(&mut first).await);
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(TcpStream::connect(server).await.unwrap());
    }
    // Each of them is cut off although it is silent, long before an idle connection would be.
    let ending = async {
        for socket in &mut silent {
            let _ = socket.read_to_end(&mut Vec::new()).await;
        }
    };
    let ended = timeout(Duration::from_secs(15), ending).await;
    ended.expect("the server ends the connections");
    drop(first);
    until_served(server).await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_clients_of_a_unix_socket_have_no_addresses() {
    use tokio::net::{UnixListener, UnixStream};

    let name = format!("hubwire-{}-limits.sock", std::process::id());
    let path = std::env::temp_dir().join(name);
    let listener = UnixListener::bind(&path).unwrap();
    let app = Router::new().route("/", get("hello"));
    let mut serving = JoinSet::new();
    let serve = hubwire::serve(listener, app)
        .maximum_connections(3)
        .maximum_connections_per_address(1);
    serving.spawn(serve.into_future());
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut socket = UnixStream::connect(&path).await.unwrap();
        assert_served(&ask(&mut socket).await);
        open.push(socket);
    }
    let mut other = UnixStream::connect(&path).await.unwrap();
    assert_refused(&ask(&mut other).await);
    std::fs::remove_file(&path).unwrap();
}
