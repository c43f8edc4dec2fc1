//! The response to a negotiate request.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::error::DecodeError;
use crate::hub_protocol::TransferFormat;
use crate::json::write_value;

/// A transport between client and server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Transport {
    /// One request after the other, each held until there is something to send.
    LongPolling,
    /// An event stream to the client, requests to the server.
    ServerSentEvents,
    /// A socket in both directions.
    WebSockets,
}

impl Transport {
    /// All transports, in the order in which negotiate offers them and clients try them.
    pub const ALL: [Self; 3] = [Self::WebSockets, Self::ServerSentEvents, Self::LongPolling];

    /// Returns the name of the transport on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LongPolling => "LongPolling",
            Self::ServerSentEvents => "ServerSentEvents",
            Self::WebSockets => "WebSockets",
        }
    }

    /// Returns what the transport can carry; event streams carry only text.
    #[must_use]
    pub const fn transfer_formats(self) -> &'static [TransferFormat] {
        match self {
            Self::ServerSentEvents => &[TransferFormat::Text],
            Self::LongPolling | Self::WebSockets => &[TransferFormat::Text, TransferFormat::Binary],
        }
    }
}

/// The response to a negotiate request, always with status 200.
///
/// ```
/// use hubwire::protocol::{NegotiateRefusal, NegotiateResponse};
///
/// let refused = NegotiateResponse::refused(NegotiateRefusal::NotAnInteger);
/// assert_eq!(
///     String::from_utf8(refused.to_json()).unwrap(),
///     r#"{"error":"The client requested a non-integer protocol version."}"#
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Document", untagged)]
pub enum NegotiateResponse {
    /// A connection waits under this id.
    Connection(NegotiatedConnection),
    /// The client must repeat the request at another address.
    #[serde(rename_all = "camelCase")]
    Redirect {
        /// The address.
        url: String,
        /// The bearer token for this and all further requests.
        #[serde(skip_serializing_if = "Option::is_none")]
        access_token: Option<String>,
    },
    /// The request is refused.
    Refused {
        /// The reason.
        error: String,
    },
}

impl NegotiateResponse {
    /// Creates the response to a client with an unsupported version.
    #[must_use]
    pub fn refused(refusal: super::NegotiateRefusal) -> Self {
        Self::Refused {
            error: refusal.to_string(),
        }
    }

    /// Returns the document as the body of a response.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut body = Vec::new();
        write_value(&mut body, self).expect("strings, numbers and lists of them are JSON");
        body
    }

    /// Parses the document as a client does: unknown keys and transports are ignored.
    ///
    /// # Errors
    ///
    /// Returns an error if the document is not JSON, comes from the older ASP.NET SignalR, or
    /// lacks a required key.
    pub fn from_json(body: &[u8]) -> Result<Self, DecodeError> {
        serde_json::from_slice(body).map_err(DecodeError::new)
    }
}

/// A connection that waits for its client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NegotiatedConnection {
    /// Whether the connection survives the loss of its transport.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub use_stateful_reconnect: bool,
    /// The version that was agreed on, 0 or 1.
    pub negotiate_version: i32,
    /// The public id of the connection.
    pub connection_id: String,
    /// The secret that further requests carry; in version 0 they carry the id instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_token: Option<String>,
    /// The available transports, best first.
    pub available_transports: Vec<AvailableTransport>,
}

/// A transport on offer.
///
/// ```
/// use hubwire::protocol::{AvailableTransport, Transport};
///
/// let offer = AvailableTransport::from(Transport::ServerSentEvents);
/// assert_eq!(offer.transfer_formats, Transport::ServerSentEvents.transfer_formats());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AvailableTransport {
    /// The transport.
    pub transport: Transport,
    /// The transfer formats that it can carry.
    pub transfer_formats: Vec<TransferFormat>,
}

impl From<Transport> for AvailableTransport {
    fn from(transport: Transport) -> Self {
        Self {
            transport,
            transfer_formats: transport.transfer_formats().to_vec(),
        }
    }
}

/// The document with all possible keys.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Document {
    #[serde(rename = "ProtocolVersion")]
    legacy_version: Option<IgnoredAny>,
    error: Option<String>,
    url: Option<String>,
    access_token: Option<String>,
    use_stateful_reconnect: bool,
    negotiate_version: i32,
    connection_id: Option<String>,
    connection_token: Option<String>,
    available_transports: Option<Vec<Offer>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Offer {
    transport: String,
    transfer_formats: Vec<String>,
}

impl TryFrom<Document> for NegotiateResponse {
    type Error = String;

    fn try_from(document: Document) -> Result<Self, String> {
        if document.legacy_version.is_some() {
            return Err("the server speaks the older ASP.NET SignalR".to_owned());
        }
        if let Some(error) = document.error {
            return Ok(Self::Refused { error });
        }
        if let Some(url) = document.url {
            return Ok(Self::Redirect {
                url,
                access_token: document.access_token,
            });
        }
        let missing = |key| format!("negotiate response without {key}");
        let with_token = document.negotiate_version > 0;
        if with_token && document.connection_token.is_none() {
            return Err(missing("connectionToken"));
        }
        let offers = document
            .available_transports
            .ok_or_else(|| missing("availableTransports"))?;
        Ok(Self::Connection(NegotiatedConnection {
            use_stateful_reconnect: document.use_stateful_reconnect,
            negotiate_version: document.negotiate_version,
            connection_id: document
                .connection_id
                .ok_or_else(|| missing("connectionId"))?,
            connection_token: document.connection_token.filter(|_| with_token),
            available_transports: offers.iter().filter_map(Offer::known).collect(),
        }))
    }
}

impl Offer {
    fn known(&self) -> Option<AvailableTransport> {
        let formats = [TransferFormat::Text, TransferFormat::Binary];
        let is_offered = |format: &TransferFormat| {
            self.transfer_formats
                .iter()
                .any(|name| name == format.name())
        };
        Some(AvailableTransport {
            transport: Transport::ALL
                .into_iter()
                .find(|known| known.name() == self.transport)?,
            transfer_formats: formats.into_iter().filter(is_offered).collect(),
        })
    }
}

#[cfg(test)]
mod tests;
