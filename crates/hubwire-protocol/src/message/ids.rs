//! The maximum length of invocation and stream ids. Their sender chooses them, and every answer
//! repeats them.

use super::HubMessage;
use crate::error::ProtocolError;

/// The most bytes that an id may have; ids of known clients have at most 36.
const MAXIMUM_SIZE: usize = 256;

impl HubMessage<'_> {
    /// Refuses invocation and stream ids of more than 256 bytes.
    ///
    /// Parsing accepts ids of any length, as ASP.NET Core does. A server that repeats ids in its
    /// answers and stores them while calls and streams run checks them first.
    ///
    /// ```
    /// use hubwire::protocol::{HubProtocol, ProtocolError};
    ///
    /// let mut out = Vec::new();
    /// HubProtocol::Json.writer(&mut out).cancel_invocation(&"i".repeat(257));
    /// let (message, _) = HubProtocol::Json.next_message(&out, None)?.expect("a whole message");
    /// assert_eq!(message.check_ids(), Err(ProtocolError::IdTooLong));
    /// # Ok::<(), ProtocolError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`ProtocolError::IdTooLong`], which ends the connection.
    pub fn check_ids(&self) -> Result<(), ProtocolError> {
        let (id, stream_ids) = match self {
            Self::Invocation(call) | Self::StreamInvocation(call) => {
                (call.invocation_id.as_ref(), &call.stream_ids[..])
            }
            Self::StreamItem(item) => (Some(&item.invocation_id), &[][..]),
            Self::Completion(completion) => (Some(&completion.invocation_id), &[][..]),
            Self::CancelInvocation(cancel) => (Some(&cancel.invocation_id), &[][..]),
            Self::Ping | Self::Close(_) | Self::Ack(_) | Self::Sequence(_) | Self::Unknown(_) => {
                return Ok(());
            }
        };
        let mut ids = id.into_iter().chain(stream_ids);
        match ids.any(|id| id.len() > MAXIMUM_SIZE) {
            true => Err(ProtocolError::IdTooLong),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub_protocol::HubProtocol;
    use crate::message_writer::MessageWriter;

    /// Writes a message with an id of 256 bytes, which is accepted, and with longer ids, which are
    /// parsed and then refused.
    #[track_caller]
    fn check(write: impl Fn(&mut MessageWriter<'_>, &str)) {
        for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
            for (id, expected) in [
                ("\u{80}".repeat(128), Ok(())),
                ("\u{80}".repeat(128) + "i", Err(ProtocolError::IdTooLong)),
                ("i".repeat(100_000), Err(ProtocolError::IdTooLong)),
            ] {
                let mut out = Vec::new();
                write(&mut protocol.writer(&mut out), &id);
                let (message, _) = protocol.next_message(&out, None).unwrap().unwrap();
                assert_eq!(message.check_ids(), expected, "{protocol:?}");
            }
        }
    }

    #[test]
    fn every_id_of_every_message_is_looked_at() {
        check(|writer, id| writer.invocation(Some(id), "t", &(), &["1"]).unwrap());
        check(|writer, id| writer.invocation(None, "t", &(), &["1", id, "2"]).unwrap());
        check(|writer, id| writer.stream_invocation(id, "t", &(), &[]).unwrap());
        check(|writer, id| writer.stream_invocation("1", "t", &(), &["2", id]).unwrap());
        check(|writer, id| writer.stream_item(id, &1).unwrap());
        check(|writer, id| writer.completion_void(id));
        check(|writer, id| writer.completion_error(id, "no"));
        check(|writer, id| writer.completion_result(id, &1).unwrap());
        check(|writer, id| writer.cancel_invocation(id));
    }

    #[test]
    fn other_texts_are_no_ids() {
        let text = "t".repeat(1000);
        for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
            let mut out = Vec::new();
            let mut writer = protocol.writer(&mut out);
            writer.invocation(None, &text, &(&text,), &[]).unwrap();
            writer.completion_error("1", &text);
            writer.ping();
            writer.close(Some(&text), false);
            let mut rest = &out[..];
            while let Some((message, consumed)) = protocol.next_message(rest, None).unwrap() {
                assert_eq!(message.check_ids(), Ok(()));
                rest = &rest[consumed..];
            }
            assert!(rest.is_empty());
        }
    }
}
