//! The caller of a hub method, as hub code sees it.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use hubwire_core::{
    CallerClients, ConnectionId, Groups, HubClient, HubLifetimeManager, InvocationScope,
    UntypedClient, UserId,
};
use hubwire_protocol::Transport;
use tokio_util::sync::CancellationToken;

use super::{Hub, HubContext};
use crate::connection::{Connection, ConnectionRequest, Items, Principal};

/// The connection that a call came from, without the type of its hub.
///
/// This is an owned handle: clones are cheap, and stay usable after the call and after the end of
/// the connection.
///
/// ```
/// use hubwire::{Caller, HubCallerContext, HubError, HubResult, hub};
///
/// struct TableHub;
///
/// #[hub]
/// impl TableHub {
///     pub async fn sit_down(&self, cx: &HubCallerContext<Self>) -> HubResult {
///         only_once(cx)?; // a context lends its caller
///         cx.clients().all().send("SatDown", (cx.connection_id(),)).await?;
///         Ok(())
///     }
/// }
///
/// #[derive(Clone)]
/// struct Seat;
///
/// /// Independent of the hub's type, so every hub can use it.
/// fn only_once(caller: &Caller) -> HubResult {
///     match caller.items().insert(Seat) {
///         Some(Seat) => Err(HubError::new("You have a seat")),
///         None => Ok(()),
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Caller {
    connection: Arc<Connection>,
    lifetime: Arc<dyn HubLifetimeManager>,
    /// The call or hook from which clients are invoked for results; `None` if nothing needs to be
    /// checked.
    scope: Option<Arc<dyn InvocationScope>>,
}

impl Caller {
    pub(crate) fn new(connection: Arc<Connection>, lifetime: Arc<dyn HubLifetimeManager>) -> Self {
        Self {
            connection,
            lifetime,
            scope: None,
        }
    }

    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Returns the same caller, as seen from a call or a hook.
    pub(crate) fn in_scope(&self, scope: Arc<dyn InvocationScope>) -> Self {
        Self {
            connection: Arc::clone(&self.connection),
            lifetime: Arc::clone(&self.lifetime),
            scope: Some(scope),
        }
    }

    /// Returns the public id of the connection; it may be shown to others.
    #[must_use]
    pub fn connection_id(&self) -> &ConnectionId {
        self.connection.id()
    }

    /// Returns the id that the user-id provider determined for the connection.
    #[must_use]
    pub fn user_id(&self) -> Option<&UserId> {
        self.connection.user_id()
    }

    /// Returns the authenticated user of the request that opened the connection, or of the last
    /// poll, if the client polls: roles may come and go while a connection lives.
    /// [`ConnectionRequest::principal`] is as it was at first.
    #[must_use]
    pub fn principal(&self) -> Option<Principal> {
        self.connection.principal()
    }

    /// Returns the kept part of the request that opened the connection.
    #[must_use]
    pub fn request(&self) -> &ConnectionRequest {
        self.connection.request()
    }

    /// Returns the transport of the connection.
    ///
    /// ```
    /// use hubwire::protocol::Transport;
    /// use hubwire::{HubCallerContext, hub};
    ///
    /// struct VideoHub;
    ///
    /// #[hub]
    /// impl VideoHub {
    ///     pub fn preview_size(&self, cx: &HubCallerContext<Self>) -> u32 {
    ///         match cx.transport() {
    ///             Transport::WebSockets => 480,
    ///             _ => 120, // others carry binary data as text, or one response at a time
    ///         }
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.connection.transport()
    }

    /// Returns the values that live as long as the connection.
    #[must_use]
    pub fn items(&self) -> &Items {
        self.connection.items()
    }

    /// Selects clients of the hub, whose methods are called by name, with untyped arguments.
    ///
    /// [`HubCallerContext::clients`] has the methods of the hub's client trait.
    #[must_use]
    pub fn clients(&self) -> CallerClients<UntypedClient> {
        self.clients_of()
    }

    fn clients_of<C: HubClient>(&self) -> CallerClients<C> {
        let clients = CallerClients::new(Arc::clone(&self.lifetime), self.connection_id().clone());
        match &self.scope {
            Some(scope) => clients.in_scope(Arc::clone(scope)),
            None => clients,
        }
    }

    /// Returns the handle that adds connections to groups and removes them.
    #[must_use]
    pub fn groups(&self) -> Groups {
        Groups::new(Arc::clone(&self.lifetime))
    }

    /// Returns a token that fires when the connection ends.
    #[must_use]
    pub fn connection_aborted(&self) -> CancellationToken {
        self.connection.aborted()
    }

    /// Ends the connection and tells its client not to reconnect.
    pub fn abort(&self) {
        self.connection.abort();
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("connection_id", self.connection_id())
            .field("user_id", &self.user_id())
            .finish_non_exhaustive()
    }
}

/// The connection that a call of hub `H` came from.
///
/// Dereferences to [`Caller`], so helpers that take `&Caller` work with every hub.
///
/// ```
/// use hubwire::{HubCallerContext, HubResult, hub};
///
/// struct RoomHub;
///
/// #[hub]
/// impl RoomHub {
///     pub async fn enter(&self, cx: &HubCallerContext<Self>, room: String) -> HubResult {
///         cx.groups().add(cx.connection_id(), &room).await?;
///         cx.clients().caller().send("Welcome", (&room,)).await?;
///         cx.clients().others_in_group(&room).send("Entered", (cx.connection_id(),)).await?;
///         Ok(())
///     }
/// }
/// ```
pub struct HubCallerContext<H: Hub> {
    caller: Caller,
    hub: PhantomData<fn() -> H>,
}

impl<H: Hub> HubCallerContext<H> {
    pub(crate) fn new(caller: Caller) -> Self {
        Self {
            caller,
            hub: PhantomData,
        }
    }

    pub(super) fn into_caller(self) -> Caller {
        self.caller
    }

    pub(super) fn hub_context(&self) -> HubContext<H> {
        HubContext::new(Arc::clone(&self.caller.lifetime))
    }

    /// Returns the selectors for clients of the hub, including the caller and the others.
    #[must_use]
    pub fn clients(&self) -> CallerClients<H::Client> {
        self.caller.clients_of()
    }
}

impl<H: Hub> Deref for HubCallerContext<H> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<H: Hub> Clone for HubCallerContext<H> {
    fn clone(&self) -> Self {
        Self::new(self.caller.clone())
    }
}

impl<H: Hub> fmt::Debug for HubCallerContext<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HubCallerContext")
            .field(&self.caller)
            .finish()
    }
}
