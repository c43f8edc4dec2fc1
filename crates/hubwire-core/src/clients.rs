//! The selectors for clients, from inside a hub and from outside.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use crate::{
    ConnectionId, GroupName, HubClient, HubLifetimeManager, InvocationScope, Many, One, Proxy,
    Reach, Target, UserId,
};

/// Selects clients of a hub, from anywhere in the program.
///
/// ```
/// use hubwire::{HubContext, SendError, hub};
///
/// struct AlarmHub;
///
/// #[hub]
/// impl AlarmHub {}
///
/// async fn ring(alarms: HubContext<AlarmHub>) -> Result<(), SendError> {
///     let clients = alarms.clients();
///     clients.all().send("Alarm", ("fire",)).await?;
///     clients.group("firefighters").send("Come", ()).await?;
///     clients.user("ann").send("YourHouse", ()).await?;
///     clients.all_except(["connection-1"]).send("Leave", ("the house",)).await
/// }
/// ```
pub struct Clients<C: HubClient> {
    lifetime: Arc<dyn HubLifetimeManager>,
    scope: Option<Arc<dyn InvocationScope>>,
    client: PhantomData<fn() -> C>,
}

impl<C: HubClient> Clients<C> {
    /// Selects among the connections that `lifetime` knows.
    pub fn new(lifetime: Arc<dyn HubLifetimeManager>) -> Self {
        Self {
            lifetime,
            scope: None,
            client: PhantomData,
        }
    }

    /// Makes calls belong to the hub method call `scope`, from which clients are invoked.
    #[must_use]
    pub fn in_scope(mut self, scope: Arc<dyn InvocationScope>) -> Self {
        self.scope = Some(scope);
        self
    }

    fn proxy<R: Reach>(&self, target: Target) -> Proxy<R> {
        Proxy::new(Arc::clone(&self.lifetime), target).in_scope(self.scope.clone())
    }

    fn many(&self, target: Target) -> C::Proxy<Many> {
        self.proxy(target).into()
    }

    fn one(&self, connection_id: ConnectionId) -> C::Proxy<One> {
        self.proxy(Target::Connection(connection_id)).into()
    }

    /// Selects every client of the hub.
    #[must_use]
    pub fn all(&self) -> C::Proxy<Many> {
        self.many(Target::All)
    }

    /// Selects every client of the hub except these connections.
    pub fn all_except<I>(&self, connection_ids: I) -> C::Proxy<Many>
    where
        I: IntoIterator<Item: Into<ConnectionId>>,
    {
        self.many(Target::AllExcept(collect(connection_ids)))
    }

    /// Selects the client of one connection.
    pub fn client(&self, connection_id: impl Into<ConnectionId>) -> C::Proxy<One> {
        self.one(connection_id.into())
    }

    /// Selects the clients of these connections, each once.
    pub fn clients<I>(&self, connection_ids: I) -> C::Proxy<Many>
    where
        I: IntoIterator<Item: Into<ConnectionId>>,
    {
        self.many(Target::Connections(collect(connection_ids)))
    }

    /// Selects the members of a group.
    pub fn group(&self, group: impl Into<GroupName>) -> C::Proxy<Many> {
        self.many(Target::Group(group.into()))
    }

    /// Selects the members of a group except these connections.
    pub fn group_except<I>(&self, group: impl Into<GroupName>, connection_ids: I) -> C::Proxy<Many>
    where
        I: IntoIterator<Item: Into<ConnectionId>>,
    {
        self.many(Target::GroupExcept(group.into(), collect(connection_ids)))
    }

    /// Selects the members of each of these groups. A member of two groups gets the message twice,
    /// as in SignalR.
    pub fn groups<I>(&self, groups: I) -> C::Proxy<Many>
    where
        I: IntoIterator<Item: Into<GroupName>>,
    {
        self.many(Target::Groups(collect(groups)))
    }

    /// Selects every connection of a user.
    pub fn user(&self, user: impl Into<UserId>) -> C::Proxy<Many> {
        self.many(Target::User(user.into()))
    }

    /// Selects every connection of these users, each once.
    pub fn users<I>(&self, users: I) -> C::Proxy<Many>
    where
        I: IntoIterator<Item: Into<UserId>>,
    {
        self.many(Target::Users(collect(users)))
    }
}

fn collect<T, I: IntoIterator<Item: Into<T>>>(items: I) -> Vec<T> {
    items.into_iter().map(Into::into).collect()
}

impl<C: HubClient> Clone for Clients<C> {
    fn clone(&self) -> Self {
        Self {
            lifetime: Arc::clone(&self.lifetime),
            scope: self.scope.clone(),
            client: PhantomData,
        }
    }
}

impl<C: HubClient> fmt::Debug for Clients<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").finish_non_exhaustive()
    }
}

/// Selects clients from inside a hub method, where there is a caller.
///
/// Everything that [`Clients`] selects is available here too.
///
/// ```
/// use hubwire::{HubCallerContext, HubResult, hub};
///
/// struct BoardHub;
///
/// #[hub]
/// impl BoardHub {
///     pub async fn draw(&self, cx: &HubCallerContext<Self>, x: f64, y: f64) -> HubResult {
///         cx.clients().others().send("Drawn", (x, y)).await?;
///         cx.clients().caller().send("Saved", ()).await?;
///         cx.clients().group("teachers").send("Drawn", (x, y)).await?; // as `Clients` selects
///         Ok(())
///     }
/// }
/// ```
pub struct CallerClients<C: HubClient> {
    clients: Clients<C>,
    caller: ConnectionId,
}

impl<C: HubClient> CallerClients<C> {
    /// Selects among the connections that `lifetime` knows, as seen by `caller`.
    pub fn new(lifetime: Arc<dyn HubLifetimeManager>, caller: ConnectionId) -> Self {
        Self {
            clients: Clients::new(lifetime),
            caller,
        }
    }

    /// Makes calls belong to the hub method call `scope`, from which clients are invoked.
    #[must_use]
    pub fn in_scope(mut self, scope: Arc<dyn InvocationScope>) -> Self {
        self.clients = self.clients.in_scope(scope);
        self
    }

    /// Selects the client that made the call.
    #[must_use]
    pub fn caller(&self) -> C::Proxy<One> {
        self.clients.one(self.caller.clone())
    }

    /// Selects every client of the hub except the caller.
    #[must_use]
    pub fn others(&self) -> C::Proxy<Many> {
        self.clients.all_except([&self.caller])
    }

    /// Selects the members of a group except the caller.
    pub fn others_in_group(&self, group: impl Into<GroupName>) -> C::Proxy<Many> {
        self.clients.group_except(group, [&self.caller])
    }
}

impl<C: HubClient> Deref for CallerClients<C> {
    type Target = Clients<C>;

    fn deref(&self) -> &Clients<C> {
        &self.clients
    }
}

impl<C: HubClient> Clone for CallerClients<C> {
    fn clone(&self) -> Self {
        Self {
            clients: self.clients.clone(),
            caller: self.caller.clone(),
        }
    }
}

impl<C: HubClient> fmt::Debug for CallerClients<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallerClients")
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}
