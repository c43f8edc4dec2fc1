//! A message that another node published.

use hubwire_core::{EncodedMessage, SendError};
use hubwire_protocol::HubProtocol;

use super::delivery::{Before, EncodedOnce};

/// A message from another node, which encoded it.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) json: Option<EncodedMessage>,
    pub(crate) messagepack: Option<EncodedMessage>,
}

impl EncodedOnce for Received {
    fn encoded_before(&self, protocol: HubProtocol) -> Before<'_> {
        let message = match protocol {
            HubProtocol::Json => &self.json,
            HubProtocol::MessagePack => &self.messagepack,
        };
        message.as_ref().map_or(Before::Nothing, Before::Encoded)
    }

    fn encoded(&self, protocol: HubProtocol) -> Result<Option<&EncodedMessage>, SendError> {
        Ok(match self.encoded_before(protocol) {
            Before::Encoded(message) => Some(message),
            Before::Nothing | Before::ToBeEncoded => None,
        })
    }
}
