//! A lifetime manager that records what hubs do.

use std::fmt;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_core::future::BoxFuture;
use futures_util::stream;
use hubwire_core::{
    Arguments, ClientResultError, ConnectionId, Disconnect, GroupError, GroupName,
    HubLifetimeManager, RawClientResult, RawClientResults, SendError, Sending, Target, WhenBusy,
};
use hubwire_protocol::{BindArguments, EncodeError, HubProtocol, Naming, RawArguments};
use serde::Serialize;

use super::Sent;
use super::client_methods::{ClientMethods, Unscripted};
use super::members::Members;
use crate::connection::{Connection, DisconnectReason};

/// A change that a hub made to a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupChange {
    /// The connection was added to the group.
    Added(ConnectionId, GroupName),
    /// The connection was removed from the group.
    Removed(ConnectionId, GroupName),
}

/// Records, in order, what was sent, which groups were changed and who was disconnected.
///
/// It is a handle: its clones share the records.
#[derive(Clone, Default)]
pub struct Recorder {
    memory: Arc<Mutex<Memory>>,
}

#[derive(Debug, Default)]
struct Memory {
    sent: Vec<Sent>,
    group_changes: Vec<GroupChange>,
    disconnects: Vec<(Target, Disconnect)>,
    members: Members,
    methods: ClientMethods,
    /// The first client method that was invoked without a handler.
    unscripted: Option<String>,
    naming: Naming,
}

impl Recorder {
    /// Removes and returns the calls that were recorded since the last time.
    pub fn take_sent(&self) -> Vec<Sent> {
        std::mem::take(&mut self.lock().sent)
    }

    /// Removes and returns the group changes that were recorded since the last time.
    pub fn take_group_changes(&self) -> Vec<GroupChange> {
        std::mem::take(&mut self.lock().group_changes)
    }

    /// Removes and returns what the hub has disconnected since the last time.
    ///
    /// Of the connections that [`HubTester::caller`](super::HubTester::caller) has created, the
    /// tokens fire ([`Caller::connection_aborted`](crate::Caller::connection_aborted)).
    ///
    /// ```
    /// use hubwire::testing::{HubTester, Target};
    /// use hubwire::{Disconnect, HubContext, hub};
    ///
    /// struct ChatHub;
    ///
    /// #[hub]
    /// impl ChatHub {
    ///     pub fn ban(&self, chat: &HubContext<Self>, user: String) -> usize {
    ///         chat.disconnect_user(user, Disconnect::for_good().because("You are banned"))
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), hubwire::testing::CallError> {
    /// let tester = HubTester::new(ChatHub);
    /// tester.caller("ann").invoke("Ban", ("bob",)).await?;
    /// let banned = Disconnect::for_good().because("You are banned");
    /// let expected = [(Target::User("bob".into()), banned)];
    /// assert_eq!(tester.recorder().take_disconnects(), expected);
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_disconnects(&self) -> Vec<(Target, Disconnect)> {
        std::mem::take(&mut self.lock().disconnects)
    }

    pub(super) fn on<A, T, F>(&self, method: &str, handler: F)
    where
        A: BindArguments,
        T: Serialize,
        F: FnMut(A) -> Result<T, String> + Send + 'static,
    {
        self.lock().methods.insert(method, handler);
    }

    /// Sets the naming for all further values.
    pub(super) fn set_naming(&self, naming: Naming) {
        self.lock().naming = naming;
    }

    pub(super) fn naming(&self) -> Naming {
        self.lock().naming
    }

    /// Forgets which client method was invoked without a handler.
    pub(super) fn forget_unscripted(&self) {
        self.lock().unscripted = None;
    }

    /// Returns the client method that was invoked without a handler.
    pub(super) fn unscripted(&self) -> Option<Unscripted> {
        let method = self.lock().unscripted.clone()?;
        let of = "tester";
        Some(Unscripted { method, of })
    }

    /// Adds a connection.
    pub(super) fn open(&self, connection: &Arc<Connection>) {
        // The one with this id before is dropped outside the lock, because it has values of the
        // test.
        let before = self.lock().members.open(connection);
        drop(before);
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
        // The lock is released, because serializing runs code of the test, which may use the
        // recorder.
        let sent = Sent::encoded(target.clone(), method, arguments, self.naming());
        let mut sent = sent.map_err(unencodable(method))?;
        sent.when_busy = when_busy.cloned();
        self.lock().sent.push(sent);
        Ok(())
    }

    /// Returns one client's answer to an invocation.
    fn answer(
        &self,
        methods: &ClientMethods,
        method: &str,
        arguments: &RawArguments<'_>,
        naming: Naming,
    ) -> RawClientResult {
        match methods.answer(method, arguments, naming) {
            Some(answer) => answer.map_err(ClientResultError::Client),
            None => {
                let unscripted = &mut self.lock().unscripted;
                unscripted.get_or_insert_with(|| method.to_owned());
                Err(ClientResultError::NoResult)
            }
        }
    }
}

fn unencodable(method: &str) -> impl FnOnce(EncodeError) -> SendError {
    let method = method.to_owned();
    |source| SendError::Encode { method, source }
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
        let (invoked, methods, naming) = {
            let memory = self.lock();
            let invoked = memory.members.of(target);
            (invoked, memory.methods.clone(), memory.naming)
        };
        let arguments = RawArguments::encode(HubProtocol::Json, naming, arguments);
        let arguments = arguments.map_err(unencodable(method))?;
        // The lock is released, because handlers are code of the test, which may use the recorder.
        let results: Vec<_> = invoked
            .into_iter()
            .map(|id| (id, self.answer(&methods, method, &arguments, naming)))
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

    fn disconnect(&self, target: &Target, disconnect: Disconnect) -> usize {
        let mut memory = self.lock();
        memory
            .disconnects
            .push((target.clone(), disconnect.clone()));
        let addressed = memory.members.connections(target);
        drop(memory);
        // The lock is released, because this wakes code of the test, which may use the recorder.
        let reason = || DisconnectReason::Disconnected(disconnect.clone());
        let told = addressed.iter().filter(|it| it.disconnect(reason()));
        told.count()
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lock().fmt(f)
    }
}
