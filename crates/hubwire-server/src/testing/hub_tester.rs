//! Calls a hub's methods without a connection.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use hubwire_core::{ConnectionId, HubLifetimeManager, UserId};
use hubwire_protocol::{Arguments, HubMessage, HubProtocol, Naming};
use serde_json::Value;

use super::Recorder;
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
/// # use std::sync::Arc;
/// # use hubwire_server::{Call, Hub, HubCallerContext, Method, Reply};
/// # use hubwire_core::{UntypedClient, Target};
/// # use hubwire_protocol::BindError;
/// # struct Greeter;
/// # impl Hub for Greeter {
/// #     type Client = UntypedClient;
/// #     const METHODS: &'static [Method] = &[Method::new("Greet", &[], "")];
/// #     fn bind(self: Arc<Self>, _: usize, call: Call<'_, Self>) -> Result<Reply, BindError> {
/// #         let cx = call.context();
/// #         let (name,) = call.arguments::<(String,)>()?;
/// #         Ok(Reply::value(async move {
/// #             let _ = cx.clients().all().send("Greeted", (&name,)).await;
/// #             format!("Hello {name}")
/// #         }))
/// #     }
/// # }
/// use hubwire_server::testing::{HubTester, Sent};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let tester = HubTester::new(Greeter);
/// let ann = tester.caller("ann");
/// assert_eq!(ann.invoke("Greet", ("Bob",)).await, Ok("Hello Bob".into()));
/// let sent = tester.recorder().take_sent();
/// assert_eq!(sent, [Sent::new(Target::All, "Greeted", ["Bob".into()])]);
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
        let context = HubContext::new(Arc::new(recorder.clone()));
        Self {
            service: TypedHub::new(hub(context)),
            recorder,
            server: SignalR::new(),
        }
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
        let lifetime = Arc::new(self.recorder.clone()) as Arc<dyn HubLifetimeManager>;
        TestCaller {
            tester: self,
            caller: Caller::new(connection, lifetime),
        }
    }
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
    /// Methods that stream, either way, are called with a [`TestClient`](super::TestClient), and so are those
    /// that wait for client results: here every client returns none.
    ///
    /// # Panics
    ///
    /// Where the method does; a server would hide that from the caller.
    ///
    /// # Errors
    ///
    /// The text that a client would read, without detailed errors.
    pub async fn invoke(&self, method: &str, arguments: impl Arguments) -> Result<Value, String> {
        let reply = self.bind(method, &arguments)?;
        drop(arguments);
        self.run(method, reply).await
    }

    fn bind(&self, method: &str, arguments: &dyn Arguments) -> Result<Reply, String> {
        let service = &self.tester.service;
        let index = service
            .method(method)
            .ok_or_else(|| refusals::unknown_method(method))?;
        let protocol = HubProtocol::Json;
        let mut record = Vec::new();
        let written = protocol
            .writer(&mut record)
            .invocation(None, method, arguments, &[]);
        written.map_err(|error| error.to_string())?;
        match protocol.next_message(&record, None) {
            Ok(Some((HubMessage::Invocation(message), _))) => {
                let builder = ResourcesBuilder::new(self.caller.connection(), STREAM_CAPACITY);
                let resources = service.resources(index, builder);
                if !resources.uploads().is_empty() {
                    return Err(UPLOADS.to_owned());
                }
                let call = HubCall {
                    caller: &self.caller,
                    arguments: &message.arguments,
                    resources: &resources,
                };
                let bound = service.bind(index, call);
                bound.map_err(|_| refusals::failed_to_invoke(method))
            }
            other => Err(format!("not an invocation: {other:?}")),
        }
    }

    async fn run(&self, method: &str, reply: Reply) -> Result<Value, String> {
        let mut call = match reply.0 {
            ReplyKind::Call(call) => call.into_inner().ok_or("the method was dropped")?,
            ReplyKind::Stream(_) => return Err(refusals::streaming(method)),
            ReplyKind::UnknownMethod => return Err(refusals::unknown_method(method)),
        };
        let mut kept = None;
        let mut result = ResultWriter::kept(HubProtocol::Json, Naming::AsDeclared, &mut kept);
        let outcome = poll_fn(|cx| call.as_mut().poll_call(cx, &mut result)).await;
        outcome.map_err(|error| {
            let base = format!("An unexpected error occurred invoking '{method}' on the server.");
            error.client_text(&base, false)
        })?;
        let result = kept.ok_or("the method has left no result")?;
        result.decode().map_err(|error| error.to_string())
    }
}

impl<H: Hub> fmt::Debug for TestCaller<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.caller.fmt(f)
    }
}
