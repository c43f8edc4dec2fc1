//! A hub that notes its hooks, and can refuse or delay new connections.

use hubwire::testing::TestClient;
use hubwire::{DisconnectReason, HubCallerContext, HubError, HubResult, hub};

use crate::in_memory::{Gate, Log, TestServer, settle};

/// What `on_connected` does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Welcome {
    Accept,
    Fail,
    Panic,
    Refuse,
    WaitAtTheGate,
}

pub struct LifecycleHub {
    welcome: Welcome,
    pub gate: Gate,
    pub log: Log,
}

#[hub]
impl LifecycleHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        // The items keep a clone of the log for as long as they exist.
        cx.items().insert(self.log.clone());
        assert!(!cx.connection_aborted().is_cancelled());
        cx.groups().add(cx.connection_id(), "everybody").await?;
        cx.clients().caller().send("Welcome", ()).await?;
        match self.welcome {
            Welcome::Accept => {}
            Welcome::Fail => return Err(std::io::Error::other("secret").into()),
            Welcome::Panic => panic!("secret"),
            Welcome::Refuse => return Err(HubError::new("not today")),
            Welcome::WaitAtTheGate => self.gate.passed().await,
        }
        self.log.note("connected");
        Ok(())
    }

    async fn on_disconnected(
        &self,
        cx: &HubCallerContext<Self>,
        reason: &DisconnectReason,
    ) -> HubResult {
        assert!(cx.connection_aborted().is_cancelled());
        self.log.note(format!("{reason:?}"));
        cx.clients().caller().send("Lost", ()).await?;
        cx.clients().group("everybody").send("Left", ()).await?;
        Ok(())
    }

    pub fn abort(&self, cx: &HubCallerContext<Self>) {
        cx.abort();
    }

    pub fn note(&self, text: String) {
        self.log.note(text);
    }

    pub fn count(&self, cx: &HubCallerContext<Self>) -> u32 {
        let count = cx.items().get::<u32>().unwrap_or(0) + 1;
        cx.items().insert(count);
        count
    }

    /// Notes that its connection is gone, and continues until the gate opens.
    pub async fn outlive(&self, cx: &HubCallerContext<Self>) -> HubResult {
        cx.connection_aborted().cancelled().await;
        self.log.note("aborted");
        self.gate.passed().await;
        cx.clients().caller().send("Unheard", ()).await?;
        self.log.note("ended");
        Ok(())
    }
}

pub struct Stage {
    pub server: TestServer<LifecycleHub>,
    pub gate: Gate,
    pub log: Log,
}

impl Stage {
    pub fn new(welcome: Welcome) -> Self {
        let (gate, log) = (Gate::closed(), Log::default());
        let hub = LifecycleHub {
            welcome,
            gate: gate.clone(),
            log: log.clone(),
        };
        let server = TestServer::new(hub);
        Self { server, gate, log }
    }

    pub async fn connect(&self) -> TestClient {
        let mut client = self.server.connect().await;
        assert_eq!(client.push().await.unwrap().0, "Welcome");
        settle().await;
        assert_eq!(self.log.take(), ["connected"]);
        client
    }

    /// Checks that nothing is left on the server, including the items of connections.
    pub async fn leaves_nothing_behind(&self) {
        self.server.leaves_nothing_behind().await;
        assert_eq!(self.log.holders(), 2, "those of the hub and of the test");
    }
}
