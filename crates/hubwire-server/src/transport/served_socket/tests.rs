//! Tests of responses in the socket's own buffer.

use std::future::poll_fn;

use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::outbound::tests::outbound;

/// Elsewhere, the system does not report it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_client_of_a_poll_is_absent_only_when_its_system_was_sent_everything() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
    let (mut client, (socket, _)) = (client.unwrap(), accepted.unwrap());
    let handle = SocketHandle::default();
    let mut served = ServedSocket::new(
        socket,
        None,
        Duration::from_secs(10),
        Arc::default(),
        Upgrade::default(),
        handle.clone(),
    );
    let outbound = outbound(1000);
    let puller = outbound.attach_puller();
    handle.watch(puller.watch());
    let mut written = 0;
    while let Some(count) = served.write(&[0; 64 * 1024]).now_or_never() {
        written += count.unwrap();
    }
    handle.finish(puller);
    assert!(served.flush().now_or_never().is_none());
    assert!(!outbound.is_absent());
    let mut read = vec![0; written];
    client.read_exact(&mut read).await.unwrap();
    poll_fn(|cx| Pin::new(&mut served).poll_flush(cx))
        .await
        .unwrap();
    assert!(outbound.is_absent());
    // The rest of a response whose connection has ended keeps nobody waiting.
    let puller = outbound.attach_puller();
    handle.watch(puller.watch());
    while served.write(&[0; 64 * 1024]).now_or_never().is_some() {}
    handle.finish(puller);
    outbound.close();
    assert!(served.flush().now_or_never().is_some());
}
