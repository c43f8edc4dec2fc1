//! Calls a hub's methods without a connection.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use hubwire_core::{ConnectionId, HubLifetimeManager, UserId};
use hubwire_protocol::{Arguments, CompletionOutcome, HubMessage, HubProtocol, Naming};
use serde_json::Value;

use super::Recorder;
use crate::SignalR;
use crate::connection::{Connection, ConnectionRequest, Identity, OutboundQueue};
use crate::dispatch::{CallResources, CompletionWriter, ReplyKind, refusals};
use crate::hub::{
    Caller, DisconnectReason, Hub, HubCall, HubContext, HubError, HubResult, HubService, Principal,
    TypedHub,
};

/// Streams that a client sends along are not called here, so nothing waits in one.
const STREAM_CAPACITY: usize = 1;

/// A hub without a server: methods are called directly, and what the hub does is recorded.
///
/// ```
/// # use std::sync::Arc;
/// # use hubwire_server::{Call, Hub, HubCallerContext, Method, Reply};
/// # use hubwire_core::{UntypedClient, Target};
/// # struct Greeter;
/// # impl Hub for Greeter {
/// #     type Client = UntypedClient;
/// #     const METHODS: &'static [Method] = &[Method::new("Greet", &[], "")];
/// #     fn call(self: Arc<Self>, _: usize, call: Call<'_, Self>) -> Reply {
/// #         let cx = call.context();
/// #         match call.bind::<(String,)>() {
/// #             Ok((name,)) => Reply::value(async move {
/// #                 let _ = cx.clients().all().send("Greeted", (&name,)).await;
/// #                 format!("Hello {name}")
/// #             }),
/// #             Err(error) => Reply::rejected(error),
/// #         }
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
        let connection = Connection::new(
            identity,
            Arc::new(self.recorder.clone()) as Arc<dyn HubLifetimeManager>,
            Arc::clone(self.server.server()),
            OutboundQueue::detached(),
            Duration::ZERO,
        );
        TestCaller {
            tester: self,
            caller: Caller::new(connection),
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
    /// # Errors
    ///
    /// The text that a client would read, without detailed errors.
    pub async fn invoke(&self, method: &str, arguments: impl Arguments) -> Result<Value, String> {
        let call = self.begin(method, &arguments)?;
        drop(arguments);
        self.run(method, call).await
    }

    fn begin(&self, method: &str, arguments: &dyn Arguments) -> Result<ReplyKind, String> {
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
                let resources = CallResources::new(self.caller.connection(), STREAM_CAPACITY);
                let call = HubCall {
                    caller: &self.caller,
                    arguments: &message.arguments,
                    resources: &resources,
                };
                Ok(service.call(index, call).0)
            }
            other => Err(format!("not an invocation: {other:?}")),
        }
    }

    async fn run(&self, method: &str, reply: ReplyKind) -> Result<Value, String> {
        let mut call = match reply {
            ReplyKind::Call(call) => call,
            ReplyKind::Rejected(_) => return Err(refusals::failed_to_invoke(method)),
            ReplyKind::Stream(_) => return Err(refusals::streaming(method)),
            ReplyKind::UnknownMethod => return Err(refusals::unknown_method(method)),
        };
        let mut record = Vec::new();
        let mut completion = CompletionWriter::new(
            HubProtocol::Json,
            Naming::AsDeclared,
            Some("1"),
            &mut record,
        );
        let outcome = poll_fn(|cx| call.as_mut().poll_call(cx, &mut completion)).await;
        outcome.map_err(|error: HubError| {
            let base = format!("An unexpected error occurred invoking '{method}' on the server.");
            error.client_text(&base, false)
        })?;
        match HubProtocol::Json.next_message(&record, None) {
            Ok(Some((HubMessage::Completion(completion), _))) => match completion.outcome {
                CompletionOutcome::Result(value) => value.decode().map_err(|e| e.to_string()),
                other => Err(format!("not a result: {other:?}")),
            },
            other => Err(format!("not a completion: {other:?}")),
        }
    }
}

impl<H: Hub> fmt::Debug for TestCaller<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.caller.fmt(f)
    }
}
