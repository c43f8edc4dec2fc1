//! The first message of a connection, and the response to it.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hubwire_protocol::{
    HandshakeRefusal, HandshakeRequest, HandshakeResponse, HubProtocol, TransferFormat,
};

use tokio::time::timeout;

use super::Session;
use crate::hub::{Details, HandshakeReason, Warning};
use crate::node::{ErrorDetail, Turn, with_scratch};

/// How many bytes of a handshake are waited for, even if larger messages are allowed.
const MAXIMUM_SIZE: usize = 2 * 1024 * 1024;

/// The outcome of a handshake.
#[derive(Debug)]
pub(crate) enum Handshake {
    Accepted(HubProtocol),
    /// The client was sent the reason, if it was still connected.
    Refused,
}

impl Session {
    /// Waits for the client's handshake and responds to it.
    pub(super) async fn handshake(&mut self) -> Handshake {
        let limit = self.hub.options().handshake_timeout;
        let request = match timeout(limit, self.request_in_time()).await {
            Ok(Some(request)) => request,
            Ok(None) => return Handshake::Refused,
            Err(_) => {
                self.hub.node().limits().handshake_timeout.count();
                self.warn(HandshakeReason::TimedOut, &HandshakeRefusal::Canceled);
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
                tracing::debug!(
                    target: "hubwire::handshake",
                    protocol = protocol.name(),
                    hub = %self.hub.name(),
                    connection_id = %self.connection().id(),
                    "accepted"
                );
                Handshake::Accepted(protocol)
            }
            Err(refusal) => {
                let text = client_text(&refusal, self.hub.options().error_detail());
                if let Some(reason) = reason_of(&refusal) {
                    self.warn(reason, &refusal);
                }
                self.respond(
                    TransferFormat::Text,
                    &HandshakeResponse::Refused(text.into()),
                );
                Handshake::Refused
            }
        }
    }

    /// Waits for the request until the authentication of the user expires. If it has expired
    /// already, the client has as much time as until the next sweep.
    async fn request_in_time(
        &mut self,
    ) -> Option<Result<HandshakeRequest<'static>, HandshakeRefusal>> {
        let connection = Arc::clone(self.connection());
        let node = Arc::clone(self.hub.node());
        let earliest = node.after(Duration::from_secs(1));
        let mut searched = 0;
        let mut request = pin!(poll_fn(|cx| self.poll_request(&mut searched, cx)));
        loop {
            // A poll may have renewed it in the meantime.
            let expires = connection.expiry().max(earliest);
            let left = Duration::from_millis(expires.saturating_sub(node.now()));
            if left.is_zero() {
                return Some(Err(HandshakeRefusal::Canceled));
            }
            if let Ok(request) = timeout(left, &mut request).await {
                return request;
            }
        }
    }

    fn warn(&self, reason: HandshakeReason, refusal: &HandshakeRefusal) {
        self.hub.warn(Warning::HandshakeRefused(reason), || {
            let details = Details::of(self.connection().id());
            match refusal {
                HandshakeRefusal::Canceled => details,
                HandshakeRefusal::Unexpected(fault) => details.detail(&fault.without_content()),
                _ => details.detail(refusal),
            }
        });
    }

    fn respond(&self, transfer_format: TransferFormat, response: &HandshakeResponse<'_>) {
        let outbound = self.connection().outbound();
        with_scratch(|buffer| {
            response.write(buffer);
            outbound.gather(transfer_format, buffer);
        });
        outbound.write_gathered();
    }

    /// Returns `None` if the client left before it had sent a whole request.
    ///
    /// The first `searched` of the kept bytes were already searched. Searching all of them again
    /// for each byte that arrives would take quadratic time.
    fn poll_request(
        &mut self,
        searched: &mut usize,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<HandshakeRequest<'static>, HandshakeRefusal>>> {
        self.connection().outbound().register_owner(cx.waker());
        let mut turn = Turn::new();
        loop {
            if self.connection().has_ended() {
                return Poll::Ready(Some(Err(HandshakeRefusal::Canceled)));
            }
            let limit = self.hub.options().maximum_receive_message_size;
            // One byte beyond the limit shows that a request is too long.
            let kept = limit.map_or(MAXIMUM_SIZE, |limit| limit.min(MAXIMUM_SIZE)) + 1;
            match self.read_request(limit, searched) {
                Err(refusal) => {
                    // Of the requests that were read, only one that is too long is refused like
                    // this.
                    if refusal == HandshakeRefusal::Canceled {
                        self.hub.node().limits().message_size.count();
                        self.warn(HandshakeReason::TooLarge, &refusal);
                    }
                    return Poll::Ready(Some(Err(refusal)));
                }
                Ok(Some((request, consumed))) => {
                    let request = request.into_owned();
                    self.inbox.consume(consumed);
                    return Poll::Ready(Some(Ok(request)));
                }
                Ok(None) if self.wire.has_ended() => return Poll::Ready(None),
                Ok(None) => ready!(self.poll_keep(kept, &mut turn, cx)),
            }
        }
    }

    fn read_request(
        &self,
        limit: Option<usize>,
        searched: &mut usize,
    ) -> Result<Option<(HandshakeRequest<'_>, usize)>, HandshakeRefusal> {
        let bytes = self.inbox.bytes();
        let new = bytes.get(*searched..).unwrap_or_default();
        tracing::trace!(target: "hubwire::handshake", searched = new.len(), "looked for a request");
        *searched = bytes.len();
        let may_be_too_long = limit.is_some_and(|limit| bytes.len() > limit);
        match HubProtocol::Json.may_complete(bytes, new.len()) || may_be_too_long {
            true => HandshakeRequest::read(bytes, limit),
            false => Ok(None),
        }
    }
}

/// Returns what is wrong with a request, or `None` if there was none, which is logged elsewhere.
const fn reason_of(refusal: &HandshakeRefusal) -> Option<HandshakeReason> {
    match refusal {
        HandshakeRefusal::Unexpected(_) => Some(HandshakeReason::Malformed),
        HandshakeRefusal::UnsupportedFormat { .. } => Some(HandshakeReason::UnsupportedFormat),
        HandshakeRefusal::UnsupportedProtocol { .. } => Some(HandshakeReason::UnsupportedProtocol),
        HandshakeRefusal::UnsupportedVersion { .. } => Some(HandshakeReason::UnsupportedVersion),
        _ => None,
    }
}

/// Returns the text for the client. Only unexpected faults have details, which the client sees
/// under the same rule as those of any error.
fn client_text(refusal: &HandshakeRefusal, detail: ErrorDetail) -> String {
    match refusal {
        HandshakeRefusal::Unexpected(fault) if detail == ErrorDetail::Shown => {
            format!("{refusal} {}: {fault}", fault.exception_name())
        }
        _ => refusal.to_string(),
    }
}
