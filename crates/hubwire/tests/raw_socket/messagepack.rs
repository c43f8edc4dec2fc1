//! A client that uses MessagePack, next to one that uses JSON.

use hubwire::protocol::{Close, HubProtocol, MessageWriter, Opcode, write_frame};

use crate::server::Server;
use test_support::client::Client;

const HANDSHAKE: &str = "{\"protocol\":\"messagepack\",\"version\":1}\x1e";

/// Returns the frames of these messages, one frame each.
fn frame(write: impl FnOnce(&mut MessageWriter<'_>)) -> Vec<u8> {
    let mut frame = Vec::new();
    write_frame(&mut frame, Opcode::Binary, &message(write));
    frame
}

fn message(write: impl FnOnce(&mut MessageWriter<'_>)) -> Vec<u8> {
    let mut message = Vec::new();
    write(&mut HubProtocol::MessagePack.writer(&mut message));
    message
}

fn call(id: &str, target: &str, arguments: &dyn hubwire::manual::Arguments) -> Vec<u8> {
    message(|writer| {
        writer.invocation(Some(id), target, arguments, &[]).unwrap();
    })
}

async fn open(server: &Server, path: &str) -> Client {
    let mut client = server.upgrade(path).await;
    client.send_text(HANDSHAKE).await;
    expect(&mut client, b"\x82\x03{}\x1e").await;
    client
}

async fn expect(client: &mut Client, frames: &[u8]) {
    client.expect_raw(frames, &mut Vec::new()).await;
}

#[tokio::test]
async fn calls_are_completed_in_binary_frames() {
    let server = Server::start().await;
    let mut client = open(&server, "/detailed").await;
    for (bytes, completion) in [
        (
            call("1", "Echo", &("é",)),
            frame(|writer| writer.completion_result("1", "é").unwrap()),
        ),
        (
            call("2", "add", &(40, 2)),
            frame(|writer| writer.completion_result("2", &42).unwrap()),
        ),
        (
            call("3", "Note", &("x",)),
            frame(|writer| writer.completion_result("3", &()).unwrap()),
        ),
        (
            call("4", "Add", &(1,)),
            frame(|writer| {
                writer.completion_error("4", "Failed to invoke 'Add' due to an error on the server. InvalidDataException: Invocation provides 1 argument(s) but target expects 2.");
            }),
        ),
        (
            // Incomplete arguments are a fault of their call only.
            b"\x0d\x96\x01\x80\xa15\xa4Echo\x91\xa9x".to_vec(),
            frame(|writer| {
                writer.completion_error("5", "Failed to invoke 'Echo' due to an error on the server. InvalidDataException: Error binding arguments. Make sure that the types of the provided values match the types of the hub method being invoked.");
            }),
        ),
    ] {
        client.send_frame(Opcode::Binary, &bytes).await;
        expect(&mut client, &completion).await;
    }
    client.leave().await;
    server.finish().await;
}

#[tokio::test]
async fn a_message_may_arrive_in_pieces() {
    let server = Server::start().await;
    let mut client = open(&server, "/plain").await;
    let long = "x".repeat(20_000);
    let completion = frame(|writer| writer.completion_result("1", &long).unwrap());
    let bytes = call("1", "Echo", &(long,));
    for piece in bytes.chunks(700) {
        client.send_frame(Opcode::Binary, piece).await;
    }
    expect(&mut client, &completion).await;
    for byte in call("2", "Add", &(40, 2)) {
        client.send_frame(Opcode::Binary, &[byte]).await;
    }
    let completion = frame(|writer| writer.completion_result("2", &42).unwrap());
    expect(&mut client, &completion).await;
    client.leave().await;
    server.finish().await;
}

#[tokio::test]
async fn a_send_reaches_clients_of_both_protocols() {
    let server = Server::start().await;
    let mut packed = open(&server, "/quiet").await;
    let mut json = server.open("/quiet").await;
    let context = server.quiet.context();
    context.clients().all().counted(300, "é").await.unwrap();
    let pushed = frame(|writer| {
        writer
            .invocation(None, "Counted", &(300, "é"), &[])
            .unwrap()
    });
    expect(&mut packed, &pushed).await;
    json.expect(r#"{"type":1,"target":"Counted","arguments":[300,"é"]}"#)
        .await;
    packed.leave().await;
    json.leave().await;
    server.finish().await;
}

#[tokio::test]
async fn nonsense_ends_the_connection() {
    let server = Server::start().await;
    for (bytes, error) in [
        (
            &b"\xff\xff\xff\xff\x08"[..],
            "FormatException: Messages over 2GB in size are not supported.",
        ),
        (
            b"\x01\xc0",
            "MessagePackSerializationException: Unexpected msgpack code 192 (nil) encountered.",
        ),
        (
            b"\x02\x91\x07",
            "InvalidDataException: Reading 'error' as String failed.",
        ),
    ] {
        let mut client = open(&server, "/detailed").await;
        client.send_frame(Opcode::Binary, bytes).await;
        let text = format!("Connection closed with an error. {error}");
        expect(
            &mut client,
            &frame(|writer| {
                writer.close(&Close {
                    error: Some(text.as_str().into()),
                    allow_reconnect: true,
                })
            }),
        )
        .await;
        client.expect_closed(1000).await;
    }
    server.finish().await;
}
