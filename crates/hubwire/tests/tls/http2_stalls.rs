//! Clients that read single streams of an HTTP/2 connection too slowly, or not at all.

use std::time::Duration;

use h2::Reason;
use h2::client::Builder;
use test_support::http2::{Http2, next};
use test_support::http2_frames::*;
use test_support::tls::HTTP_2;
use test_support::way_out::{Client, KIB};
use tokio::time::{Instant, sleep};

use crate::server::{Encrypted, FILE_SIZE, PipeServer};

const SECOND: Duration = Duration::from_secs(1);

/// How long a client may take nothing, and how long until that is noticed.
const PATIENCE: Duration = Duration::from_secs(60);
const NOTICED: Duration = Duration::from_secs(70);

/// The same of a WebSocket, which is given time for all that its stream took in advance.
const WEB_SOCKET_NOTICED: Duration = Duration::from_secs(150);

async fn http2_with_window(server: &PipeServer, window: u32) -> Http2 {
    let mut builder = Builder::new();
    builder.initial_window_size(window);
    builder.initial_connection_window_size(10_000_000);
    Http2::with(&builder, server.encrypted(&[HTTP_2]).await).await
}

/// Neither an ordinary response, an event stream, a poll nor a WebSocket that is not read outlives
/// the time limit; what is read on the same connection goes on.
#[tokio::test(start_paused = true)]
async fn each_stream_that_is_not_read_is_given_up_and_others_go_on() {
    let server = PipeServer::start();
    // Of 100 bytes, a WebSocket's response has room for the hub's handshake and a little more.
    for window in [100, 65_535] {
        let mut http2 = http2_with_window(&server, window).await;
        let mut good = Client::upgraded(http2.web_socket("/hub").await).await;
        let mut file = http2.get("/file").await;
        let (mut events, _) = http2.event_stream("/hub").await;
        let polls = http2.polling("/hub").await;
        let mut web_socket = Client::upgraded(http2.web_socket("/hub").await).await;
        assert_eq!(server.connections(), 4);
        let text = "x".repeat(400 * KIB);
        server.broadcast(0, &text).await;
        let mut poll = http2.get(&polls).await;
        let since = Instant::now();
        let mut number = 0;
        while since.elapsed() < WEB_SOCKET_NOTICED {
            assert_eq!(good.message().await.unwrap()["arguments"][0], number);
            number += 1;
            sleep(SECOND).await;
            server.broadcast(number, "again").await;
        }
        assert_eq!(file.reset().await, Some(Reason::CANCEL), "the file");
        assert!(events.reset().await.is_some(), "the event stream");
        assert!(poll.reset().await.is_some(), "the poll");
        // What had been sent may still be read, and then there is an end.
        while web_socket.message().await.is_some() {}
        assert_eq!(server.connections(), 1, "with a window of {window}");
        assert_eq!(http2.get("/").await.text().await, "hello");
        drop((good, http2));
        sleep(20 * SECOND).await;
        let left = server.signalr.statistics();
        assert_eq!(
            (left.connections, left.tasks, left.outbound_memory),
            (0, 0, 0)
        );
    }
}

/// A client that takes 20 kB/s gets everything.
#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_not_given_up() {
    let server = PipeServer::start();
    let mut http2 = http2_with_window(&server, 65_535).await;
    let mut file = http2.get("/file").await;
    let (mut events, _) = http2.event_stream("/hub").await;
    let web_socket = Client::upgraded(http2.web_socket("/hub").await).await;
    let polls = http2.polling("/hub").await;
    let text = "x".repeat(10_000);
    for number in 0..150 {
        server.broadcast(number, &text).await;
    }
    let mut poll = http2.get(&polls).await;
    let reading = async |body: &mut h2::RecvStream| {
        let mut size = 0;
        while size < 1_500_000 {
            let count = next(body).await.unwrap().unwrap().len();
            size += count;
            sleep(Duration::from_secs_f64(count as f64 / 20_000.)).await;
        }
        size
    };
    let since = Instant::now();
    let (size, .., read) = tokio::join!(
        reading(&mut file.body),
        reading(&mut events.body),
        reading(&mut poll.body),
        web_socket.at(20_000).count_pushes(150),
    );
    assert_eq!(read, 150);
    assert!(since.elapsed() > PATIENCE);
    let mut size = size;
    while let Some(part) = next(&mut file.body).await {
        size += part.unwrap().len();
    }
    assert_eq!(size, FILE_SIZE);
}

/// Without any window, nothing of a body can be sent, and the streams end all the same.
#[tokio::test(start_paused = true)]
async fn a_window_that_is_never_opened_ends_its_streams() {
    let server = PipeServer::start();
    let paths = {
        let mut http2 = server.http2().await;
        let events = http2.negotiate("/hub").await;
        let polls = http2.polling("/hub").await;
        // The connection of the polls waits for the next one.
        [events, polls, "/file".to_owned()]
    };
    // The setting of the initial window.
    let mut frames = server.frames(&[(4, 0)]).await;
    let since = Instant::now();
    for (stream, path) in (1..).step_by(2).zip(&paths) {
        let mut headers = get(path).to_vec();
        if stream == 1 {
            headers.push(("accept", "text/event-stream"));
        }
        frames.request(stream, &headers).await;
        frames.until(HEADERS, stream).await;
        server.broadcast(0, "for the poll").await;
    }
    let mut resets = Vec::new();
    while resets.len() < 3 {
        let frame = frames.next().await.expect("the connection goes on");
        if frame.kind == RST_STREAM {
            resets.push(frame.stream);
        }
    }
    assert!(since.elapsed() < NOTICED, "{:?}", since.elapsed());
    sleep(20 * SECOND).await;
    let left = server.signalr.statistics();
    assert_eq!((left.connections, left.tasks), (0, 0), "{left:?}");
    frames.request(7, &get("/none")).await;
    frames.until(HEADERS, 7).await;
}

/// The socket itself takes nothing more, so that not even a reset can be sent.
#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_at_all_loses_its_connection() {
    let server = PipeServer::with(|serve| serve.maximum_connections(1));
    let (path, frames) = {
        let mut http2 = server.http2().await;
        let path = http2.negotiate("/hub").await;
        drop(http2);
        (path, until_admitted(&server).await)
    };
    let mut frames = frames;
    // Windows of 2^31 - 1 bytes.
    let increment = (0x7fff_ffff_u32 - 65_535).to_be_bytes();
    frames.send(WINDOW_UPDATE, 0, 0, &increment).await;
    let mut headers = get(&path).to_vec();
    headers.push(("accept", "text/event-stream"));
    frames.request(1, &headers).await;
    for stream in (3..15).step_by(2) {
        frames.request(stream, &get("/file")).await;
    }
    let since = Instant::now();
    sleep(SECOND).await;
    server.broadcast(0, &"x".repeat(400 * KIB)).await;
    let mut other = None;
    while other.is_none() {
        sleep(SECOND).await;
        // TLS itself takes a few more frames, one whenever it is tried.
        assert!(since.elapsed() < 6 * PATIENCE, "it is still there");
        let connector = server.certificate.client(&[HTTP_2]);
        let name = "localhost".try_into().unwrap();
        other = connector.connect(name, server.connect(64 * KIB)).await.ok();
    }
    assert!(since.elapsed() > PATIENCE, "{:?}", since.elapsed());
    drop(frames);
    sleep(20 * SECOND).await;
    let left = server.signalr.statistics();
    assert_eq!((left.connections, left.tasks), (0, 0), "{left:?}");
}

/// Opens a connection once there is room for it.
async fn until_admitted(server: &PipeServer) -> Frames<Encrypted> {
    loop {
        sleep(SECOND / 10).await;
        let connector = server.certificate.client(&[HTTP_2]);
        let name = "localhost".try_into().unwrap();
        let stream = connector.connect(name, server.connect(64 * KIB)).await;
        if let Ok(stream) = stream {
            // The setting of the initial window.
            return Frames::open(stream, &[(4, 0x7fff_ffff)]).await;
        }
    }
}
