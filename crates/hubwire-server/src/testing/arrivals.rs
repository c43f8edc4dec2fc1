//! What a [`TestClient`] receives, in the order of its arrival.

use std::collections::VecDeque;
use std::io;

use hubwire_protocol::RECORD_SEPARATOR;
use serde_json::Value;

use super::received::Arrived;
use super::{ClientTransport, Incoming, Received, TestClient};

impl<T: ClientTransport> TestClient<T> {
    /// Receives until this message arrives, and keeps all others.
    pub(super) async fn find(&mut self, is_it: impl Fn(&Arrived) -> bool) -> io::Result<Arrived> {
        let mut kept = VecDeque::new();
        let found = loop {
            match self.next_arrived().await? {
                arrived if is_it(&arrived) => break arrived,
                end if end.is_end() => {
                    let end = end.received;
                    return Err(io::Error::other(format!(
                        "expected a completion, received {end:?}"
                    )));
                }
                other => kept.push_back(other),
            }
        };
        kept.append(&mut self.received);
        self.received = kept;
        Ok(found)
    }

    /// Returns the target and the arguments of the next push. Pings are skipped.
    ///
    /// # Errors
    ///
    /// Returns an error if anything else arrives.
    pub async fn push(&mut self) -> io::Result<(String, Value)> {
        match self.arrived_push().await?.received {
            Received::Message(mut message) => {
                let target = message["target"].as_str().unwrap_or_default().to_owned();
                Ok((target, message["arguments"].take()))
            }
            other => Err(io::Error::other(format!("no push, but {other:?}"))),
        }
    }

    pub(super) async fn arrived_push(&mut self) -> io::Result<Arrived> {
        loop {
            match self.next_arrived().await? {
                push if push.is_message(1) => return Ok(push),
                ping if ping.is_message(6) => {}
                other => {
                    let other = other.received;
                    return Err(io::Error::other(format!("no push, but {other:?}")));
                }
            }
        }
    }

    /// Returns the next message or event, including pings. There is no time limit.
    ///
    /// # Errors
    ///
    /// Returns an error if the server sends invalid frames or invalid JSON, and while a pulled
    /// client has left.
    pub async fn receive(&mut self) -> io::Result<Received> {
        Ok(self.next_arrived().await?.received)
    }

    pub(super) async fn next_arrived(&mut self) -> io::Result<Arrived> {
        loop {
            while let Some(arrived) = self.received.pop_front() {
                match self.answer(&arrived) {
                    Some(completion) => self.send_bytes(&completion).await?,
                    None => return Ok(arrived),
                }
            }
            for incoming in self.transport.receive().await? {
                self.take(incoming)?;
            }
        }
    }

    /// Returns the answer of the handler that the test has set for this invocation.
    fn answer(&self, arrived: &Arrived) -> Option<Vec<u8>> {
        if self.methods.is_empty() || !arrived.is_message(1) {
            return None;
        }
        let message = arrived.hub_message(self.naming).ok()?;
        self.methods.completion(&message, self.naming)
    }

    fn take(&mut self, incoming: Incoming) -> io::Result<()> {
        let received = match incoming {
            Incoming::Bytes(bytes) => {
                self.records.extend_from_slice(&bytes);
                // Searching a long record again after each of its pieces would take quadratic time.
                return match bytes.contains(&RECORD_SEPARATOR) {
                    true => self.take_records(),
                    false => Ok(()),
                };
            }
            Incoming::Closed(code) => Received::Closed(code),
            Incoming::Lost => Received::Lost,
            Incoming::Pong => Received::Pong,
        };
        self.received.push_back(received.into());
        Ok(())
    }

    fn take_records(&mut self) -> io::Result<()> {
        while let Some(end) = self.records.iter().position(|b| *b == RECORD_SEPARATOR) {
            let rest = self.records.split_off(end + 1);
            let record = std::mem::replace(&mut self.records, rest);
            self.received.push_back(Arrived::message(record)?);
        }
        Ok(())
    }
}
