//! The handshake that opens a hub connection. It is JSON in every hub protocol.

use std::borrow::Cow;
use std::fmt;

use crate::error::ProtocolError;
use crate::framing::{NextRecord, RECORD_SEPARATOR, next_record};
use crate::hub_protocol::{HubProtocol, TransferFormat};
use crate::json::{decode, read_properties, within_depth, write_text};

mod refusal;

pub use refusal::{HandshakeFault, HandshakeRefusal};

/// The request with which a client opens a hub connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeRequest<'a> {
    /// The name of the hub protocol, as written by the client.
    pub protocol: Cow<'a, str>,
    /// The version of the protocol; clients that support stateful reconnect ask for 2.
    pub version: i32,
}

impl<'a> HandshakeRequest<'a> {
    /// Parses the request at the front of `buffer` and returns it with the number of bytes it
    /// took.
    ///
    /// Returns `None` if more bytes are needed. The bytes after the request are the first hub
    /// messages.
    ///
    /// ```
    /// use hubwire::protocol::{HandshakeRequest, HubProtocol, TransferFormat};
    ///
    /// let buffer = b"{\"protocol\":\"JSON\",\"version\":1}\x1e{\"type\":6}\x1e";
    /// let (request, consumed) = HandshakeRequest::read(buffer, Some(32 * 1024))?.unwrap();
    /// let protocol = request.resolve(&[HubProtocol::Json], &[TransferFormat::Text])?;
    /// assert_eq!(protocol, HubProtocol::Json);
    /// assert_eq!(&buffer[consumed..], b"{\"type\":6}\x1e");
    /// # Ok::<(), hubwire::protocol::HandshakeRefusal>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the request is malformed, or has more than `limit` bytes including its
    /// separator.
    pub fn read(
        buffer: &'a [u8],
        limit: Option<usize>,
    ) -> Result<Option<(Self, usize)>, HandshakeRefusal> {
        match next_record(buffer, limit) {
            NextRecord::Complete(record) => Ok(Some((Self::parse(record)?, record.len() + 1))),
            NextRecord::Incomplete => Ok(None),
            NextRecord::TooLong => Err(HandshakeRefusal::Canceled),
        }
    }

    /// Parses one record, without its separator.
    ///
    /// # Errors
    ///
    /// Returns an error if the record is not a handshake request.
    pub fn parse(record: &'a [u8]) -> Result<Self, HandshakeRefusal> {
        let parsed = match decode(record) {
            Cow::Borrowed(text) => Self::from_text(text),
            Cow::Owned(text) => {
                HandshakeRequest::from_text(&text).map(HandshakeRequest::into_owned)
            }
        };
        parsed.map_err(|error| HandshakeRefusal::Unexpected(HandshakeFault::new(record, &error)))
    }

    fn from_text(text: &'a str) -> Result<Self, ProtocolError> {
        let mut protocol = None;
        let mut version = None;
        read_properties(within_depth(text), |name, value| {
            match name.known() {
                "protocol" => protocol = Some(value.string("protocol")?),
                "version" => version = Some(value.int32("version")?),
                _ => {}
            }
            Ok(())
        })?;
        Ok(Self {
            protocol: protocol.ok_or(ProtocolError::MissingProperty {
                property: "protocol",
            })?,
            version: version.ok_or(ProtocolError::MissingProperty {
                property: "version",
            })?,
        })
    }

    /// Returns the requested protocol, if the hub supports it and the transport can carry it.
    ///
    /// # Errors
    ///
    /// Returns [`HandshakeRefusal`] otherwise. Versions below 1 are accepted.
    pub fn resolve(
        &self,
        supported: &[HubProtocol],
        formats: &[TransferFormat],
    ) -> Result<HubProtocol, HandshakeRefusal> {
        let protocol = HubProtocol::from_name(&self.protocol)
            .filter(|protocol| supported.contains(protocol))
            .ok_or_else(|| HandshakeRefusal::UnsupportedProtocol { name: self.name() })?;
        if self.version > HubProtocol::MAXIMUM_VERSION {
            let (version, name) = (self.version, self.name());
            return Err(HandshakeRefusal::UnsupportedVersion { version, name });
        }
        if !formats.contains(&protocol.transfer_format()) {
            return Err(HandshakeRefusal::UnsupportedFormat { protocol });
        }
        Ok(protocol)
    }

    fn name(&self) -> Box<str> {
        self.protocol.as_ref().into()
    }

    /// Appends the request and its separator, as a client does.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"protocol":"#);
        write_text(out, &self.protocol);
        out.extend_from_slice(format!(r#","version":{}"#, self.version).as_bytes());
        out.extend_from_slice(&[b'}', RECORD_SEPARATOR]);
    }

    /// Copies what is borrowed. The result may outlive the buffer.
    #[must_use]
    pub fn into_owned(self) -> HandshakeRequest<'static> {
        let protocol = Cow::Owned(self.protocol.into_owned());
        HandshakeRequest {
            protocol,
            version: self.version,
        }
    }
}

/// The server's response to a handshake request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandshakeResponse<'a> {
    /// The connection is open.
    Accepted,
    /// The connection ends for this reason.
    Refused(Cow<'a, str>),
}

impl<'a> HandshakeResponse<'a> {
    /// Appends the response and its separator.
    ///
    /// ```
    /// use hubwire::protocol::{HandshakeRefusal, HandshakeResponse};
    ///
    /// let mut out = Vec::new();
    /// HandshakeResponse::Accepted.write(&mut out);
    /// HandshakeResponse::refused(&HandshakeRefusal::Canceled).write(&mut out);
    /// assert_eq!(out, b"{}\x1e{\"error\":\"Handshake was canceled.\"}\x1e");
    /// ```
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        if let Self::Refused(error) = self {
            out.extend_from_slice(br#""error":"#);
            write_text(out, error);
        }
        out.extend_from_slice(&[b'}', RECORD_SEPARATOR]);
    }

    /// Creates the response to a refused request, without details.
    pub fn refused(refusal: &impl fmt::Display) -> HandshakeResponse<'static> {
        HandshakeResponse::Refused(Cow::Owned(refusal.to_string()))
    }

    /// Parses the response at the front of `buffer` and returns it with the number of bytes it
    /// took.
    ///
    /// Returns `None` if more bytes are needed. The bytes after the response are the first hub
    /// messages.
    ///
    /// # Errors
    ///
    /// Returns an error if the response is malformed, or has a type, which makes it a hub message.
    pub fn read(buffer: &'a [u8]) -> Result<Option<(Self, usize)>, ProtocolError> {
        match next_record(buffer, None) {
            NextRecord::Complete(record) => Ok(Some((Self::parse(record)?, record.len() + 1))),
            NextRecord::Incomplete | NextRecord::TooLong => Ok(None),
        }
    }

    fn parse(record: &'a [u8]) -> Result<Self, ProtocolError> {
        match decode(record) {
            Cow::Borrowed(text) => Self::from_text(text),
            Cow::Owned(text) => {
                HandshakeResponse::from_text(&text).map(HandshakeResponse::into_owned)
            }
        }
    }

    fn from_text(text: &'a str) -> Result<Self, ProtocolError> {
        let mut response = Self::Accepted;
        read_properties(within_depth(text), |name, value| {
            match name.known() {
                "type" => return Err(ProtocolError::NotAHandshakeResponse),
                "error" => response = Self::Refused(value.string("error")?),
                _ => {}
            }
            Ok(())
        })?;
        Ok(response)
    }

    /// Copies what is borrowed. The result may outlive the buffer.
    #[must_use]
    pub fn into_owned(self) -> HandshakeResponse<'static> {
        match self {
            Self::Accepted => HandshakeResponse::Accepted,
            Self::Refused(error) => HandshakeResponse::Refused(Cow::Owned(error.into_owned())),
        }
    }
}

#[cfg(test)]
mod tests;
