//! The handle that calls methods on clients.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use hubwire_protocol::Arguments;
pub use invoke::ClientResults;
pub use send_future::SendFuture;

use crate::{HubLifetimeManager, InvocationScope, MessageKey, Sending, Target, WhenBusy};

mod invoke;
mod send_future;

mod sealed {
    #[expect(unnameable_types, reason = "prevents implementations elsewhere")]
    pub trait Sealed {}
}

/// The number of clients that a proxy reaches: [`One`] or [`Many`].
///
/// Only a single client can be invoked for a single result, so what a proxy can do depends on its
/// reach.
///
/// Helpers that send to any target are generic over it:
///
/// ```
/// use hubwire::{HubCallerContext, Reach, SendError, hub, hub_client};
///
/// #[hub_client]
/// trait ChatClient {
///     fn receive_message(&self, text: &str);
/// }
///
/// struct ChatHub;
///
/// #[hub(client = ChatClient)]
/// impl ChatHub {
///     pub async fn broadcast(&self, cx: &HubCallerContext<Self>, text: String) -> Result<(), SendError> {
///         say(&text, cx.clients().others()).await?;
///         say("Sent", cx.clients().caller()).await
///     }
/// }
///
/// async fn say<R: Reach>(text: &str, to: ChatClientProxy<R>) -> Result<(), SendError> {
///     to.receive_message(text).await
/// }
/// ```
pub trait Reach: sealed::Sealed + Copy + Send + Sync + 'static {}

/// Reaches exactly one connection.
#[derive(Clone, Copy, Debug)]
pub enum One {}

/// Reaches any number of connections.
#[derive(Clone, Copy, Debug)]
pub enum Many {}

impl sealed::Sealed for One {}
impl sealed::Sealed for Many {}
impl Reach for One {}
impl Reach for Many {}

/// Calls methods by name on the clients of one [`Target`].
///
/// Typed methods come with `client = ..`: under `#[hub(client = ChatClient)]` selectors return the proxy that
/// `#[hub_client]` generated for `ChatClient`, which wraps this one and dereferences to it. So "no method named
/// `receive_message` found for struct `Proxy<R>`" says that the hub lacks its `client = ChatClient`.
///
/// ```
/// use std::time::Duration;
///
/// use hubwire::{HubCallerContext, HubResult, hub};
///
/// struct GameHub;
///
/// #[hub]
/// impl GameHub {
///     pub async fn next_round(&self, cx: &HubCallerContext<Self>, round: u32) -> HubResult<bool> {
///         cx.clients().all().send("RoundBegins", (round,)).await?;
///         let player = cx.clients().caller().with_timeout(Duration::from_secs(20));
///         let is_ready: bool = player.invoke("AreYouReady", ()).await?; // what the client's handler returns
///         Ok(is_ready)
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Proxy<R: Reach> {
    lifetime: Arc<dyn HubLifetimeManager>,
    target: Target,
    scope: Option<Arc<dyn InvocationScope>>,
    timeout: Option<Duration>,
    when_busy: Option<WhenBusy>,
    reach: PhantomData<R>,
}

impl<R: Reach> Proxy<R> {
    /// Creates a proxy for `target` among the connections that `lifetime` knows.
    pub fn new(lifetime: Arc<dyn HubLifetimeManager>, target: Target) -> Self {
        Self {
            lifetime,
            target,
            scope: None,
            timeout: None,
            when_busy: None,
            reach: PhantomData,
        }
    }

    pub(crate) fn in_scope(mut self, scope: Option<Arc<dyn InvocationScope>>) -> Self {
        self.scope = scope;
        self
    }

    /// Limits the wait for client results to `timeout`, in place of the hub's
    /// `client_result_timeout`.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sends only the latest message with this key to a client that is busy: it takes the place of
    /// a queued one ([`WhenBusy::Latest`]).
    ///
    /// Typed proxies have this method too, unless the client has one of that name:
    ///
    /// ```
    /// use hubwire::{HubContext, SendError, hub, hub_client};
    ///
    /// #[hub_client]
    /// trait StockTickerClient {
    ///     fn price_changed(&self, symbol: &str, price: f64);
    /// }
    ///
    /// struct StockTickerHub;
    ///
    /// #[hub(client = StockTickerClient)]
    /// impl StockTickerHub {}
    ///
    /// async fn tell(stocks: HubContext<StockTickerHub>, prices: &[(&str, f64)]) -> Result<(), SendError> {
    ///     let all = stocks.clients().all();
    ///     for (symbol, price) in prices {
    ///         all.latest(*symbol).price_changed(symbol, *price).await?;
    ///     }
    ///     all.as_ref().latest("market").send("MarketOpened", ()).await
    /// }
    /// ```
    ///
    /// A send fails if the key is longer than [`MessageKey::MAXIMUM_SIZE`]. It does not matter to
    /// calls that wait for results.
    #[must_use = "it is another proxy"]
    pub fn latest(&self, key: impl Into<MessageKey>) -> Self {
        self.when_busy(WhenBusy::latest(key))
    }

    /// Drops messages to a client that is busy: [`WhenBusy::Volatile`].
    #[must_use = "it is another proxy"]
    pub fn volatile(&self) -> Self {
        self.when_busy(WhenBusy::Volatile)
    }

    /// Says what becomes of messages to a client that is busy, in place of what the hub says.
    ///
    /// It does not matter to calls that wait for results.
    #[must_use = "it is another proxy"]
    pub fn when_busy(&self, when_busy: WhenBusy) -> Self {
        Self {
            when_busy: Some(when_busy),
            ..self.clone()
        }
    }

    /// Calls `method` on every client of the target and waits for no result.
    ///
    /// Clients get `method` exactly as written; .NET clients match handlers case-sensitively.
    /// `arguments` is a tuple, `()` for none. The future resolves once every local queue has taken
    /// the message, before it is written to any socket. A slow or dead receiver does not delay
    /// others.
    ///
    /// # Errors
    ///
    /// Returns [`SendError`](crate::SendError) if the arguments cannot be serialized, if a list of
    /// group names contains an empty one, or if the key of [`Proxy::latest`] is too long. Unknown
    /// receivers are not an error.
    ///
    /// # Cancellation
    ///
    /// Nothing happens before the first poll. If the future is dropped after that, the message may
    /// already be queued.
    pub fn send<'a, A: Arguments>(&'a self, method: &'a str, arguments: A) -> SendFuture<'a, R, A> {
        SendFuture::new(self, method, arguments, Self::start_send)
    }

    /// Queues a call at once and borrows the arguments only until it returns. Typed proxies expand
    /// to this.
    pub fn start_send<A: Arguments>(&self, method: &str, arguments: &A) -> Sending {
        let when_busy = self.when_busy.as_ref();
        self.lifetime
            .send(&self.target, method, arguments, when_busy)
    }
}

impl<R: Reach> AsRef<Self> for Proxy<R> {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl<R: Reach> fmt::Debug for Proxy<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}
