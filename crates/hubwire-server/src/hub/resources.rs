//! What a call takes besides its arguments: its token, and the streams that its client sends.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use super::call_slot::CallSlot;
use super::stream_reader::{self, LentStreamReader, Upload};
use crate::connection::Connection;

/// What a call takes besides its arguments.
///
/// Created by [`Hub::resources`](super::Hub::resources), once for a call; the arguments may be
/// bound more than once.
#[derive(Clone, Default)]
pub struct Resources {
    token: Option<CancellationToken>,
    /// In the order of the method's parameters.
    uploads: Vec<Arc<dyn Upload>>,
    /// Created for the first context; a user that invokes a client gives it back.
    slot: OnceLock<Arc<CallSlot>>,
}

impl Resources {
    pub(crate) fn token(&self) -> Option<&CancellationToken> {
        self.token.as_ref()
    }

    pub(crate) fn uploads(&self) -> &[Arc<dyn Upload>] {
        &self.uploads
    }

    pub(crate) fn slot(&self) -> Option<&Arc<CallSlot>> {
        self.slot.get()
    }

    pub(crate) fn slot_of(&self, connection: &Arc<Connection>) -> Arc<CallSlot> {
        let slot = || Arc::new(CallSlot::new(Arc::clone(connection)));
        Arc::clone(self.slot.get_or_init(slot))
    }

    /// Returns the stream at this position, if its items have this type.
    pub(crate) fn stream_reader<T>(&self, index: usize) -> Option<LentStreamReader<T>>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let upload: Arc<dyn Any + Send + Sync> = Arc::clone(self.uploads.get(index)?).into_any();
        LentStreamReader::of(upload)
    }
}

impl fmt::Debug for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resources")
            .field("token", &self.token.is_some())
            .field("streams", &self.uploads.len())
            .finish_non_exhaustive()
    }
}

/// Builds the [`Resources`] of one call; allocates nothing for a method that takes neither a token
/// nor streams.
#[derive(Debug)]
pub struct ResourcesBuilder<'a> {
    connection: &'a Arc<Connection>,
    stream_capacity: usize,
    resources: Resources,
}

impl<'a> ResourcesBuilder<'a> {
    /// Creates a builder; `stream_capacity` items may wait in each stream.
    pub(crate) fn new(connection: &'a Arc<Connection>, stream_capacity: usize) -> Self {
        Self {
            connection,
            stream_capacity,
            resources: Resources::default(),
        }
    }

    /// Adds a token, for a method that takes one.
    #[must_use]
    pub fn cancellation_token(mut self) -> Self {
        self.resources.token = Some(self.connection.aborted().child_token());
        self
    }

    /// Adds a stream from the client with items of this type.
    #[must_use]
    pub fn stream_reader<T>(mut self) -> Self
    where
        T: DeserializeOwned + Send + 'static,
    {
        let connection = Some(Arc::clone(self.connection));
        let upload = stream_reader::upload::<T>(connection, self.stream_capacity);
        self.resources.uploads.push(upload);
        self
    }

    /// Returns the requested resources.
    #[must_use]
    pub fn build(self) -> Resources {
        self.resources
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use hubwire_core::UntypedClient;
    use hubwire_protocol::{
        BindError, Headers, HubMessage, HubProtocol, Invocation, Naming, RawArguments, RawItem,
    };

    use super::*;
    use crate::hub::{
        Call, Caller, Hub, HubCall, HubService, Method, Reply, ReplyKind, ResultWriter, TypedHub,
    };
    use crate::lifetime::tests::{connection, lifetime};
    use crate::node::ErrorDetail;

    struct SummingHub;

    impl Hub for SummingHub {
        type Client = UntypedClient;
        const METHODS: &'static [Method] = &[Method::new("Sum", &[], "")];

        fn resources(_: usize, builder: ResourcesBuilder<'_>) -> Resources {
            builder.cancellation_token().stream_reader::<i32>().build()
        }

        fn bind(self: Arc<Self>, _: usize, call: Call<'_, Self>) -> Result<Reply, BindError> {
            let (base,) = call.arguments::<(i32,)>()?;
            let cancel = call.cancellation_token();
            let numbers = call.stream_reader::<i32>(0);
            Ok(Reply::value(async move {
                let (mut sum, mut numbers) = (base, numbers.open());
                while let Some(Ok(number)) = numbers.next().await {
                    sum += number;
                }
                (sum, cancel.is_cancelled())
            }))
        }
    }

    fn arguments(record: &[u8]) -> RawArguments<'static> {
        match HubProtocol::Json.next_message(record, None) {
            Ok(Some((HubMessage::Invocation(Invocation { arguments, .. }), _))) => {
                arguments.into_owned()
            }
            other => panic!("not an invocation: {other:?}"),
        }
    }

    fn push(resources: &Resources, number: i32) {
        let item = RawItem::encode(HubProtocol::Json, Naming::AsDeclared, &number).unwrap();
        resources.uploads()[0]
            .push(&item, ErrorDetail::Hidden)
            .unwrap();
    }

    async fn run(reply: Reply) -> (i32, bool) {
        let ReplyKind::Call(mut call) = reply.0 else {
            panic!("not a plain call: {reply:?}");
        };
        let mut kept = None;
        let mut result = ResultWriter::kept(HubProtocol::Json, Naming::AsDeclared, &mut kept);
        let call = call.get_mut().unwrap();
        let outcome = poll_fn(|cx| call.as_mut().poll_call(cx, &mut result)).await;
        outcome.unwrap();
        kept.unwrap().decode().unwrap()
    }

    #[tokio::test]
    async fn a_call_can_be_bound_again_and_late() {
        let service = TypedHub::new(SummingHub);
        let connection = connection();
        let caller = Caller::new(Arc::clone(&connection), Arc::new(lifetime()));
        let resources = service.resources(0, ResourcesBuilder::new(&connection, 10));
        let bind = |arguments: &RawArguments<'_>| {
            let resources = &resources;
            let caller = &caller;
            service.bind(
                0,
                HubCall {
                    caller,
                    headers: &Headers::new(),
                    arguments,
                    resources,
                    is_answered: true,
                },
            )
        };
        push(&resources, 1);
        let first = arguments(b"{\"type\":1,\"target\":\"Sum\",\"arguments\":[10]}\x1e");
        drop(bind(&first).unwrap());
        let misfit = arguments(b"{\"type\":1,\"target\":\"Sum\",\"arguments\":[\"x\"]}\x1e");
        assert!(bind(&misfit).is_err());
        // Items that arrived in the meantime are still there for the last binding.
        push(&resources, 2);
        let replaced = arguments(b"{\"type\":1,\"target\":\"Sum\",\"arguments\":[100]}\x1e");
        let reply = bind(&replaced).unwrap();
        resources.uploads()[0].end(None);
        resources.token().unwrap().cancel();
        assert_eq!(run(reply).await, (103, true));
    }

    #[test]
    fn what_was_not_declared_is_not_there() {
        let connection = connection();
        let builder = ResourcesBuilder::new(&connection, 10);
        let resources = builder.stream_reader::<i32>().build();
        assert!(resources.token().is_none());
        assert!(resources.stream_reader::<i32>(0).is_some());
        assert!(resources.stream_reader::<i32>(1).is_none());
        assert!(resources.stream_reader::<String>(0).is_none());
    }
}
