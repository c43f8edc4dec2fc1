//! Calls of a hub's methods without a connection.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hubwire_core::{ConnectionId, HubLifetimeManager, HubName};
use hubwire_protocol::{BindArguments, Naming, Transport};
use serde::Serialize;

use super::{Recorder, TestCaller};
use crate::connection::{
    Connection, ConnectionRequest, CurrentUser, Identity, NameIdentifierUserIdProvider, Principal,
    UserIdProvider,
};
use crate::hub::{
    Caller, FilteredHub, Filters, Hub, HubContext, HubFilter, HubService, TypedHub, short_type_name,
};
use crate::node::ConnectionLabel;
use crate::outbound::{Bounds, Outbound, Progress};
use crate::server::SignalR;
use crate::transport::WEB_SOCKETS;

/// A hub without a server: methods are called directly, and the hub's actions are recorded.
///
/// ```
/// use hubwire::testing::{HubTester, Sent, Target};
/// use hubwire::{HubCallerContext, HubResult, hub};
///
/// struct GreetingHub;
///
/// #[hub]
/// impl GreetingHub {
///     pub async fn greet(&self, cx: &HubCallerContext<Self>, name: String) -> HubResult<String> {
///         cx.clients().all().send("Greeted", (&name,)).await?;
///         Ok(format!("Hello {name}"))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), hubwire::testing::CallError> {
/// let tester = HubTester::new(GreetingHub);
/// let ann = tester.caller("ann");
/// assert_eq!(ann.invoke("Greet", ("Bob",)).await?, "Hello Bob");
/// let sent = tester.recorder().take_sent();
/// assert_eq!(sent, [Sent::new(Target::All, "Greeted", ["Bob".into()])]);
/// # Ok(())
/// # }
/// ```
pub struct HubTester<H: Hub> {
    hub: Arc<TypedHub<H>>,
    filters: Filters,
    pub(super) recorder: Recorder,
    server: SignalR,
}

impl<H: Hub> HubTester<H> {
    /// Creates a tester of this hub value.
    pub fn new(hub: H) -> Self {
        Self::new_with(|_| hub)
    }

    /// Creates a tester of a hub that is constructed with its own context. What the hub sends
    /// through the context is recorded too.
    pub fn new_with(hub: impl FnOnce(HubContext<H>) -> H) -> Self {
        let recorder = Recorder::default();
        Self {
            hub: Arc::new(TypedHub::new(hub(context_of(&recorder)))),
            filters: Filters::default(),
            recorder,
            server: SignalR::new(),
        }
    }

    /// Adds a filter inside those that were added before, as
    /// [`HubBuilder::filter`](crate::HubBuilder::filter) does.
    ///
    /// ```
    /// use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next};
    /// use hubwire::testing::HubTester;
    /// use hubwire::{HubError, HubResult, hub};
    ///
    /// struct ShopHub;
    ///
    /// #[hub]
    /// impl ShopHub {
    ///     pub fn buy(&self, quantity: u32) -> u32 {
    ///         quantity
    ///     }
    /// }
    ///
    /// struct AtMostTen;
    ///
    /// impl HubFilter for AtMostTen {
    ///     async fn invoke(
    ///         &self,
    ///         invocation: &mut HubInvocation,
    ///         next: Next<'_>,
    ///     ) -> HubResult<InvocationResult> {
    ///         match invocation.argument::<u32>(0)? {
    ///             0..=10 => next.run(invocation).await,
    ///             _ => Err(HubError::new("At most ten")),
    ///         }
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), hubwire::testing::CallError> {
    /// let tester = HubTester::new(ShopHub).filter(AtMostTen);
    /// assert_eq!(tester.caller("ann").invoke("Buy", (10,)).await?, 10);
    /// assert!(tester.caller("ann").invoke("Buy", (11,)).await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn filter(mut self, filter: impl HubFilter) -> Self {
        self.filters.push(filter);
        self
    }

    /// Returns the hub inside its filters.
    pub(super) fn service(&self) -> Arc<dyn HubService> {
        let hub = Arc::clone(&self.hub) as Arc<dyn HubService>;
        let name = HubName::from(short_type_name::<H>());
        FilteredHub::wrap(name, self.recorder.naming(), hub, self.filters.clone())
    }

    /// Sets the naming that the hub is built with
    /// ([`HubBuilder::naming`](crate::HubBuilder::naming)).
    ///
    /// Arguments, results, stream items and client results are encoded and decoded as by the hub's
    /// clients. The recorder uses the same naming.
    ///
    /// ```
    /// use hubwire::testing::HubTester;
    /// use hubwire::{Naming, dotnet, hub};
    /// use serde::{Deserialize, Serialize};
    /// use serde_json::json;
    ///
    /// #[derive(Debug, PartialEq, dotnet::Enum)]
    /// enum Currency {
    ///     Euro = 978,
    /// }
    ///
    /// #[derive(Debug, PartialEq, Serialize, Deserialize)]
    /// struct Price {
    ///     unit_price: dotnet::Decimal,
    ///     currency: Currency,
    /// }
    ///
    /// struct PricesHub;
    ///
    /// #[hub]
    /// impl PricesHub {
    ///     pub fn price(&self, unit_price: dotnet::Decimal) -> Price {
    ///         let currency = Currency::Euro;
    ///         Price { unit_price, currency }
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let tester = HubTester::new(PricesHub).naming(Naming::DotNet);
    /// let ann = tester.caller("ann");
    /// let price: Price = ann.invoke_as("Price", ("1.10".parse::<dotnet::Decimal>()?,)).await?;
    /// assert_eq!(price.unit_price.to_string(), "1.10");
    /// let as_it_is_sent = json!({"unitPrice": 7, "currency": 978});
    /// assert_eq!(ann.invoke("Price", (7,)).await?, as_it_is_sent);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn naming(self, naming: Naming) -> Self {
        self.recorder.set_naming(naming);
        self
    }

    /// Returns the hub's context, as other parts of the program use it. What is sent and changed
    /// through it is recorded too.
    ///
    /// ```
    /// use hubwire::testing::HubTester;
    /// use hubwire::{HubContext, HubResult, hub};
    ///
    /// struct OrdersHub;
    ///
    /// #[hub]
    /// impl OrdersHub {}
    ///
    /// async fn ship(orders: HubContext<OrdersHub>, order_id: i32) -> HubResult {
    ///     Ok(orders.clients().all().send("OrderShipped", (order_id,)).await?)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> HubResult {
    /// let tester = HubTester::new(OrdersHub);
    /// ship(tester.context(), 7).await?;
    /// assert_eq!(tester.recorder().take_sent()[0].method, "OrderShipped");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn context(&self) -> HubContext<H> {
        context_of(&self.recorder)
    }

    /// Sets the handler for a client method that the hub invokes for a result.
    ///
    /// The handler takes the arguments as a tuple. Its error is returned to the hub as the client's
    /// error. If the hub invokes a single client, the handler runs once, even if there is no such
    /// connection. If the hub invokes several clients, the handler runs for each of them that
    /// [`HubTester::caller`] has created, in that order. Without a handler, invocations fail with
    /// [`NoResult`](hubwire_core::ClientResultError::NoResult). If a call fails because of that,
    /// its [cause](super::CallError::cause) names the method.
    ///
    /// ```
    /// use hubwire::testing::HubTester;
    /// use hubwire::{HubCallerContext, HubResult, hub, hub_client};
    ///
    /// #[hub_client]
    /// trait GameClient {
    ///     fn confirm(&self, question: &str) -> bool;
    /// }
    ///
    /// struct GameHub;
    ///
    /// #[hub(client = GameClient)]
    /// impl GameHub {
    ///     pub async fn leave(&self, cx: &HubCallerContext<Self>) -> HubResult<bool> {
    ///         Ok(cx.clients().caller().confirm("Leave the game?").await?)
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), hubwire::testing::CallError> {
    /// let tester = HubTester::new(GameHub);
    /// tester.on("Confirm", |(question,): (String,)| Ok(question == "Leave the game?"));
    /// assert!(tester.caller("ann").invoke_as::<bool>("Leave", ()).await?);
    ///
    /// tester.on("Confirm", |(_,): (String,)| Err::<bool, _>("Nobody is there".to_owned()));
    /// let error = tester.caller("ann").invoke("Leave", ()).await.unwrap_err();
    /// assert!(error.text().ends_with("HubException: Nobody is there"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn on<A, T, F>(&self, method: &str, handler: F)
    where
        A: BindArguments,
        T: Serialize,
        F: FnMut(A) -> Result<T, String> + Send + 'static,
    {
        self.recorder.on(method, handler);
    }

    /// Returns the recorder of what the hub sends to clients and which groups it changes.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Creates a connection with this id, from which methods are called. It keeps its items between
    /// calls.
    pub fn caller(&self, connection_id: impl Into<ConnectionId>) -> TestCaller<'_, H> {
        self.caller_with(connection_id.into(), None)
    }

    /// Creates a connection of an authenticated user, as [`TestClient::connect_as`](super::TestClient::connect_as) is.
    ///
    /// The id of the user is the principal's [name identifier](Principal::name_identifier), as it is by default.
    ///
    /// ```
    /// use hubwire::testing::HubTester;
    /// use hubwire::{HubCallerContext, Principal, hub};
    ///
    /// struct GreetingHub;
    ///
    /// #[hub]
    /// impl GreetingHub {
    ///     pub fn greet(&self, cx: &HubCallerContext<Self>) -> Option<String> {
    ///         let user = cx.principal()?;
    ///         let role = user.claim("role")?;
    ///         Some(format!("Hello {role} {}", cx.user_id()?))
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), hubwire::testing::CallError> {
    /// let tester = HubTester::new(GreetingHub);
    /// let ann = tester.caller_as("connection-1", Principal::new([("sub", "ann"), ("role", "cook")]));
    /// assert_eq!(ann.invoke("Greet", ()).await?, "Hello cook ann");
    /// # Ok(())
    /// # }
    /// ```
    pub fn caller_as(
        &self,
        connection_id: impl Into<ConnectionId>,
        principal: Principal,
    ) -> TestCaller<'_, H> {
        self.caller_with(connection_id.into(), Some(principal))
    }

    fn caller_with(&self, id: ConnectionId, principal: Option<Principal>) -> TestCaller<'_, H> {
        let request = ConnectionRequest::of(principal.clone());
        let user_id = NameIdentifierUserIdProvider.user_id(&request, principal.as_ref());
        let identity = Identity {
            user_id,
            user: CurrentUser {
                principal,
                ..CurrentUser::default()
            },
            request,
            transport: Transport::WebSockets,
        };
        // What the hub sends goes to the recorder, so the connection's queue stays empty.
        let flushers = self.server.server().flushers();
        let bounds = Arc::new(Bounds {
            bytes: 0,
            maximum: 0,
            answers: 0,
            turn: 0,
            send_timeout: Duration::ZERO,
            progress: Progress {
                bytes: 0,
                timeout: Duration::ZERO,
            },
            dead_peers: None,
            absence: Duration::ZERO,
            memory: Arc::clone(flushers.memory()),
        });
        let node = Arc::clone(self.server.node());
        let label = ConnectionLabel {
            hub: HubName::from(short_type_name::<H>()),
            connection_id: id,
        };
        let outbound = Outbound::new(label, node, flushers.assign(), bounds, &WEB_SOCKETS.frames);
        let connection = Connection::new(identity, outbound);
        self.recorder.open(&connection);
        let lifetime = Arc::new(self.recorder.clone()) as Arc<dyn HubLifetimeManager>;
        TestCaller::new(self, Caller::new(connection, lifetime))
    }
}

fn context_of<H: Hub>(recorder: &Recorder) -> HubContext<H> {
    HubContext::new(Arc::new(recorder.clone()))
}

impl<H: Hub> fmt::Debug for HubTester<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubTester")
            .field("recorder", &self.recorder)
            .finish_non_exhaustive()
    }
}
