//! Contexts that hub code keeps after their call or hook has ended.

use std::sync::{Arc, Mutex};

use hubwire::testing::TestClient;
use hubwire::{HubCallerContext, hub, hub_client};
use serde_json::json;
use test_support::in_memory::*;
use tokio::task::JoinSet;

#[hub_client]
trait AskedClient {
    fn confirm(&self) -> bool;
}

struct KeepingHub {
    gate: Gate,
    log: Log,
    /// Tasks that continue without their call.
    background: Arc<Mutex<JoinSet<()>>>,
}

impl KeepingHub {
    /// Invokes the client in the background once the gate is open.
    fn ask_later(&self, cx: &HubCallerContext<Self>) {
        let (cx, gate, log) = (cx.clone(), self.gate.clone(), self.log.clone());
        self.background.lock().unwrap().spawn(async move {
            gate.passed().await;
            match cx.clients().caller().confirm().await {
                Ok(result) => log.note(result.to_string()),
                Err(error) => log.note(error.to_string()),
            }
        });
    }
}

#[hub(client = AskedClient)]
impl KeepingHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) {
        if cx.user_id().is_some() {
            self.ask_later(cx);
        }
    }

    pub fn keep(&self, cx: &HubCallerContext<Self>) {
        self.ask_later(cx);
    }

    pub async fn keep_and_wait(&self, cx: &HubCallerContext<Self>) {
        self.ask_later(cx);
        settle().await;
    }

    pub async fn run(&self) {
        self.log.note("begins");
        pass(seconds(1)).await;
        self.log.note("ends");
    }
}

struct Stage {
    server: TestServer<KeepingHub>,
    gate: Gate,
    log: Log,
}

impl Stage {
    fn new() -> Self {
        let (gate, log) = (Gate::closed(), Log::default());
        let hub = KeepingHub {
            gate: gate.clone(),
            log: log.clone(),
            background: Arc::default(),
        };
        let server = TestServer::new(hub);
        Self { server, gate, log }
    }
}

async fn confirm(client: &mut TestClient) {
    let asked = message(client).await;
    assert_eq!(asked["target"], "Confirm");
    let answer = json!({"type": 3, "invocationId": asked["invocationId"], "result": true});
    client.send_record(&answer).await.unwrap();
}

async fn assert_gives_back_one_slot(target: &str) {
    let stage = Stage::new();
    let mut client = stage.server.connect().await;
    for _ in 0..5 {
        client.invoke(target, ()).await.unwrap();
    }
    stage.gate.open(5);
    for _ in 0..5 {
        confirm(&mut client).await;
    }
    settle().await;
    assert_eq!(stage.log.take(), ["true"; 5]);
    for _ in 0..6 {
        client.start("Run", ()).await.unwrap();
    }
    pass(seconds(7)).await;
    assert_eq!(stage.log.take(), ["begins", "ends"].repeat(6));
    drop(client);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn invoking_a_client_after_the_call_gives_no_slot_back() {
    assert_gives_back_one_slot("Keep").await;
    assert_gives_back_one_slot("KeepAndWait").await;
}

#[tokio::test(start_paused = true)]
async fn a_call_and_its_background_task_give_one_slot_back() {
    let stage = Stage::new();
    let mut client = stage.server.connect().await;
    // The client is invoked while the call still runs.
    stage.gate.open(1);
    client.start("KeepAndWait", ()).await.unwrap();
    confirm(&mut client).await;
    pass(seconds(1)).await;
    assert_eq!(stage.log.take(), ["true"]);
    for _ in 0..3 {
        client.start("Run", ()).await.unwrap();
    }
    pass(seconds(4)).await;
    assert_eq!(stage.log.take(), ["begins", "ends"].repeat(3));
}

#[tokio::test(start_paused = true)]
async fn a_context_of_on_connected_invokes_its_client_after_the_hook() {
    let stage = Stage::new();
    let mut client = stage.server.connect_as("ada").await;
    settle().await;
    stage.gate.open(1);
    let confirmed = tokio::time::timeout(seconds(1), confirm(&mut client)).await;
    confirmed.expect("the client is invoked");
    settle().await;
    assert_eq!(stage.log.take(), ["true"]);
}
