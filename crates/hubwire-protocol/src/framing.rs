//! Splitting text into records, each ended by the byte 0x1E.

/// The byte that ends every JSON record, handshake records included.
///
/// It cannot occur within a record, because JSON escapes control characters.
pub const RECORD_SEPARATOR: u8 = 0x1E;

/// The state of the front of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextRecord<'a> {
    /// A whole record, without its separator. It takes one byte more than its length from the
    /// buffer.
    Complete(&'a [u8]),
    /// The beginning of a record; more bytes may complete it.
    Incomplete,
    /// As many bytes as a record may have, without a separator.
    TooLong,
}

/// Looks for a record at the front of `buffer`. The record may have `limit` bytes, including its
/// separator.
///
/// Bytes beyond the limit are ignored, so a long buffer full of short records is fine.
///
/// ```
/// use hubwire::protocol::{NextRecord, next_record};
///
/// assert_eq!(next_record(b"{}\x1e{", None), NextRecord::Complete(b"{}"));
/// assert_eq!(next_record(b"{", Some(2)), NextRecord::Incomplete);
/// assert_eq!(next_record(b"{ }\x1e", Some(3)), NextRecord::TooLong);
/// ```
#[must_use]
pub fn next_record(buffer: &[u8], limit: Option<usize>) -> NextRecord<'_> {
    let visible = limit
        .and_then(|limit| buffer.get(..limit))
        .unwrap_or(buffer);
    let record = memchr::memchr(RECORD_SEPARATOR, visible).and_then(|end| buffer.get(..end));
    match record {
        Some(record) => NextRecord::Complete(record),
        None if visible.len() < buffer.len() => NextRecord::TooLong,
        None => NextRecord::Incomplete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_counts_the_separator() {
        let record = [b"x".repeat(9), vec![RECORD_SEPARATOR]].concat();
        assert_eq!(
            next_record(&record, Some(10)),
            NextRecord::Complete(&record[..9])
        );
        assert_eq!(next_record(&record, Some(9)), NextRecord::TooLong);
        assert_eq!(next_record(&record[..9], Some(9)), NextRecord::Incomplete);
    }

    #[test]
    fn short_records_pass_in_a_buffer_beyond_the_limit() {
        assert_eq!(
            next_record(b"a\x1ebbbbbbbb\x1e", Some(3)),
            NextRecord::Complete(b"a")
        );
    }

    #[test]
    fn an_empty_record_is_a_record() {
        assert_eq!(next_record(b"\x1e", None), NextRecord::Complete(b""));
        assert_eq!(next_record(b"", None), NextRecord::Incomplete);
    }
}
