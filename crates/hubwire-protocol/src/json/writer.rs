//! Writing the records of the JSON hub protocol.

use serde::Serialize;

use super::{write_named, write_text};
use crate::arguments::Arguments;
use crate::error::EncodeError;
use crate::framing::RECORD_SEPARATOR;
use crate::message::Headers;
use crate::naming::Naming;

/// The property name of a stream item, which is written last.
const STREAM_ITEM: &str = r#","item":"#;

/// Appends records; their properties are in ASP.NET Core's order.
pub(crate) struct JsonWriter<'w> {
    pub(crate) out: &'w mut Vec<u8>,
    pub(crate) headers: Option<&'w Headers<'w>>,
    pub(crate) naming: Naming,
}

impl JsonWriter<'_> {
    pub(crate) fn invocation(
        self,
        invocation_id: Option<&str>,
        target: &str,
        arguments: &dyn Arguments,
        stream_ids: &[&str],
    ) -> Result<(), EncodeError> {
        self.call(b'1', invocation_id, target, arguments, stream_ids)
    }

    pub(crate) fn stream_invocation(
        self,
        invocation_id: &str,
        target: &str,
        arguments: &dyn Arguments,
        stream_ids: &[&str],
    ) -> Result<(), EncodeError> {
        self.call(b'4', Some(invocation_id), target, arguments, stream_ids)
    }

    fn call(
        self,
        message_type: u8,
        invocation_id: Option<&str>,
        target: &str,
        arguments: &dyn Arguments,
        stream_ids: &[&str],
    ) -> Result<(), EncodeError> {
        let mut record = Record::begin(self.out, message_type);
        record.headers(self.headers);
        record.invocation_id(invocation_id.unwrap_or_default());
        record.text(r#","target":"#, target);
        record.name(r#","arguments":"#);
        arguments.write_json(record.out, self.naming)?;
        record.stream_ids(stream_ids);
        record.end();
        Ok(())
    }

    pub(crate) fn stream_item<T: Serialize + ?Sized>(
        self,
        invocation_id: &str,
        item: &T,
    ) -> Result<(), EncodeError> {
        self.with_value(b'2', invocation_id, STREAM_ITEM, item)
    }

    /// Appends the common beginning of all items of a stream.
    pub(crate) fn stream_item_head(self, invocation_id: &str) {
        let mut record = Record::begin(self.out, b'2');
        record.headers(self.headers);
        record.invocation_id(invocation_id);
        record.name(STREAM_ITEM);
        record.keep();
    }

    /// Appends an item after the beginning of its stream's items.
    pub(crate) fn stream_item_behind<T: Serialize + ?Sized>(
        self,
        head: &[u8],
        item: &T,
    ) -> Result<(), EncodeError> {
        let record = Record::resume(self.out, head);
        write_named(record.out, item, self.naming)?;
        record.end();
        Ok(())
    }

    pub(crate) fn completion_result<T: Serialize + ?Sized>(
        self,
        invocation_id: &str,
        result: &T,
    ) -> Result<(), EncodeError> {
        self.with_value(b'3', invocation_id, r#","result":"#, result)
    }

    fn with_value<T: Serialize + ?Sized>(
        self,
        message_type: u8,
        invocation_id: &str,
        name: &str,
        value: &T,
    ) -> Result<(), EncodeError> {
        let mut record = Record::begin(self.out, message_type);
        record.headers(self.headers);
        record.invocation_id(invocation_id);
        record.name(name);
        write_named(record.out, value, self.naming)?;
        record.end();
        Ok(())
    }

    pub(crate) fn completion_void(self, invocation_id: &str) {
        self.completion_error(invocation_id, "");
    }

    pub(crate) fn completion_error(self, invocation_id: &str, error: &str) {
        let mut record = Record::begin(self.out, b'3');
        record.headers(self.headers);
        record.invocation_id(invocation_id);
        if !error.is_empty() {
            record.text(r#","error":"#, error);
        }
        record.end();
    }

    pub(crate) fn cancel_invocation(self, invocation_id: &str) {
        let mut record = Record::begin(self.out, b'5');
        record.headers(self.headers);
        record.invocation_id(invocation_id);
        record.end();
    }

    pub(crate) fn ping(self) {
        Record::begin(self.out, b'6').end();
    }

    pub(crate) fn close(self, error: Option<&str>, allow_reconnect: bool) {
        let mut record = Record::begin(self.out, b'7');
        if let Some(error) = error {
            record.text(r#","error":"#, error);
        }
        if allow_reconnect {
            record.name(r#","allowReconnect":true"#);
        }
        record.end();
    }

    pub(crate) fn ack(self, sequence_id: i64) {
        self.sequence_id(b'8', sequence_id);
    }

    pub(crate) fn sequence(self, sequence_id: i64) {
        self.sequence_id(b'9', sequence_id);
    }

    fn sequence_id(self, message_type: u8, sequence_id: i64) {
        use std::io::Write;

        let mut record = Record::begin(self.out, message_type);
        record.name(r#","sequenceId":"#);
        // Writing to a `Vec` cannot fail.
        let _ = write!(record.out, "{sequence_id}");
        record.end();
    }
}

/// A record that is being written; removed again unless it is ended.
struct Record<'w> {
    out: &'w mut Vec<u8>,
    start: usize,
}

impl<'w> Record<'w> {
    fn begin(out: &'w mut Vec<u8>, message_type: u8) -> Self {
        let start = out.len();
        out.extend_from_slice(br#"{"type":"#);
        out.push(message_type);
        Self { out, start }
    }

    /// Starts with a copy of a beginning that was written before.
    fn resume(out: &'w mut Vec<u8>, head: &[u8]) -> Self {
        let start = out.len();
        out.extend_from_slice(head);
        Self { out, start }
    }

    fn name(&mut self, name: &str) {
        self.out.extend_from_slice(name.as_bytes());
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        write_text(self.out, text);
    }

    fn invocation_id(&mut self, invocation_id: &str) {
        if !invocation_id.is_empty() {
            self.text(r#","invocationId":"#, invocation_id);
        }
    }

    fn headers(&mut self, headers: Option<&Headers<'_>>) {
        let Some(headers) = headers.filter(|headers| !headers.is_empty()) else {
            return;
        };
        let mut before = r#","headers":{"#;
        for (name, value) in headers.iter() {
            self.text(before, name);
            self.text(":", value);
            before = ",";
        }
        self.out.push(b'}');
    }

    fn stream_ids(&mut self, stream_ids: &[&str]) {
        if stream_ids.is_empty() {
            return;
        }
        let mut before = r#","streamIds":["#;
        for stream_id in stream_ids {
            self.text(before, stream_id);
            before = ",";
        }
        self.out.push(b']');
    }

    fn end(self) {
        self.out.extend_from_slice(&[b'}', RECORD_SEPARATOR]);
        self.keep();
    }

    fn keep(mut self) {
        self.start = self.out.len();
    }
}

impl Drop for Record<'_> {
    fn drop(&mut self) {
        self.out.truncate(self.start);
    }
}
