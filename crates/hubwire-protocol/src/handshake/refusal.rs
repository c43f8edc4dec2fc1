//! The reasons for refusing a handshake, in the texts that clients know.

use std::error::Error;
use std::fmt;

use crate::error::ProtocolError;
use crate::excerpt::Excerpt;
use crate::hub_protocol::HubProtocol;

/// The reason why a handshake is refused.
///
/// The display text is ASP.NET Core's, without details. A name in it is cut to an [`Excerpt`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeRefusal {
    /// The request did not arrive in time or within the size limit, or the server is stopping.
    Canceled,
    /// The request is malformed.
    Unexpected(HandshakeFault),
    /// The transport cannot carry the protocol's transfer format.
    UnsupportedFormat {
        /// The requested protocol.
        protocol: HubProtocol,
    },
    /// The hub does not speak the protocol.
    UnsupportedProtocol {
        /// The name of the protocol, as written by the client.
        name: Box<str>,
    },
    /// The version is too high.
    UnsupportedVersion {
        /// The requested version.
        version: i32,
        /// The name of the protocol, as written by the client.
        name: Box<str>,
    },
}

impl fmt::Display for HandshakeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Canceled => f.write_str("Handshake was canceled."),
            Self::Unexpected(_) => {
                f.write_str("An unexpected error occurred during connection handshake.")
            }
            Self::UnsupportedFormat { protocol } => write!(
                f,
                "Cannot use the '{}' protocol on the current transport. The transport does not support '{}' transfer format.",
                protocol.name(),
                protocol.transfer_format().name(),
            ),
            Self::UnsupportedProtocol { name } => {
                write!(f, "The protocol '{}' is not supported.", Excerpt(name))
            }
            Self::UnsupportedVersion { version, name } => {
                write!(
                    f,
                    "The server does not support version {version} of the '{}' protocol.",
                    Excerpt(name)
                )
            }
        }
    }
}

impl Error for HandshakeRefusal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unexpected(fault) => Some(fault),
            _ => None,
        }
    }
}

/// The fault of a handshake request: the detail that a server may add to its refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeFault {
    exception_name: &'static str,
    text: Box<str>,
    /// The beginning of what was received in place of a request.
    content: Option<Box<str>>,
}

impl HandshakeFault {
    /// Describes a fault. For a record that is not JSON, .NET shows the exception of its JSON
    /// reader.
    pub(super) fn new(record: &[u8], error: &ProtocolError) -> Self {
        let (exception_name, text, content) = match error {
            ProtocolError::InvalidJson => ("JsonReaderException", describe(record), None),
            ProtocolError::MissingProperty { .. } => {
                let content = Excerpt(String::from_utf8_lossy(record)).to_string();
                let content = Some(content.into());
                (error.exception_name(), error.to_string(), content)
            }
            _ => (error.exception_name(), error.to_string(), None),
        };
        Self {
            exception_name,
            text: text.into(),
            content,
        }
    }

    /// Returns what is wrong without quoting what was received, which may be a call if the client
    /// sent no handshake.
    #[must_use]
    pub fn without_content(&self) -> &str {
        &self.text
    }

    /// Returns the name of the exception that ASP.NET Core throws for this fault.
    #[must_use]
    pub const fn exception_name(&self) -> &'static str {
        self.exception_name
    }
}

impl fmt::Display for HandshakeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match &self.content {
            Some(content) => write!(f, " Message content: {content}"),
            None => Ok(()),
        }
    }
}

impl Error for HandshakeFault {}

/// Returns the text of .NET's JSON reader if the first byte is at fault, or else a general text.
fn describe(record: &[u8]) -> String {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let blanks = record.iter().take_while(|byte| is_blank(byte));
    let (mut line, mut column) = (0, 0);
    for blank in blanks.clone() {
        (line, column) = if *blank == b'\n' {
            (line + 1, 0)
        } else {
            (line, column + 1)
        };
    }
    let first = match record.get(blanks.count()) {
        None | Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
            return "The handshake request is not valid JSON.".to_owned();
        }
        Some(printable @ b' '..=b'~') => char::from(*printable).to_string(),
        Some(other) => format!("0x{other:X}"),
    };
    format!(
        "'{first}' is an invalid start of a value. LineNumber: {line} | BytePositionInLine: {column}."
    )
}
