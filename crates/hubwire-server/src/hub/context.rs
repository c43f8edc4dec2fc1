//! A hub as seen by the rest of the program.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use hubwire_core::{
    Clients, ConnectionId, Disconnect, GroupName, Groups, HubLifetimeManager, Target, UserId,
};

use super::Hub;

/// Calls clients and changes groups from outside a hub: from HTTP handlers, jobs or timers.
///
/// This is an owned handle: clones are cheap, and it can be stored anywhere.
///
/// ```
/// use hubwire::{HubContext, HubResult, SignalR, hub};
///
/// struct NewsHub;
///
/// #[hub]
/// impl NewsHub {}
///
/// /// A job of the application's.
/// async fn publish(news: HubContext<NewsHub>, headline: &str) -> HubResult {
///     news.clients().group("readers").send("News", (headline,)).await?;
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> HubResult {
/// let signalr = SignalR::new();
/// let news = signalr.hub().build(NewsHub);
/// publish(news.context(), "It rains").await?;
/// publish(signalr.context(), "It still rains").await?; // the same hub, found by its type
/// # Ok(())
/// # }
/// ```
pub struct HubContext<H: Hub> {
    lifetime: Arc<dyn HubLifetimeManager>,
    hub: PhantomData<fn() -> H>,
}

impl<H: Hub> HubContext<H> {
    pub(crate) fn new(lifetime: Arc<dyn HubLifetimeManager>) -> Self {
        Self {
            lifetime,
            hub: PhantomData,
        }
    }

    /// Returns the selectors for clients of the hub.
    #[must_use]
    pub fn clients(&self) -> Clients<H::Client> {
        Clients::new(Arc::clone(&self.lifetime))
    }

    /// Returns the handle that adds connections to groups and removes them.
    #[must_use]
    pub fn groups(&self) -> Groups {
        Groups::new(Arc::clone(&self.lifetime))
    }

    /// Disconnects the client of one connection; returns how many connections this call has told to
    /// end, which is 0 or 1.
    ///
    /// The client receives what was sent to it before, then a Close message with the reason of
    /// `disconnect`; nothing that is sent afterwards reaches it. Its hub's `on_disconnected` gets
    /// [`DisconnectReason::Disconnected`](crate::DisconnectReason::Disconnected). Its running calls
    /// are not waited for; their tokens fire. A client that is just connecting is disconnected,
    /// too: before its handshake, that fails with `Handshake was canceled.`; between the handshake
    /// and `on_connected`, no hook runs. One whose request has arrived and has no connection yet,
    /// because it is still decided about, ends as soon as it has one, and does not count. One that
    /// has only negotiated is not disconnected: its next request is decided about anew.
    ///
    /// This waits for nothing, so a method may also disconnect its own caller. A connection that
    /// is ending already does not count, nor does one on another node.
    ///
    /// ```
    /// use hubwire::{Disconnect, HubCallerContext, HubContext, hub};
    ///
    /// struct ChatHub;
    ///
    /// #[hub]
    /// impl ChatHub {
    ///     pub fn kick(&self, chat: &HubContext<Self>, connection_id: String) -> bool {
    ///         let because = Disconnect::for_good().because("You were rude");
    ///         chat.disconnect_connection(connection_id, because) == 1
    ///     }
    /// }
    /// ```
    pub fn disconnect_connection(
        &self,
        connection_id: impl Into<ConnectionId>,
        disconnect: Disconnect,
    ) -> usize {
        self.lifetime
            .disconnect(&Target::Connection(connection_id.into()), disconnect)
    }

    /// Disconnects every connection of a user on this node, as
    /// [`HubContext::disconnect_connection`] does; returns how many this call has told to end.
    ///
    /// This also applies to connections of the user that are just being made, but not to later
    /// ones: whoever is to stay away must be refused when connecting.
    pub fn disconnect_user(&self, user: impl Into<UserId>, disconnect: Disconnect) -> usize {
        self.lifetime
            .disconnect(&Target::User(user.into()), disconnect)
    }

    /// Disconnects the members of a group on this node, as [`HubContext::disconnect_connection`]
    /// does; returns how many this call has told to end.
    pub fn disconnect_group(&self, group: impl Into<GroupName>, disconnect: Disconnect) -> usize {
        self.lifetime
            .disconnect(&Target::Group(group.into()), disconnect)
    }
}

impl<H: Hub> Clone for HubContext<H> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.lifetime))
    }
}

impl<H: Hub> fmt::Debug for HubContext<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubContext").finish_non_exhaustive()
    }
}
