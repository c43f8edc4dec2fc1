//! An in-memory transport for a client that pulls messages, and can leave and come back.

use std::future::{poll_fn, ready};
use std::io;
use std::sync::Arc;

use hubwire_core::{ConnectionId, FrameFormat};
use hubwire_protocol::{TransferFormat, Transport};

use super::client_transport::sealed::Sealed;
use super::{ClientTransport, Incoming};
use crate::connection::{ConnectionRequest, Principal};
use crate::endpoint::{Attached, HubEndpoint, spawn_session};
use crate::lifetime::DisconnectCount;
use crate::outbound::{Outbound, Puller};
use crate::transport::{Input, PipeWriter, TransportKind, pipe};

/// The maximum number of the client's bytes that wait for its session.
const PIPE_SIZE: usize = 64 * 1024;

/// Hub messages one after another, as in the response body of a poll.
static PULLED: TransportKind = TransportKind {
    transport: Transport::ServerSentEvents,
    frames: FrameFormat::new("bare messages", |_, message, output| {
        output.extend_from_slice(message);
    }),
    transfer_formats: &[TransferFormat::Text, TransferFormat::Binary],
};

/// The client's end of a transport with a pulled direction and a pipe.
///
/// The client pulls what the server sends, and writes into the pipe. Messages that are sent while
/// the client does not pull are kept, within the hub's limits.
#[derive(Debug)]
pub struct PulledTransport {
    writer: Option<PipeWriter>,
    outbound: Arc<Outbound>,
    puller: Option<Puller>,
    connection_id: ConnectionId,
}

impl PulledTransport {
    /// Opens a connection without negotiation.
    pub(super) fn open(
        endpoint: &HubEndpoint,
        principal: Option<Principal>,
        since: DisconnectCount,
    ) -> Self {
        let (writer, reader) = pipe(PIPE_SIZE);
        endpoint.hub().node().start();
        let request = ConnectionRequest::of(principal.clone());
        let attached = Attached::fresh(endpoint, principal, since);
        let connection = attached.open(endpoint, request, &PULLED);
        let outbound = Arc::clone(connection.outbound());
        let connection_id = connection.id().clone();
        let slot = Arc::clone(attached.slot());
        let session = endpoint.session(connection, &PULLED, Input::Pipe(reader));
        spawn_session(endpoint.hub(), &slot, ready(Some((attached, session))));
        Self {
            writer: Some(writer),
            puller: Some(outbound.attach_puller()),
            outbound,
            connection_id,
        }
    }

    /// Stops pulling, as between two polls.
    pub(super) fn leave(&mut self) {
        self.puller = None;
    }

    /// Pulls again. Any other puller is replaced.
    pub(super) fn come_back(&mut self) {
        self.puller = Some(self.outbound.attach_puller());
    }
}

impl Sealed for PulledTransport {
    fn connection_id(&self) -> &ConnectionId {
        &self.connection_id
    }
}

impl ClientTransport for PulledTransport {
    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.writer {
            Some(writer) => writer.write(bytes).await,
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    async fn receive(&mut self) -> io::Result<Vec<Incoming>> {
        let Some(puller) = &mut self.puller else {
            return Err(io::Error::other("a client that has left receives nothing"));
        };
        // Whole messages: a client that leaves in the middle of one would get it twice.
        let pulled = poll_fn(|cx| puller.poll_pull(cx, usize::MAX)).await;
        let pulled = pulled.map(|bytes| Incoming::Bytes(bytes.into()));
        Ok(vec![pulled.unwrap_or(Incoming::Lost)])
    }

    async fn close(&mut self) -> io::Result<()> {
        self.writer = None;
        Ok(())
    }
}
