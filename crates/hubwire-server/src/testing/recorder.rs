//! Clients and groups that only remember what hubs do with them.

use std::fmt;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_core::future::BoxFuture;
use futures_util::stream;
use hubwire_core::{
    Arguments, ClientResultError, ConnectionId, GroupError, GroupName, HubLifetimeManager,
    RawClientResult, RawClientResults, SendError, Sending, Target, UserId, WhenBusy,
};
use hubwire_protocol::{BindArguments, HubMessage, HubProtocol, Naming};
use serde::Serialize;
use serde_json::Value;

use super::client_methods::ClientMethods;
use super::members::Members;

/// A call that a hub made on its clients.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sent {
    /// Who was called.
    pub target: Target,
    /// The client method.
    pub method: String,
    /// Its arguments, as JSON has them.
    pub arguments: Vec<Value>,
    /// What becomes of the call where a client is busy, if the hub's code said so.
    pub when_busy: Option<WhenBusy>,
}

impl Sent {
    /// A call to compare with.
    pub fn new(target: Target, method: &str, arguments: impl Into<Vec<Value>>) -> Self {
        Self {
            target,
            method: method.to_owned(),
            arguments: arguments.into(),
            when_busy: None,
        }
    }

    /// The call, made with this policy.
    ///
    /// ```
    /// use hubwire::testing::{HubTester, Sent, Target};
    /// use hubwire::{HubResult, WhenBusy, hub};
    ///
    /// struct StockTickerHub;
    ///
    /// #[hub]
    /// impl StockTickerHub {}
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> HubResult {
    /// let tester = HubTester::new(StockTickerHub);
    /// let all = tester.context().clients().all();
    /// all.latest("HUB").send("PriceChanged", ("HUB", 7)).await?;
    /// let sent = Sent::new(Target::All, "PriceChanged", ["HUB".into(), 7.into()]);
    /// let sent = sent.when_busy(WhenBusy::latest("HUB"));
    /// assert_eq!(tester.recorder().take_sent(), [sent]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn when_busy(mut self, when_busy: WhenBusy) -> Self {
        self.when_busy = Some(when_busy);
        self
    }
}

/// A change that a hub made to a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupChange {
    /// The connection was added to the group.
    Added(ConnectionId, GroupName),
    /// The connection was removed from the group.
    Removed(ConnectionId, GroupName),
}

/// Remembers, in order, what was sent and which groups were changed.
///
/// A handle; clones share the memory.
#[derive(Clone, Default)]
pub struct Recorder {
    memory: Arc<Mutex<Memory>>,
}

#[derive(Debug, Default)]
struct Memory {
    sent: Vec<Sent>,
    group_changes: Vec<GroupChange>,
    members: Members,
    methods: ClientMethods,
}

impl Recorder {
    /// Takes the calls made since the last time.
    pub fn take_sent(&self) -> Vec<Sent> {
        std::mem::take(&mut self.lock().sent)
    }

    /// Takes the changes of groups made since the last time.
    pub fn take_group_changes(&self) -> Vec<GroupChange> {
        std::mem::take(&mut self.lock().group_changes)
    }

    pub(super) fn on<A, T, F>(&self, method: &str, handler: F)
    where
        A: BindArguments,
        T: Serialize,
        F: FnMut(A) -> Result<T, String> + Send + 'static,
    {
        self.lock().methods.insert(method, handler);
    }

    /// Knows of a connection from now on.
    pub(super) fn open(&self, connection_id: &ConnectionId, user: Option<&UserId>) {
        self.lock().members.open(connection_id, user);
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: GroupChange) -> BoxFuture<'static, Result<(), GroupError>> {
        let mut memory = self.lock();
        memory.members.change(&change);
        memory.group_changes.push(change);
        drop(memory);
        Box::pin(ready(Ok(())))
    }

    fn record(
        &self,
        target: &Target,
        method: &str,
        arguments: &dyn Arguments,
        when_busy: Option<&WhenBusy>,
    ) -> Result<(), SendError> {
        let mut json = Vec::new();
        arguments
            .write_json(&mut json, Naming::AsDeclared)
            .map_err(|source| SendError::Encode {
                method: method.to_owned(),
                source,
            })?;
        let arguments = serde_json::from_slice::<Vec<Value>>(&json).unwrap_or_default();
        let sent = Sent {
            when_busy: when_busy.cloned(),
            ..Sent::new(target.clone(), method, arguments)
        };
        self.lock().sent.push(sent);
        Ok(())
    }
}

impl HubLifetimeManager for Recorder {
    fn send(
        &self,
        target: &Target,
        method: &str,
        arguments: &dyn Arguments,
        when_busy: Option<&WhenBusy>,
    ) -> Sending {
        Sending::Done(self.record(target, method, arguments, when_busy))
    }

    fn invoke(
        &self,
        target: &Target,
        method: &str,
        arguments: &dyn Arguments,
        _: Option<Duration>,
    ) -> Result<RawClientResults, ClientResultError> {
        self.record(target, method, arguments, None)?;
        let (invoked, methods) = {
            let memory = self.lock();
            (memory.members.of(target), memory.methods.clone())
        };
        // Nothing is locked: handlers are the test's, and may look at the recorder.
        let mut record = Vec::new();
        let mut writer = HubProtocol::Json.writer(&mut record);
        let written = writer.invocation(None, method, arguments, &[]);
        written.map_err(|source| SendError::Encode {
            method: method.to_owned(),
            source,
        })?;
        let results: Vec<_> = invoked
            .into_iter()
            .map(|id| (id, answer(&methods, &record)))
            .collect();
        Ok(RawClientResults::new(stream::iter(results)))
    }

    fn add_to_group(
        &self,
        connection_id: ConnectionId,
        group: GroupName,
    ) -> BoxFuture<'static, Result<(), GroupError>> {
        self.change(GroupChange::Added(connection_id, group))
    }

    fn remove_from_group(
        &self,
        connection_id: ConnectionId,
        group: GroupName,
    ) -> BoxFuture<'static, Result<(), GroupError>> {
        self.change(GroupChange::Removed(connection_id, group))
    }
}

/// What one client answers to an invocation.
fn answer(methods: &ClientMethods, record: &[u8]) -> RawClientResult {
    match HubProtocol::Json.next_message(record, None) {
        Ok(Some((HubMessage::Invocation(invocation), _))) => {
            match methods.answer(&invocation.target, &invocation.arguments) {
                Some(answer) => answer.map_err(ClientResultError::Client),
                None => Err(ClientResultError::NoResult),
            }
        }
        _ => Err(ClientResultError::NoResult),
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lock().fmt(f)
    }
}
