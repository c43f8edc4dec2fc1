//! The first message of a connection, and the response to it.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use hubwire_protocol::{
    HandshakeRefusal, HandshakeRequest, HandshakeResponse, HubProtocol, TransferFormat,
};

use super::Session;
use crate::node::with_scratch;

/// How many bytes of a handshake are waited for where messages may be larger.
const MAXIMUM_SIZE: usize = 2 * 1024 * 1024;

/// How a handshake went.
#[derive(Debug)]
pub(crate) enum Handshake {
    Accepted(HubProtocol),
    /// The client was told, where it was still there.
    Refused,
}

impl Session {
    /// Waits for the client's handshake and responds to it.
    pub(super) async fn handshake(&mut self) -> Handshake {
        let limit = self.hub.options().handshake_timeout;
        let request = poll_fn(|cx| self.poll_request(cx));
        let request = match tokio::time::timeout(limit, request).await {
            Ok(Some(request)) => request,
            Ok(None) => return Handshake::Refused,
            Err(_) => {
                self.hub.node().limits().handshake_timeout.count();
                Err(HandshakeRefusal::Canceled)
            }
        };
        let protocol = request.and_then(|request| {
            request.resolve(
                &self.hub.options().supported_protocols,
                self.wire.transport().kind.transfer_formats,
            )
        });
        match protocol {
            Ok(protocol) => {
                self.respond(protocol.transfer_format(), &HandshakeResponse::Accepted);
                tracing::debug!(target: "hubwire::handshake", protocol = protocol.name(), "accepted");
                Handshake::Accepted(protocol)
            }
            Err(refusal) => {
                let text = client_text(&refusal, self.hub.options().detailed_errors);
                tracing::debug!(target: "hubwire::handshake", text, "refused");
                self.respond(
                    TransferFormat::Text,
                    &HandshakeResponse::Refused(text.into()),
                );
                Handshake::Refused
            }
        }
    }

    fn respond(&self, transfer_format: TransferFormat, response: &HandshakeResponse<'_>) {
        let outbound = self.connection().outbound();
        with_scratch(|buffer| {
            response.write(buffer);
            outbound.gather(transfer_format, buffer);
        });
        outbound.write_gathered();
    }

    /// `None` when the client left before it had sent a whole request.
    fn poll_request(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<HandshakeRequest<'static>, HandshakeRefusal>>> {
        self.connection().outbound().register_owner(cx.waker());
        loop {
            if self.connection().has_ended() {
                return Poll::Ready(Some(Err(HandshakeRefusal::Canceled)));
            }
            let limit = self.hub.options().maximum_receive_message_size;
            // One byte more than a request may have tells that it is too long.
            let kept = limit.map_or(MAXIMUM_SIZE, |limit| limit.min(MAXIMUM_SIZE)) + 1;
            match HandshakeRequest::read(self.inbox.bytes(), limit) {
                Err(refusal) => {
                    // Of what is read only one that is too long.
                    if refusal == HandshakeRefusal::Canceled {
                        self.hub.node().limits().message_size.count();
                    }
                    return Poll::Ready(Some(Err(refusal)));
                }
                Ok(Some((request, consumed))) => {
                    let request = request.into_owned();
                    self.inbox.consume(consumed);
                    return Poll::Ready(Some(Ok(request)));
                }
                Ok(None) if self.wire.has_ended() => return Poll::Ready(None),
                Ok(None) => ready!(self.poll_keep(kept, cx)),
            }
        }
    }
}

/// Only what is unexpected has details, which the client sees as it sees those of any error.
fn client_text(refusal: &HandshakeRefusal, detailed: bool) -> String {
    match refusal {
        HandshakeRefusal::Unexpected(fault) if detailed => {
            format!("{refusal} {}: {fault}", fault.exception_name())
        }
        _ => refusal.to_string(),
    }
}
