//! A hub as seen by the rest of the program.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use hubwire_core::{Clients, Groups, HubLifetimeManager};

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
