//! A WebSocket over an in-memory pipe.

use std::future::ready;
use std::io;
use std::sync::Arc;

use axum::body::Bytes;
use hubwire_core::ConnectionId;
use hubwire_protocol::{FrameDecoder, FrameEvent, Masking, Opcode, write_masked_frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::client_transport::sealed::Sealed;
use super::{ClientTransport, Incoming};
use crate::connection::{ConnectionRequest, Principal};
use crate::endpoint::{Attached, HubEndpoint, open_web_socket, spawn_session};
use crate::lifetime::DisconnectCount;
use crate::transport::Socket;

/// The number of bytes that the pipe holds in each direction before its writer waits, as a socket's
/// buffers do.
const PIPE_SIZE: usize = 64 * 1024;

/// The mask of all frames. Clients must mask their frames; the mask itself does not matter.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The client's end of a WebSocket in memory.
#[derive(Debug)]
pub struct WebSocketPipe {
    pipe: DuplexStream,
    frames: FrameDecoder,
    connection_id: ConnectionId,
}

impl WebSocketPipe {
    /// Opens a WebSocket without negotiation.
    pub(super) fn open(
        endpoint: &HubEndpoint,
        principal: Option<Principal>,
        since: DisconnectCount,
    ) -> Self {
        let (pipe, far_end) = tokio::io::duplex(PIPE_SIZE);
        endpoint.hub().node().start();
        let request = ConnectionRequest::of(principal.clone());
        let attached = Attached::fresh(endpoint, principal, since);
        let slot = Arc::clone(attached.slot());
        let connection_id = slot.id().clone();
        let socket = Socket::of_other(Box::new(far_end), Bytes::new(), None);
        let session = open_web_socket(endpoint, &attached, request, socket);
        spawn_session(endpoint.hub(), &slot, ready(Some((attached, session))));
        Self {
            pipe,
            frames: FrameDecoder::new(Masking::Forbidden),
            connection_id,
        }
    }

    pub(super) async fn send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.pipe.write_all(bytes).await
    }

    pub(super) fn into_pipe(self) -> DuplexStream {
        self.pipe
    }

    async fn send_frame(&mut self, opcode: Opcode, payload: &[u8]) -> io::Result<()> {
        let mut frame = Vec::new();
        write_masked_frame(&mut frame, opcode, MASK, payload);
        self.send_raw(&frame).await
    }

    fn decode(&mut self, mut input: &mut [u8]) -> io::Result<Vec<Incoming>> {
        let mut incoming = Vec::new();
        while let Some(event) = self.frames.next(&mut input).map_err(io::Error::other)? {
            incoming.push(match event {
                FrameEvent::Data { payload, .. } => Incoming::Bytes(payload.to_vec()),
                FrameEvent::Close { code, .. } => Incoming::Closed(code),
                FrameEvent::Pong(_) => Incoming::Pong,
                FrameEvent::Ping(_) => continue,
            });
        }
        Ok(incoming)
    }
}

impl Sealed for WebSocketPipe {
    fn connection_id(&self) -> &ConnectionId {
        &self.connection_id
    }
}

impl ClientTransport for WebSocketPipe {
    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.send_frame(Opcode::Text, bytes).await
    }

    async fn receive(&mut self) -> io::Result<Vec<Incoming>> {
        let mut buffer = vec![0; 16 * 1024];
        match self.pipe.read(&mut buffer).await {
            Ok(0) | Err(_) => Ok(vec![Incoming::Lost]),
            Ok(count) => self.decode(buffer.get_mut(..count).unwrap_or_default()),
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.send_frame(Opcode::Close, &1000u16.to_be_bytes()).await
    }
}
