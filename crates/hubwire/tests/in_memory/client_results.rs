//! What clients return to a server that invokes them: results, failures, slots, bounds.

use std::time::Duration;

use hubwire::testing::{CallError, TestClient};
use hubwire::{
    ClientResultError, HubCallerContext, HubContext, HubResult, Principal, hub, hub_client,
};
use serde_json::{Value, json};
use test_support::in_memory::*;
use test_support::log_lines::LogLines;
use tracing::Level;

#[hub_client]
trait InvokedClient {
    fn confirm(&self, question: &str) -> bool;
    fn name(&self) -> Option<String>;
}

struct InvokingHub {
    log: Log,
    invokes_on_connected: bool,
    invokes_on_disconnected: bool,
}

impl InvokingHub {
    async fn note(&self, result: Result<bool, ClientResultError>) {
        self.log.note(match result {
            Ok(result) => result.to_string(),
            Err(error) => error.to_string(),
        });
    }
}

#[hub(client = InvokedClient)]
impl InvokingHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        if self.invokes_on_connected {
            self.note(cx.clients().caller().confirm("here?").await)
                .await;
        }
        Ok(())
    }

    async fn on_disconnected(&self, cx: &HubCallerContext<Self>) {
        if self.invokes_on_disconnected {
            self.note(cx.clients().caller().confirm("still?").await)
                .await;
        }
    }

    pub fn echo(&self, text: String) -> String {
        text
    }

    pub async fn ask(&self, cx: &HubCallerContext<Self>) -> HubResult<bool> {
        Ok(cx.clients().caller().confirm("sure?").await?)
    }

    pub async fn ask_name(&self, cx: &HubCallerContext<Self>) -> HubResult<Option<String>> {
        Ok(cx.clients().caller().name().await?)
    }

    pub async fn ask_other(&self, cx: &HubCallerContext<Self>, id: String) -> HubResult<bool> {
        Ok(cx.clients().client(id).confirm("sure?").await?)
    }

    pub async fn ask_and_linger(&self, cx: &HubCallerContext<Self>) -> HubResult<bool> {
        let result = cx.clients().caller().confirm("sure?").await?;
        settle().await;
        pass(seconds(5)).await;
        Ok(result)
    }
}

struct Stage {
    server: TestServer<InvokingHub>,
    log: Log,
}

impl Stage {
    fn new() -> Self {
        Self::with(false, false)
    }

    fn with(invokes_on_connected: bool, invokes_on_disconnected: bool) -> Self {
        let log = Log::default();
        let hub = InvokingHub {
            log: log.clone(),
            invokes_on_connected,
            invokes_on_disconnected,
        };
        let server = TestServer::with(hub, |options| options.maximum_pending_client_results(3));
        Self { server, log }
    }

    fn context(&self) -> HubContext<InvokingHub> {
        self.server.context()
    }
}

/// Returns the id of the next invocation.
async fn invocation(client: &mut TestClient, target: &str) -> String {
    let invocation = message(client).await;
    assert_eq!(
        (&invocation["type"], &invocation["target"]),
        (&json!(1), &json!(target))
    );
    invocation["invocationId"].as_str().unwrap().to_owned()
}

async fn complete(client: &mut TestClient, id: &str, result: impl Into<Value>) {
    let record = json!({"type": 3, "invocationId": id, "result": result.into()});
    client.send_record(&record).await.unwrap();
}

async fn complete_with(client: &mut TestClient, id: &str, key: &str, value: impl Into<Value>) {
    let record = json!({"type": 3, "invocationId": id, key: value.into()});
    client.send_record(&record).await.unwrap();
}

fn shown(target: &str, text: &str) -> Result<Value, CallError> {
    let base = format!("An unexpected error occurred invoking '{target}' on the server.");
    Err(format!("{base} HubException: {text}").into())
}

#[tokio::test(start_paused = true)]
async fn the_result_reaches_the_method_that_invoked() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    for expected in [true, false] {
        let id = ada.start("Ask", ()).await.unwrap();
        let invocation = message(&mut ada).await;
        assert_eq!(invocation["arguments"], json!(["sure?"]));
        let invoked = invocation["invocationId"].as_str().unwrap();
        assert!(invoked.starts_with('s'), "{invoked}");
        complete(&mut ada, invoked, expected).await;
        assert_eq!(ada.completion(&id).await, Ok(json!(expected)));
    }
    drop(ada);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn every_bad_result_has_its_text() {
    let lines = LogLines::written(Level::DEBUG);
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let no_result = "Client didn't provide a result.";
    // The official clients send the last two texts.
    let [several, unread] = [
        "Client provided multiple results.",
        "Client failed to parse argument(s).",
    ];
    for (key, value, text) in [
        ("error", json!("no idea"), "no idea"),
        ("error", json!(several), several),
        ("error", json!(unread), unread),
        ("ignored", json!(1), no_result),
    ] {
        let id = ada.start("Ask", ()).await.unwrap();
        let invoked = invocation(&mut ada, "Confirm").await;
        complete_with(&mut ada, &invoked, key, value).await;
        assert_eq!(ada.completion(&id).await, shown("Ask", text));
    }
    for value in [json!("yes"), json!(1), Value::Null] {
        let id = ada.start("Ask", ()).await.unwrap();
        let invoked = invocation(&mut ada, "Confirm").await;
        complete(&mut ada, &invoked, value).await;
        let error = ada.completion(&id).await.unwrap_err();
        let text = "HubException: Error trying to deserialize result to Boolean. ";
        assert!(error.text().contains(text), "{error}");
        let mut lines = lines.take();
        lines.retain(|line| line.message == "client result refused");
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].field("connection_id").len(), 22);
    }
    let id = ada.start("AskName", ()).await.unwrap();
    let invoked = invocation(&mut ada, "Name").await;
    complete(&mut ada, &invoked, Value::Null).await;
    assert_eq!(ada.completion(&id).await, Ok(Value::Null));
}

#[tokio::test(start_paused = true)]
async fn after_its_timeout_an_invocation_fails_and_ignores_its_result() {
    let lines = LogLines::written(Level::WARN);
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let begun = tokio::time::Instant::now();
    let id = ada.start("Ask", ()).await.unwrap();
    let invoked = invocation(&mut ada, "Confirm").await;
    let text = "Invocation canceled by the server.";
    assert_eq!(ada.completion(&id).await, shown("Ask", text));
    assert_elapsed(begun, 30.0..=30.1);
    complete(&mut ada, &invoked, "late and wrong").await;
    assert_eq!(ada.invoke("Echo", ("x",)).await, Ok(json!("x")));
    pass(seconds(2)).await;
    let line = lines.one_of_a_connection("InvokingHub");
    assert_eq!(line.field("limit"), "client_result_timeout");
}

#[tokio::test(start_paused = true)]
async fn an_invocation_may_have_its_own_timeout() {
    let stage = Stage::new();
    let _ada = stage.server.connect().await;
    let all = stage.context().clients().all().with_timeout(seconds(2));
    let begun = tokio::time::Instant::now();
    let mut results = all.confirm("sure?").unwrap();
    let (_, result) = results.next().await.unwrap();
    assert!(matches!(result, Err(ClientResultError::TimedOut { waited }) if waited == seconds(2)));
    assert!(results.next().await.is_none());
    assert_elapsed(begun, 2.0..=2.1);
}

#[tokio::test(start_paused = true)]
async fn the_slot_is_given_back_while_a_call_waits_for_a_result() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let first = ada.start("Ask", ()).await.unwrap();
    let invoked = invocation(&mut ada, "Confirm").await;
    assert_eq!(
        ada.invoke("Echo", ("meanwhile",)).await,
        Ok(json!("meanwhile"))
    );
    complete(&mut ada, &invoked, true).await;
    assert_eq!(ada.completion(&first).await, Ok(json!(true)));
}

#[tokio::test(start_paused = true)]
async fn all_slots_are_available_again_afterwards() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let lingering = ada.start("AskAndLinger", ()).await.unwrap();
    let invoked = invocation(&mut ada, "Confirm").await;
    complete(&mut ada, &invoked, true).await;
    // One more call runs in addition to the one that gave its slot back, but not two.
    let beside = ada.start("AskAndLinger", ()).await.unwrap();
    let invoked_beside = invocation(&mut ada, "Confirm").await;
    complete(&mut ada, &invoked_beside, false).await;
    assert_eq!(ada.completion(&lingering).await, Ok(json!(true)));
    assert_eq!(ada.completion(&beside).await, Ok(json!(false)));
    for _ in 0..3 {
        assert_eq!(ada.invoke("Echo", ("x",)).await, Ok(json!("x")));
    }
    drop(ada);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_ends_what_is_pending() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let all = stage.context().clients().all();
    let mut results = all.confirm("sure?").unwrap();
    invocation(&mut ada, "Confirm").await;
    drop(ada);
    let (id, result) = results.next().await.unwrap();
    let text = format!("Connection '{id}' disconnected.");
    assert_eq!(result.unwrap_err().to_string(), text);
    assert!(results.next().await.is_none());
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn an_unknown_connection_is_an_error_at_once() {
    let stage = Stage::new();
    let client = stage.context().clients().client("nobody");
    let error = client.confirm("sure?").await.unwrap_err();
    assert_eq!(error.to_string(), "Connection 'nobody' does not exist.");
    assert!(matches!(error, ClientResultError::UnknownConnection { .. }));
}

#[tokio::test(start_paused = true)]
async fn on_connected_cannot_invoke_clients() {
    let stage = Stage::with(true, false);
    let mut ada = stage.server.connect().await;
    assert_eq!(ada.invoke("Echo", ("x",)).await, Ok(json!("x")));
    let text = "Client results inside OnConnectedAsync Hub methods are not allowed.";
    assert_eq!(stage.log.take(), [text]);
}

#[tokio::test(start_paused = true)]
async fn in_on_disconnected_the_caller_is_gone() {
    let stage = Stage::with(false, true);
    let ada = stage.server.connect().await;
    settle().await;
    drop(ada);
    settle().await;
    let notes = stage.log.take();
    assert!(notes[0].ends_with("disconnected."), "{notes:?}");
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_result_for_anothers_invocation_ends_only_its_sender() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let id = ada.start("Ask", ()).await.unwrap();
    let invoked = invocation(&mut ada, "Confirm").await;
    let mut eve = stage.server.connect().await;
    complete(&mut eve, &invoked, true).await;
    let close = json!({
        "type": 7, "error": "Connection closed with an error.", "allowReconnect": true,
    });
    assert_closed_with(&mut eve, close).await;
    complete(&mut ada, &invoked, false).await;
    assert_eq!(ada.completion(&id).await, Ok(json!(false)));
}

#[tokio::test(start_paused = true)]
async fn second_and_stray_results_are_ignored() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let id = ada.start("Ask", ()).await.unwrap();
    let invoked = invocation(&mut ada, "Confirm").await;
    complete(&mut ada, &invoked, true).await;
    complete(&mut ada, &invoked, "again").await;
    for stray in [
        "s0",
        "s999",
        "s+1",
        "s01",
        "s-1",
        "s18446744073709551616",
        "7",
        "s",
    ] {
        complete(&mut ada, stray, "what?").await;
    }
    assert_eq!(ada.completion(&id).await, Ok(json!(true)));
    assert_eq!(ada.invoke("Echo", ("x",)).await, Ok(json!("x")));
}

#[tokio::test(start_paused = true)]
async fn the_pending_results_of_a_client_are_bounded() {
    let stage = Stage::new();
    let _ada = stage.server.connect().await;
    let all = stage.context().clients().all();
    let open: Vec<_> = (0..3).map(|_| all.confirm("sure?").unwrap()).collect();
    let begun = tokio::time::Instant::now();
    let mut refused = all.confirm("sure?").unwrap();
    let (_, result) = refused.next().await.unwrap();
    assert!(matches!(
        result,
        Err(ClientResultError::TooManyPending { limit: 3, .. })
    ));
    assert!(refused.next().await.is_none());
    assert_elapsed(begun, 0.0..=0.01);
    assert_eq!(stage.server.signalr.statistics().client_results, 3);
    drop(open);
    assert_eq!(stage.server.signalr.statistics().client_results, 0);
}

#[tokio::test(start_paused = true)]
async fn many_clients_complete_one_invocation_separately() {
    let stage = Stage::new();
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(stage.server.connect().await);
    }
    let begun = tokio::time::Instant::now();
    let all = stage.context().clients().all().with_timeout(seconds(3));
    let mut results = all.confirm("lunch?").unwrap();
    for (number, client) in clients.iter_mut().enumerate() {
        let invoked = invocation(client, "Confirm").await;
        match number {
            0 => complete(client, &invoked, true).await,
            1 => complete_with(client, &invoked, "error", "busy").await,
            2 => client.close().await.unwrap(),
            _ => {}
        }
    }
    let mut heard = Vec::new();
    let mut ids = Vec::new();
    while let Some((id, result)) = results.next().await {
        ids.push(id);
        heard.push(match result {
            Ok(result) => result.to_string(),
            Err(ClientResultError::Client(text)) => text,
            Err(ClientResultError::Disconnected { .. }) => "gone".to_owned(),
            Err(ClientResultError::TimedOut { .. }) => "late".to_owned(),
            Err(error) => panic!("{error}"),
        });
    }
    heard.sort();
    assert_eq!(heard, ["busy", "gone", "late", "true"]);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    assert_elapsed(begun, 3.0..=3.1);
}

#[tokio::test(start_paused = true)]
async fn an_invocation_of_nobody_ends_at_once() {
    let stage = Stage::new();
    let begun = tokio::time::Instant::now();
    let nobody = stage.context().clients().group("empty");
    let mut results = nobody.confirm("sure?").unwrap();
    assert!(results.next().await.is_none());
    assert_elapsed(begun, 0.0..=0.01);
    assert_eq!(stage.server.signalr.statistics().client_results, 0);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_invocation_is_abandoned() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let all = stage.context().clients().all();
    let invoking = tokio::time::timeout(Duration::from_millis(10), async {
        let mut results = all.confirm("sure?").unwrap();
        results.next().await
    });
    assert!(invoking.await.is_err());
    assert_eq!(stage.server.signalr.statistics().client_results, 0);
    let invoked = invocation(&mut ada, "Confirm").await;
    complete(&mut ada, &invoked, true).await;
    assert_eq!(ada.invoke("Echo", ("x",)).await, Ok(json!("x")));
}

#[tokio::test(start_paused = true)]
async fn one_client_invokes_another_through_the_hub() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let mut bob = stage.server.connect().await;
    let all = stage.context().clients().all();
    let mut results = all.name().unwrap();
    let invoked = invocation(&mut bob, "Name").await;
    complete(&mut bob, &invoked, "Bob").await;
    let (bobs_id, name) = results.next().await.unwrap();
    assert_eq!(name.unwrap().as_deref(), Some("Bob"));
    drop(results);
    invocation(&mut ada, "Name").await;
    let id = ada.start("AskOther", (bobs_id,)).await.unwrap();
    let invoked = invocation(&mut bob, "Confirm").await;
    complete(&mut bob, &invoked, true).await;
    assert_eq!(ada.completion(&id).await, Ok(json!(true)));
}

#[tokio::test(start_paused = true)]
async fn a_second_result_of_one_of_many_clients_is_ignored() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let mut bob = stage.server.connect().await;
    let all = stage.context().clients().all();
    let mut results = all.confirm("sure?").unwrap();
    let invoked = invocation(&mut ada, "Confirm").await;
    complete(&mut ada, &invoked, true).await;
    complete(&mut ada, &invoked, false).await;
    assert_eq!(ada.invoke("Echo", ("x",)).await, Ok(json!("x")));
    let invoked = invocation(&mut bob, "Confirm").await;
    complete(&mut bob, &invoked, false).await;
    assert!(results.next().await.unwrap().1.unwrap());
    assert!(!results.next().await.unwrap().1.unwrap());
    assert!(results.next().await.is_none());
}

/// The method that waits for the result is told, and nothing of it is left.
#[tokio::test(start_paused = true)]
async fn who_expires_or_is_kicked_while_a_result_is_awaited_leaves_nothing() {
    for expires in [true, false] {
        let stage = Stage::new();
        let endpoint = stage.server.endpoint.clone();
        let endpoint = endpoint.close_on_authentication_expiration(true);
        let user = Principal::new([("sub", "ada")]);
        #[expect(clippy::disallowed_methods, reason = "a time of the calendar")]
        let user = match expires {
            true => user.expiring_at(std::time::SystemTime::now() + seconds(3)),
            false => user,
        };
        let mut ada = TestClient::connect_as(&endpoint, user).await.unwrap();
        for _ in 0..2 {
            ada.start("AskAndLinger", ()).await.unwrap();
        }
        let _ = invocation(&mut ada, "Confirm").await;
        if expires {
            pass(seconds(5)).await;
        } else {
            let context = stage.context();
            let told = context.disconnect_user("ada", hubwire::Disconnect::for_good());
            assert_eq!(told, 1);
        }
        loop {
            let last = message(&mut ada).await;
            if last["type"] == 7 {
                break;
            }
        }
        drop(ada);
        pass(seconds(40)).await;
        stage.server.leaves_nothing_behind().await;
    }
}
