//! A client that uses MessagePack, and takes its messages as JSON.

use std::io;
use std::time::Duration;

use hubwire::Naming;
use hubwire::manual::Arguments;
use hubwire::protocol::{
    Close, Completion, CompletionOutcome, EncodeError, FrameDecoder, FrameEvent, Headers,
    HubMessage, HubProtocol, Invocation, Masking, Opcode, json, messagepack, write_masked_frame,
};
use hubwire::testing::TestClient;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::timeout;

/// Arguments as a list of any length; tuples have a fixed length.
struct List<'a>(&'a [Value]);

impl Arguments for List<'_> {
    fn write_json(&self, out: &mut Vec<u8>, _: Naming) -> Result<(), EncodeError> {
        json::write_value(out, self.0)
    }

    fn write_messagepack(&self, out: &mut Vec<u8>, _: Naming) -> Result<(), EncodeError> {
        messagepack::write_value(out, self.0)
    }
}

pub struct PackedClient {
    pipe: DuplexStream,
    frames: FrameDecoder,
    received: Vec<u8>,
}

impl PackedClient {
    pub async fn handshaken(client: TestClient) -> io::Result<Self> {
        let mut this = Self {
            pipe: client.into_pipe(),
            frames: FrameDecoder::new(Masking::Forbidden),
            received: Vec::new(),
        };
        let handshake = b"{\"protocol\":\"messagepack\",\"version\":1}\x1e";
        this.send(Opcode::Text, handshake).await?;
        let accepted = b"{}\x1e";
        while this.received.len() < accepted.len() {
            this.read().await?;
        }
        match this.received.strip_prefix(accepted) {
            Some(rest) => this.received = rest.to_vec(),
            None => return Err(io::Error::other("handshake refused")),
        }
        Ok(this)
    }

    async fn send(&mut self, opcode: Opcode, payload: &[u8]) -> io::Result<()> {
        let mut frame = Vec::new();
        write_masked_frame(&mut frame, opcode, [7; 4], payload);
        self.pipe.write_all(&frame).await
    }

    /// Sends a record as MessagePack.
    pub async fn send_record(&mut self, record: &Value) -> io::Result<()> {
        let mut message = Vec::new();
        pack(record, &mut message).map_err(io::Error::other)?;
        self.send(Opcode::Binary, &message).await
    }

    pub async fn close(&mut self) -> io::Result<()> {
        self.send(Opcode::Close, &1000u16.to_be_bytes()).await
    }

    /// Receives for a moment, and returns the ids of the invocations.
    pub async fn invocations(&mut self, moment: Duration) -> io::Result<Vec<String>> {
        let mut ids = Vec::new();
        while let Ok(read) = timeout(moment, self.read()).await {
            read?;
            let mut used = 0;
            while let Some(rest) = self.received.get(used..)
                && let Some((message, consumed)) = HubProtocol::MessagePack
                    .next_message(rest, None)
                    .map_err(io::Error::other)?
            {
                if let HubMessage::Invocation(Invocation {
                    invocation_id: Some(id),
                    ..
                }) = message
                {
                    ids.push(id.into_owned());
                }
                used += consumed;
            }
            self.received.drain(..used);
        }
        Ok(ids)
    }

    /// Waits for the next completion, and returns its result or its error.
    pub async fn completion(&mut self) -> io::Result<Result<Value, String>> {
        loop {
            let mut used = 0;
            let mut ended = None;
            while let Some(rest) = self.received.get(used..)
                && ended.is_none()
                && let Some((message, consumed)) = HubProtocol::MessagePack
                    .next_message(rest, None)
                    .map_err(io::Error::other)?
            {
                used += consumed;
                if let HubMessage::Completion(Completion { outcome, .. }) = message {
                    ended = Some(match outcome {
                        CompletionOutcome::Error(text) => Err(text.into_owned()),
                        CompletionOutcome::Result(result) => {
                            Ok(result.decode().map_err(io::Error::other)?)
                        }
                        CompletionOutcome::Void => Ok(Value::Null),
                    });
                }
            }
            self.received.drain(..used);
            match ended {
                Some(ended) => return Ok(ended),
                None => self.read().await?,
            }
        }
    }

    /// Waits for the Close message, and returns its error and whether it allows to reconnect.
    pub async fn close_message(&mut self) -> io::Result<(Option<String>, bool)> {
        loop {
            // The frame that closes the WebSocket may have arrived with it.
            let read = self.read().await;
            let mut used = 0;
            while let Some(rest) = self.received.get(used..)
                && let Some((message, consumed)) = HubProtocol::MessagePack
                    .next_message(rest, None)
                    .map_err(io::Error::other)?
            {
                if let HubMessage::Close(close) = message {
                    let error = close.error.map(|error| error.into_owned());
                    return Ok((error, close.allow_reconnect));
                }
                used += consumed;
            }
            self.received.drain(..used);
            read?;
        }
    }

    async fn read(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; 16 * 1024];
        let count = self.pipe.read(&mut buffer).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut input = buffer.get_mut(..count).unwrap_or_default();
        while let Some(event) = self.frames.next(&mut input).map_err(io::Error::other)? {
            match event {
                FrameEvent::Data { payload, .. } => self.received.extend_from_slice(payload),
                FrameEvent::Close { .. } => return Err(io::ErrorKind::BrokenPipe.into()),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Writes a record as MessagePack.
pub fn pack(record: &Value, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let text = |key: &str| record[key].as_str().unwrap_or_default();
    let arguments = record["arguments"].as_array();
    let arguments = List(arguments.map(Vec::as_slice).unwrap_or_default());
    let streams = record["streamIds"].as_array();
    let streams: Vec<_> = streams
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let id = text("invocationId");
    let headers: Headers<'_> = record["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
        .collect();
    let writer = HubProtocol::MessagePack.writer(out);
    let mut writer = writer.with_headers(&headers);
    match record["type"].as_u64() {
        Some(1) => {
            let id = record["invocationId"].as_str();
            writer.invocation(id, text("target"), &arguments, &streams)
        }
        Some(2) => writer.stream_item(id, &record["item"]),
        Some(3) if record["result"].is_null() => {
            writer.completion_void(id);
            Ok(())
        }
        Some(3) => writer.completion_result(id, &record["result"]),
        Some(4) => writer.stream_invocation(id, text("target"), &arguments, &streams),
        Some(5) => {
            writer.cancel_invocation(id);
            Ok(())
        }
        _ => {
            writer.close(&Close {
                error: None,
                allow_reconnect: false,
            });
            Ok(())
        }
    }
}
