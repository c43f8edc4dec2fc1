//! The hub of the socket tests, with methods and hooks for what they need to observe.

use std::io;
use std::sync::Arc;

use hubwire::{
    DisconnectReason, HubCallerContext, HubError, HubResult, StreamReader, hub, hub_client,
};
use serde::{Deserialize, Deserializer};
use tokio::sync::Semaphore;

use crate::journal::Journal;

/// The methods that the server calls on clients.
#[hub_client]
pub trait ProbeClient {
    fn counted(&self, number: u64, padding: &str);
    fn said(&self, text: &str);
}

/// What a hook does besides writing to the journal.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Hook {
    Fails,
    Panics,
    #[default]
    Returns,
    Waits,
}

/// A hub that records what happens to it.
#[derive(Clone, Default)]
pub struct ProbeHub {
    pub journal: Journal,
    pub gate: Gate,
    pub connecting: Hook,
    pub disconnecting: Hook,
}

/// Holds methods up until a test lets them continue, one by one.
#[derive(Clone)]
pub struct Gate(Arc<Semaphore>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl Gate {
    pub fn let_one_pass(&self) {
        self.0.add_permits(1);
    }

    async fn pass(&self) {
        if let Ok(permit) = self.0.acquire().await {
            permit.forget();
        }
    }
}

/// An argument that panics when it is decoded.
pub struct Explosive;

impl<'de> Deserialize<'de> for Explosive {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("boom while decoding")
    }
}

impl ProbeHub {
    async fn act(&self, hook: Hook) -> HubResult {
        match hook {
            Hook::Fails => Err(io::Error::other("disk on fire").into()),
            Hook::Panics => panic!("boom in a hook"),
            Hook::Returns => Ok(()),
            Hook::Waits => {
                self.gate.pass().await;
                Ok(())
            }
        }
    }
}

#[hub(client = ProbeClient)]
impl ProbeHub {
    async fn on_connected(&self) -> HubResult {
        self.journal.note("connected");
        self.act(self.connecting).await
    }

    async fn on_disconnected(&self, reason: &DisconnectReason) -> HubResult {
        self.journal.note(format!("disconnected: {reason}"));
        self.act(self.disconnecting).await
    }

    pub async fn echo(&self, text: String) -> String {
        text
    }

    /// Returns a long result for a short call.
    pub async fn repeat(&self, letter: char, count: usize) -> String {
        self.journal.note("repeated");
        std::iter::repeat_n(letter, count).collect()
    }

    pub async fn add(&self, a: i32, b: i32) -> i32 {
        a + b
    }

    /// Records the text, and returns nothing.
    pub async fn note(&self, text: String) {
        self.journal.note(text);
    }

    /// Runs until the gate opens.
    pub async fn wait(&self, name: String) -> String {
        self.journal.note(format!("{name} began"));
        self.gate.pass().await;
        self.journal.note(format!("{name} ended"));
        name
    }

    /// Reads its second stream before the first.
    pub async fn read_second_first(&self, first: StreamReader<i32>, second: StreamReader<i32>) {
        for mut numbers in [second, first] {
            let mut count = 0;
            while let Some(Ok(_)) = numbers.next().await {
                count += 1;
            }
            self.journal.note(format!("read {count}"));
        }
    }

    pub async fn say_to_all(&self, cx: &HubCallerContext<Self>, text: String) -> HubResult {
        cx.clients().all().said(&text).await?;
        Ok(())
    }

    pub async fn enter(&self, cx: &HubCallerContext<Self>, group: String) -> HubResult {
        cx.groups().add(cx.connection_id(), group).await?;
        Ok(())
    }

    /// Returns a header of the connection's request, and how many bytes of the request were left
    /// out.
    pub async fn header(
        &self,
        cx: &HubCallerContext<Self>,
        name: String,
    ) -> (Option<String>, usize) {
        let request = cx.request();
        let value = request.header(&name).map(str::to_owned);
        (value, request.bytes_left_out())
    }

    /// Returns every header with this name, and the cookie with that name.
    pub async fn headers(
        &self,
        cx: &HubCallerContext<Self>,
        name: String,
        cookie: String,
    ) -> (Vec<String>, Option<String>) {
        let request = cx.request();
        let headers = request.headers(&name).map(str::to_owned).collect();
        (headers, request.cookie(&cookie).map(str::to_owned))
    }

    /// Returns the peer's address, which is known only for plain TCP sockets.
    pub async fn remote_address(&self, cx: &HubCallerContext<Self>) -> Option<String> {
        let address = cx.request().remote_address();
        address.map(|address| address.to_string())
    }

    pub async fn abort(&self, cx: &HubCallerContext<Self>) -> String {
        cx.abort();
        "unheard".to_owned()
    }

    pub async fn refuse(&self) -> HubResult {
        Err(HubError::new("there is no such room"))
    }

    pub async fn fail(&self) -> HubResult {
        Err(io::Error::other("disk on fire").into())
    }

    pub async fn panic(&self) {
        panic!("boom");
    }

    pub async fn panic_later(&self) {
        tokio::task::yield_now().await;
        panic!("boom later");
    }

    pub async fn take_explosive(&self, _explosive: Explosive) {}
}
