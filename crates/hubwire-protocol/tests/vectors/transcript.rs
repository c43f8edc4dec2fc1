//! Reading transcripts of a real ASP.NET Core server, `tests/vectors` in the workspace.

use std::collections::BTreeMap;
use std::{fs, path::Path};

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::Deserialize;
use serde_json::Value;

/// A line of a transcript: an event on one connection, in one direction.
#[derive(Debug, Deserialize)]
pub(crate) struct Event {
    case: Option<String>,
    #[serde(default)]
    conn: String,
    dir: Option<Direction>,
    what: Option<String>,
    /// A name, or the number of a reserved opcode.
    op: Option<Value>,
    head: Option<String>,
    pub(crate) code: Option<u16>,
    reason: Option<String>,
    #[serde(default)]
    len: usize,
    utf8: Option<String>,
    base64: Option<String>,
    sha256: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Direction {
    #[serde(rename = "c>s")]
    ToServer,
    #[serde(rename = "s>c")]
    ToClient,
}

impl Event {
    pub(crate) fn is(&self, direction: Direction, what: &str) -> bool {
        self.dir == Some(direction) && self.what.as_deref() == Some(what)
    }

    pub(crate) fn is_close_frame(&self) -> bool {
        self.is_op("close")
    }

    /// Returns the unmasked bytes; `None` if the recorder left them out because of their length.
    pub(crate) fn payload(&self) -> Option<Vec<u8>> {
        match (&self.utf8, &self.base64) {
            (Some(text), _) => Some(text.clone().into_bytes()),
            (None, Some(base64)) => Some(BASE64_STANDARD.decode(base64).unwrap()),
            (None, None) if self.sha256.is_some() => None,
            (None, None) => Some(self.close_payload()),
        }
    }

    /// Returns whether this is the server's pong.
    pub(crate) fn is_pong(&self) -> bool {
        self.is(Direction::ToClient, "frame") && self.is_op("pong")
    }

    fn is_op(&self, name: &str) -> bool {
        self.op.as_ref().and_then(Value::as_str) == Some(name)
    }

    fn close_payload(&self) -> Vec<u8> {
        let Some(code) = self.code else {
            return Vec::new();
        };
        let mut payload = [&code.to_be_bytes()[..], self.reason().as_bytes()].concat();
        if payload.len() != self.len {
            // The recorder shows a reason that is not UTF-8 as replacement characters.
            payload.splice(2.., vec![0xFF; self.len - 2]);
        }
        payload
    }

    pub(crate) fn reason(&self) -> &str {
        self.reason.as_deref().unwrap_or_default()
    }

    /// Returns the header of a frame, including its mask.
    pub(crate) fn head(&self) -> Vec<u8> {
        let head = self.head.as_deref().unwrap_or_default();
        (0..head.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&head[at..at + 2], 16).unwrap())
            .collect()
    }
}

/// The events of one connection of one case.
pub(crate) type Conversation = Vec<Event>;

/// Reads the conversations of a file, by case and connection.
pub(crate) fn read(file: &str) -> BTreeMap<(String, String), Conversation> {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    let text = fs::read_to_string(vectors.join(file)).unwrap();
    let mut conversations = BTreeMap::<_, Conversation>::new();
    for line in text.lines() {
        let event: Event = serde_json::from_str(line).unwrap();
        if let (Some(case), Some(_)) = (&event.case, event.dir) {
            conversations
                .entry((case.clone(), event.conn.clone()))
                .or_default()
                .push(event);
        }
    }
    conversations
}

/// Returns the payload of all data frames in one direction; `None` if some of it was left out.
pub(crate) fn payload(conversation: &[Event], direction: Direction) -> Option<Vec<u8>> {
    conversation
        .iter()
        .filter(|event| event.is(direction, "frame") && !event.is_control())
        .try_fold(Vec::new(), |all, event| {
            Some([all, event.payload()?].concat())
        })
}

impl Event {
    fn is_control(&self) -> bool {
        ["close", "ping", "pong"]
            .into_iter()
            .any(|control| self.is_op(control))
    }
}
