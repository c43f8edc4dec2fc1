//! Calls a hub's methods without a connection.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use hubwire_core::{ConnectionId, HubLifetimeManager, UserId};
use hubwire_protocol::{Arguments, BindArguments, HubMessage, HubProtocol, Naming, RawItem};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{CallError, Recorder};
use crate::connection::{Connection, ConnectionRequest, DisconnectReason, Identity, Principal};
use crate::dispatch::refusals;
use crate::hub::{
    Caller, Hub, HubCall, HubContext, HubResult, HubService, Reply, ReplyKind, ResourcesBuilder,
    ResultWriter, TypedHub,
};
use crate::outbound::{Bounds, Outbound, Progress};
use crate::server::SignalR;
use crate::transport::WEB_SOCKETS;

/// Streams that a client sends along are not called here, so nothing waits in one.
const STREAM_CAPACITY: usize = 1;

/// A call without its streams would wait for them for ever.
const UPLOADS: &str = "a `HubTester` sends no streams along: call the method with a `TestClient`";

/// A hub without a server: methods are called directly, and what the hub does is recorded.
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
    service: TypedHub<H>,
    recorder: Recorder,
    server: SignalR,
}

impl<H: Hub> HubTester<H> {
    /// A tester of this hub value.
    pub fn new(hub: H) -> Self {
        Self::new_with(|_| hub)
    }

    /// A tester of a hub that is made with its own context, whose sends are recorded too.
    pub fn new_with(hub: impl FnOnce(HubContext<H>) -> H) -> Self {
        let recorder = Recorder::default();
        Self {
            service: TypedHub::new(hub(context_of(&recorder))),
            recorder,
            server: SignalR::new(),
        }
    }

    /// The hub as the rest of the program sees it; what is sent and changed through it is recorded too.
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

    /// Says what clients return when the hub invokes this method of theirs.
    ///
    /// The handler takes the arguments as a tuple; its error is what the hub reads as the client's. Where the hub
    /// invokes one client, that one answers; where it invokes many, each connection that [`HubTester::caller`] made
    /// does, in that order, if it belongs to them. Without a handler a client gives no result
    /// ([`NoResult`](hubwire_core::ClientResultError::NoResult)).
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

    /// What the hub did to clients and groups.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// A connection with this id, to call as; it keeps its items from call to call.
    pub fn caller(&self, connection_id: impl Into<ConnectionId>) -> TestCaller<'_, H> {
        self.caller_as(connection_id, None, None)
    }

    /// A connection of a user.
    pub fn caller_as(
        &self,
        connection_id: impl Into<ConnectionId>,
        user_id: Option<UserId>,
        principal: Option<Principal>,
    ) -> TestCaller<'_, H> {
        let identity = Identity {
            id: connection_id.into(),
            user_id,
            principal,
            request: ConnectionRequest::default(),
        };
        // What is sent goes to the recorder, and nothing ever to the connection itself.
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
            memory: Arc::clone(flushers.memory()),
        });
        let node = Arc::clone(self.server.node());
        let outbound = Outbound::new(node, flushers.assign(), bounds, &WEB_SOCKETS.frames);
        let connection = Connection::new(identity, outbound);
        self.recorder.open(connection.id(), connection.user_id());
        let lifetime = Arc::new(self.recorder.clone()) as Arc<dyn HubLifetimeManager>;
        TestCaller {
            tester: self,
            caller: Caller::new(connection, lifetime),
        }
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

/// A connection in whose name a [`HubTester`] calls.
pub struct TestCaller<'a, H: Hub> {
    tester: &'a HubTester<H>,
    caller: Caller,
}

impl<H: Hub> TestCaller<'_, H> {
    /// What hub code sees of the connection.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Runs the hook for new connections.
    ///
    /// # Errors
    ///
    /// What the hook failed with.
    pub async fn connect(&self) -> HubResult {
        self.tester.service.on_connected(self.caller.clone()).await
    }

    /// Runs the hook for ended connections.
    ///
    /// # Errors
    ///
    /// What the hook failed with.
    pub async fn disconnect(&self, reason: DisconnectReason) -> HubResult {
        let caller = self.caller.clone();
        self.tester.service.on_disconnected(caller, reason).await
    }

    /// Calls a method with a tuple of arguments and waits for its result, null for none.
    ///
    /// Methods that stream, either way, are called with a [`TestClient`](super::TestClient). What clients return to
    /// those that invoke them says [`HubTester::on`].
    ///
    /// # Panics
    ///
    /// Where the method does; a server would hide that from the caller.
    ///
    /// # Errors
    ///
    /// The text that a client would read, without detailed errors, and what was hidden.
    pub async fn invoke(
        &self,
        method: &str,
        arguments: impl Arguments,
    ) -> Result<Value, CallError> {
        self.invoke_as(method, arguments).await
    }

    /// As [`TestCaller::invoke`], with a result of this type.
    ///
    /// # Panics
    ///
    /// As [`TestCaller::invoke`].
    ///
    /// # Errors
    ///
    /// As [`TestCaller::invoke`], also if the result has another type.
    pub async fn invoke_as<T: DeserializeOwned>(
        &self,
        method: &str,
        arguments: impl Arguments,
    ) -> Result<T, CallError> {
        let reply = self.bind(method, &arguments)?;
        drop(arguments);
        let result = self.run(method, reply).await?;
        let result = result.decode();
        result.map_err(|error| CallError::caused("the method's result has another type", error))
    }

    fn bind(&self, method: &str, arguments: &dyn Arguments) -> Result<Reply, CallError> {
        let service = &self.tester.service;
        let index = service
            .method(method)
            .ok_or_else(|| CallError::new(refusals::unknown_method(method)))?;
        let protocol = HubProtocol::Json;
        let mut record = Vec::new();
        let written = protocol
            .writer(&mut record)
            .invocation(None, method, arguments, &[]);
        written.map_err(|error| CallError::caused("the arguments cannot be sent", error))?;
        match protocol.next_message(&record, None) {
            Ok(Some((HubMessage::Invocation(message), _))) => {
                let builder = ResourcesBuilder::new(self.caller.connection(), STREAM_CAPACITY);
                let resources = service.resources(index, builder);
                if !resources.uploads().is_empty() {
                    return Err(CallError::new(UPLOADS));
                }
                let call = HubCall {
                    caller: &self.caller,
                    arguments: &message.arguments,
                    resources: &resources,
                    is_answered: true,
                };
                let bound = service.bind(index, call);
                bound.map_err(|error| CallError::caused(refusals::failed_to_invoke(method), error))
            }
            other => Err(CallError::new(format!("not an invocation: {other:?}"))),
        }
    }

    async fn run(&self, method: &str, reply: Reply) -> Result<RawItem<'static>, CallError> {
        let call = match reply.0 {
            ReplyKind::Call(call) => call.into_inner(),
            ReplyKind::Stream(_) => return Err(CallError::new(refusals::streaming(method))),
            ReplyKind::UnknownMethod => {
                return Err(CallError::new(refusals::unknown_method(method)));
            }
        };
        let mut call = call.ok_or_else(|| CallError::new("the method was dropped"))?;
        let mut kept = None;
        let mut result = ResultWriter::kept(HubProtocol::Json, Naming::AsDeclared, &mut kept);
        let outcome = poll_fn(|cx| call.as_mut().poll_call(cx, &mut result)).await;
        outcome.map_err(|error| {
            let base = format!("An unexpected error occurred invoking '{method}' on the server.");
            CallError::of_hub(error.client_text(&base, false), error)
        })?;
        kept.ok_or_else(|| CallError::new("the method has left no result"))
    }
}

impl<H: Hub> fmt::Debug for TestCaller<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.caller.fmt(f)
    }
}
