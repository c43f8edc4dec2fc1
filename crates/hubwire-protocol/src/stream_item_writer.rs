//! Writing the items of one stream, which all begin with the same bytes.

use serde::Serialize;

use crate::error::EncodeError;
use crate::hub_protocol::HubProtocol;
use crate::json::JsonWriter;
use crate::messagepack::MessagePackWriter;
use crate::naming::Naming;

/// An upper bound for the bytes in front of an item besides the id, in either protocol.
const AROUND_ID: usize = 40;

/// Writes the items of one stream.
///
/// The invocation id and everything else in front of an item are encoded only once. The bytes are
/// the same as those of [`MessageWriter::stream_item`](crate::MessageWriter::stream_item).
///
/// ```
/// use hubwire::protocol::{HubProtocol, StreamItemWriter};
///
/// let items = StreamItemWriter::new(HubProtocol::Json, "1")?;
/// let mut out = Vec::new();
/// items.write(&mut out, "first")?;
/// items.write(&mut out, "second")?;
/// assert_eq!(
///     String::from_utf8(out).unwrap(),
///     concat!(
///         "{\"type\":2,\"invocationId\":\"1\",\"item\":\"first\"}\x1e",
///         "{\"type\":2,\"invocationId\":\"1\",\"item\":\"second\"}\x1e",
///     )
/// );
/// # Ok::<(), hubwire::protocol::EncodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct StreamItemWriter {
    protocol: HubProtocol,
    naming: Naming,
    head: Vec<u8>,
}

impl StreamItemWriter {
    /// Encodes the bytes that the items of this stream have in common.
    ///
    /// # Errors
    ///
    /// Returns an error if the id is longer than the protocol can carry, which is 2 GiB.
    pub fn new(protocol: HubProtocol, invocation_id: &str) -> Result<Self, EncodeError> {
        let mut this = Self {
            protocol,
            naming: Naming::AsDeclared,
            head: Vec::with_capacity(invocation_id.len() + AROUND_ID),
        };
        match protocol {
            HubProtocol::Json => json(&mut this.head, this.naming).stream_item_head(invocation_id),
            HubProtocol::MessagePack => {
                messagepack(&mut this.head, this.naming).stream_item_head(invocation_id)?;
            }
        }
        Ok(this)
    }

    /// Writes items with this naming; the default is the names that serde declares.
    #[must_use]
    pub const fn with_naming(mut self, naming: Naming) -> Self {
        self.naming = naming;
        self
    }

    /// Writes one item with its framing to the end of `out`.
    ///
    /// # Errors
    ///
    /// Returns an error if the item cannot be encoded; `out` is then unchanged.
    pub fn write<T: Serialize + ?Sized>(
        &self,
        out: &mut Vec<u8>,
        item: &T,
    ) -> Result<(), EncodeError> {
        match self.protocol {
            HubProtocol::Json => json(out, self.naming).stream_item_behind(&self.head, item),
            HubProtocol::MessagePack => {
                messagepack(out, self.naming).stream_item_behind(&self.head, item)
            }
        }
    }
}

const fn json(out: &mut Vec<u8>, naming: Naming) -> JsonWriter<'_> {
    JsonWriter {
        out,
        headers: None,
        naming,
    }
}

const fn messagepack(out: &mut Vec<u8>, naming: Naming) -> MessagePackWriter<'_> {
    MessagePackWriter {
        out,
        headers: None,
        naming,
    }
}

#[cfg(test)]
mod tests {
    use serde::Serializer;
    use serde::ser::Error;

    use super::*;

    /// Fails after its first element.
    struct Failing;

    impl Serialize for Failing {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeSeq;

            let mut list = serializer.serialize_seq(Some(2))?;
            list.serialize_element(&1)?;
            Err(S::Error::custom("no second"))
        }
    }

    #[test]
    fn an_item_that_cannot_be_written_leaves_nothing() {
        for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
            let items = StreamItemWriter::new(protocol, "1").unwrap();
            let mut out = b"before".to_vec();
            items.write(&mut out, &Failing).unwrap_err();
            assert_eq!(out, b"before");
        }
    }

    #[test]
    fn the_head_of_a_usual_id_is_allocated_once() {
        for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
            let items = StreamItemWriter::new(protocol, "12345678").unwrap();
            assert_eq!(items.head.capacity(), 8 + AROUND_ID, "{protocol:?}");
        }
    }
}
