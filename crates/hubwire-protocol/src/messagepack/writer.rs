//! Writing the messages of the MessagePack hub protocol.

use serde::Serialize;

use super::encode;
use super::length::close_body;
use crate::arguments::Arguments;
use crate::error::EncodeError;
use crate::message::Headers;
use crate::naming::Naming;

/// Appends messages, each after its length, laid out as in ASP.NET Core.
pub(crate) struct MessagePackWriter<'w> {
    pub(crate) out: &'w mut Vec<u8>,
    pub(crate) headers: Option<&'w Headers<'w>>,
    pub(crate) naming: Naming,
}

impl MessagePackWriter<'_> {
    pub(crate) fn invocation(
        self,
        invocation_id: Option<&str>,
        target: &str,
        arguments: &dyn Arguments,
        stream_ids: &[&str],
    ) -> Result<(), EncodeError> {
        self.call(1, invocation_id, target, arguments, stream_ids)
    }

    pub(crate) fn stream_invocation(
        self,
        invocation_id: &str,
        target: &str,
        arguments: &dyn Arguments,
        stream_ids: &[&str],
    ) -> Result<(), EncodeError> {
        self.call(4, Some(invocation_id), target, arguments, stream_ids)
    }

    fn call(
        self,
        message_type: u8,
        invocation_id: Option<&str>,
        target: &str,
        arguments: &dyn Arguments,
        stream_ids: &[&str],
    ) -> Result<(), EncodeError> {
        let mut body = Body::begin(self.out, 6, message_type);
        body.headers(self.headers)?;
        match invocation_id.filter(|id| !id.is_empty()) {
            Some(id) => encode::text(body.out, id)?,
            None => encode::nil(body.out),
        }
        encode::text(body.out, target)?;
        arguments.write_messagepack(body.out, self.naming)?;
        encode::array_length(body.out, stream_ids.len())?;
        for id in stream_ids {
            encode::text(body.out, id)?;
        }
        body.end()
    }

    pub(crate) fn stream_item<T: Serialize + ?Sized>(
        self,
        invocation_id: &str,
        item: &T,
    ) -> Result<(), EncodeError> {
        let mut body = Body::begin(self.out, 4, 2);
        body.headers(self.headers)?;
        encode::text(body.out, invocation_id)?;
        super::write_named(body.out, item, self.naming)?;
        body.end()
    }

    /// Appends the common beginning of all items of a stream, with space for the length.
    pub(crate) fn stream_item_head(self, invocation_id: &str) -> Result<(), EncodeError> {
        let mut body = Body::begin(self.out, 4, 2);
        body.headers(self.headers)?;
        encode::text(body.out, invocation_id)?;
        body.keep();
        Ok(())
    }

    /// Appends an item after the beginning of its stream's items.
    pub(crate) fn stream_item_behind<T: Serialize + ?Sized>(
        self,
        head: &[u8],
        item: &T,
    ) -> Result<(), EncodeError> {
        let body = Body::resume(self.out, head);
        super::write_named(body.out, item, self.naming)?;
        body.end()
    }

    pub(crate) fn completion_result<T: Serialize + ?Sized>(
        self,
        invocation_id: &str,
        result: &T,
    ) -> Result<(), EncodeError> {
        let mut body = Body::begin(self.out, 5, 3);
        body.headers(self.headers)?;
        encode::text(body.out, invocation_id)?;
        encode::unsigned(body.out, 3);
        super::write_named(body.out, result, self.naming)?;
        body.end()
    }

    pub(crate) fn completion_void(self, invocation_id: &str) -> Result<(), EncodeError> {
        let mut body = Body::begin(self.out, 4, 3);
        body.headers(self.headers)?;
        encode::text(body.out, invocation_id)?;
        encode::unsigned(body.out, 2);
        body.end()
    }

    pub(crate) fn completion_error(
        self,
        invocation_id: &str,
        error: &str,
    ) -> Result<(), EncodeError> {
        let mut body = Body::begin(self.out, 5, 3);
        body.headers(self.headers)?;
        encode::text(body.out, invocation_id)?;
        encode::unsigned(body.out, 1);
        encode::text(body.out, error)?;
        body.end()
    }

    pub(crate) fn cancel_invocation(self, invocation_id: &str) -> Result<(), EncodeError> {
        let mut body = Body::begin(self.out, 3, 5);
        body.headers(self.headers)?;
        encode::text(body.out, invocation_id)?;
        body.end()
    }

    pub(crate) fn ping(self) -> Result<(), EncodeError> {
        Body::begin(self.out, 1, 6).end()
    }

    pub(crate) fn close(
        self,
        error: Option<&str>,
        allow_reconnect: bool,
    ) -> Result<(), EncodeError> {
        let body = Body::begin(self.out, 3, 7);
        match error {
            Some(error) => encode::text(body.out, error)?,
            None => encode::nil(body.out),
        }
        encode::boolean(body.out, allow_reconnect);
        body.end()
    }

    pub(crate) fn ack(self, sequence_id: i64) -> Result<(), EncodeError> {
        self.sequence_id(8, sequence_id)
    }

    pub(crate) fn sequence(self, sequence_id: i64) -> Result<(), EncodeError> {
        self.sequence_id(9, sequence_id)
    }

    fn sequence_id(self, message_type: u8, sequence_id: i64) -> Result<(), EncodeError> {
        let body = Body::begin(self.out, 2, message_type);
        encode::signed(body.out, sequence_id);
        body.end()
    }
}

/// A message that is being written; removed again unless it is ended.
struct Body<'w> {
    out: &'w mut Vec<u8>,
    start: usize,
}

impl<'w> Body<'w> {
    /// Reserves one byte for the length, because most messages need no more.
    fn begin(out: &'w mut Vec<u8>, elements: u8, message_type: u8) -> Self {
        let start = out.len();
        out.extend_from_slice(&[0, 0x90 | elements, message_type]);
        Self { out, start }
    }

    /// Starts with a copy of a beginning that was written before.
    fn resume(out: &'w mut Vec<u8>, head: &[u8]) -> Self {
        let start = out.len();
        out.extend_from_slice(head);
        Self { out, start }
    }

    fn headers(&mut self, headers: Option<&Headers<'_>>) -> Result<(), EncodeError> {
        let Some(headers) = headers.filter(|headers| !headers.is_empty()) else {
            return Ok(encode::map_length(self.out, 0)?);
        };
        encode::map_length(self.out, headers.len())?;
        for (name, value) in headers.iter() {
            encode::text(self.out, name)?;
            encode::text(self.out, value)?;
        }
        Ok(())
    }

    fn end(self) -> Result<(), EncodeError> {
        close_body(self.out, self.start)?;
        self.keep();
        Ok(())
    }

    fn keep(mut self) {
        self.start = self.out.len();
    }
}

impl Drop for Body<'_> {
    fn drop(&mut self) {
        self.out.truncate(self.start);
    }
}
