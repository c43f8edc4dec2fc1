//! A session with a transport that panics, which no guard of hub code catches.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hubwire_core::{FrameFormat, UntypedClient};
use hubwire_protocol::{BindError, TransferFormat, Transport as TransportName};
use tokio::sync::Semaphore;

use super::*;
use crate::connection::{ConnectionRequest, CurrentUser, Identity, NameIdentifierUserIdProvider};
use crate::hub::{Call, Hub, HubCallerContext, Method, Reply, TraceContext, TypedHub};
use crate::lifetime::tests::lifetime;
use crate::node::{EndpointOptions, HubOptions};
use crate::outbound::tests::bounds;
use crate::outbound::tests::taking::Taking;
use crate::outbound::{SharedStream, SocketWriter, Uptake};
use crate::transport::{Input, PipeWriter, TransportKind, pipe};

static BARE: TransportKind = TransportKind {
    transport: TransportName::WebSockets,
    frames: FrameFormat::new("bare", |_, message, output| {
        output.extend_from_slice(message);
    }),
    transfer_formats: &[TransferFormat::Text],
};

type Notes = Arc<Mutex<Vec<String>>>;

struct NotingHub {
    notes: Notes,
    gate: Arc<Semaphore>,
}

impl NotingHub {
    fn note(&self, what: impl Into<String>) {
        self.notes.lock().unwrap().push(what.into());
    }
}

impl Hub for NotingHub {
    type Client = UntypedClient;
    const METHODS: &'static [Method] = &[Method::new("Ping", &[], ""), Method::new("Run", &[], "")];

    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        // Stored for as long as the connection stores anything.
        cx.items().insert(Arc::clone(&self.notes));
        self.note("connected");
        Ok(())
    }

    async fn on_disconnected(
        &self,
        _: &HubCallerContext<Self>,
        reason: &DisconnectReason,
    ) -> HubResult {
        self.note(format!("{reason:?}"));
        Ok(())
    }

    fn bind(self: Arc<Self>, method: usize, _: Call<'_, Self>) -> Result<Reply, BindError> {
        Ok(match method {
            0 => Reply::value(async {}),
            _ => Reply::value(async move {
                self.note("runs");
                drop(self.gate.acquire().await);
                self.note("has run");
            }),
        })
    }
}

struct Stage {
    hub: Arc<HubRuntime>,
    notes: Notes,
    gate: Arc<Semaphore>,
    panics: Arc<AtomicBool>,
    writer: PipeWriter,
    session: tokio::task::JoinSet<()>,
}

impl Stage {
    fn new() -> Self {
        let (notes, gate) = (Notes::default(), Arc::new(Semaphore::new(0)));
        let hub = NotingHub {
            notes: Arc::clone(&notes),
            gate: Arc::clone(&gate),
        };
        let hub = Arc::new(HubRuntime::new(
            "noting".into(),
            Arc::new(TypedHub::new(hub)),
            &[],
            HubOptions::default(),
            Arc::new(lifetime()),
            Arc::new(NameIdentifierUserIdProvider),
        ));
        let identity = Identity {
            user_id: None,
            user: CurrentUser::default(),
            request: ConnectionRequest::default(),
            transport: TransportName::WebSockets,
        };
        let connection = hub.connection("one".into(), identity, bounds(1_000, 1_000), &BARE.frames);
        let panics = Arc::<AtomicBool>::default();
        let is_told_to = Arc::clone(&panics);
        let stream = Taking(move |bytes: &[u8]| {
            assert!(!is_told_to.load(Ordering::Relaxed), "a broken stream");
            bytes.len()
        });
        let out = SharedStream::new(Box::new(stream), Uptake::WithItsPeer);
        connection
            .outbound()
            .attach_socket(SocketWriter::Other(out));
        let (writer, reader) = pipe(1_000);
        let transport = Transport {
            kind: &BARE,
            input: Input::Pipe(reader),
            close_timeout: Duration::from_secs(5),
        };
        let endpoint = Arc::new(EndpointOptions::default());
        let session = Session::new(Arc::clone(&hub), endpoint, connection, transport);
        let mut sessions = tokio::task::JoinSet::new();
        sessions.spawn(Box::new(session).run(TraceContext::default()));
        Self {
            hub,
            notes,
            gate,
            panics,
            writer,
            session: sessions,
        }
    }

    async fn send(&mut self, record: &str) {
        self.writer
            .write(format!("{record}\u{1e}").as_bytes())
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    fn panic_from_now_on(&self) {
        self.panics.store(true, Ordering::Relaxed);
    }

    fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut self.notes.lock().unwrap())
    }

    /// Checks that the session has ended by itself, and completely.
    async fn has_ended(mut self) {
        self.session.join_next().await.unwrap().unwrap();
        assert_eq!(self.hub.lifetime().connections().len(), 0);
        // The hub's and the test's own: the connection's clone is dropped.
        assert_eq!(Arc::strong_count(&self.notes), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_panics_ends_its_connection_in_good_order() {
    let mut stage = Stage::new();
    stage.send(r#"{"protocol":"json","version":1}"#).await;
    assert_eq!(stage.take_notes(), ["connected"]);
    stage.panic_from_now_on();
    let call = r#"{"type":1,"invocationId":"1","target":"Ping","arguments":[]}"#;
    stage.send(call).await;
    let notes = stage.take_notes();
    assert_eq!(notes, [r#"ServerFailed("a broken stream")"#]);
    stage.has_ended().await;
}

#[tokio::test(start_paused = true)]
async fn a_method_runs_on_where_the_goodbye_panics() {
    let mut stage = Stage::new();
    stage.send(r#"{"protocol":"json","version":1}"#).await;
    stage
        .send(r#"{"type":1,"target":"Run","arguments":[]}"#)
        .await;
    assert_eq!(stage.take_notes(), ["connected", "runs"]);
    stage.panic_from_now_on();
    stage.send(r#"{"type":7}"#).await;
    assert_eq!(stage.take_notes(), ["ClientClosed"]);
    let node = Arc::clone(stage.hub.node());
    assert_eq!(node.orphaned_calls().len(), 1);
    stage.gate.add_permits(1);
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(stage.take_notes(), ["has run"]);
    assert_eq!(node.orphaned_calls().len(), 0);
    stage.has_ended().await;
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_panics_in_the_handshake_tells_the_hub_nothing() {
    let mut stage = Stage::new();
    stage.panic_from_now_on();
    stage.send(r#"{"protocol":"json","version":1}"#).await;
    assert_eq!(stage.take_notes(), [""; 0]);
    stage.has_ended().await;
}
