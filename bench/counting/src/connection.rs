//! Idle connections on real sockets, and the memory that the server holds for them.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use axum::Router;
use hubwire::protocol::{Opcode, write_masked_frame};
use hubwire::{MapHub, SignalR};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use crate::CountingHub;

const UPGRADE: &[u8] = b"GET /hub HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

/// The frame of a handshake response.
const ACCEPTED: &[u8] = b"\x81\x03{}\x1e";

/// How long a client waits for the server.
const PATIENCE: Duration = Duration::from_secs(30);

/// Returns the heap bytes that the server holds for `count` connections after their handshakes.
pub(crate) fn held_bytes(count: usize) -> io::Result<i64> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let signalr = SignalR::new();
    let hub = signalr.hub::<CountingHub>().build(CountingHub);
    let app = Router::new().map_hub("/hub", hub.endpoint());
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    runtime.spawn(hubwire::serve(listener, app).into_future());
    let (connected, all_connected) = oneshot::channel();
    // Only the memory of one thread is counted, so the clients run on another.
    thread::scope(|scope| {
        let clients = scope.spawn(|| {
            let clients: io::Result<Vec<_>> = (0..count).map(|_| connect(address)).collect();
            drop(connected);
            clients
        });
        let counted = allocation_counter::measure(|| {
            // The sender is dropped when all are connected or one connection has failed.
            let _: Result<(), _> = runtime.block_on(all_connected);
        });
        let clients = clients.join().map_err(|_| io::ErrorKind::Other)??;
        debug_assert_eq!(clients.len(), count);
        Ok(counted.bytes_current)
    })
}

/// Connects a client and completes its handshake.
fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.write_all(UPGRADE)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte)?;
        head.extend_from_slice(&byte);
    }
    let request = b"{\"protocol\":\"json\",\"version\":1}\x1e";
    let mut frame = Vec::new();
    write_masked_frame(&mut frame, Opcode::Text, [1, 2, 3, 4], request);
    socket.write_all(&frame)?;
    let mut response = [0; ACCEPTED.len()];
    socket.read_exact(&mut response)?;
    if response != ACCEPTED {
        return Err(io::Error::other(format!("not accepted: {response:?}")));
    }
    Ok(socket)
}
