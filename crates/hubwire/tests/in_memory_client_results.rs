//! Values that clients are asked for: answers, failures, slots, bounds.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "in_memory/support.rs"]
mod support;

use std::time::Duration;

use hubwire::testing::TestClient;
use hubwire::{ClientResultError, HubCallerContext, HubContext, HubResult, hub, hub_client};
use serde_json::{Value, json};
use support::*;

#[hub_client]
trait AskedClient {
    fn confirm(&self, question: &str) -> bool;
    fn name(&self) -> Option<String>;
}

struct AskingHub {
    log: Log,
    asks_on_connected: bool,
    asks_on_disconnected: bool,
}

impl AskingHub {
    async fn note(&self, answer: Result<bool, ClientResultError>) {
        self.log.note(match answer {
            Ok(answer) => answer.to_string(),
            Err(error) => error.to_string(),
        });
    }
}

#[hub(client = AskedClient)]
impl AskingHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        if self.asks_on_connected {
            self.note(cx.clients().caller().confirm("here?").await)
                .await;
        }
        Ok(())
    }

    async fn on_disconnected(&self, cx: &HubCallerContext<Self>) {
        if self.asks_on_disconnected {
            self.note(cx.clients().caller().confirm("still?").await)
                .await;
        }
    }

    fn echo(&self, text: String) -> String {
        text
    }

    async fn ask(&self, cx: &HubCallerContext<Self>) -> HubResult<bool> {
        Ok(cx.clients().caller().confirm("sure?").await?)
    }

    async fn ask_name(&self, cx: &HubCallerContext<Self>) -> HubResult<Option<String>> {
        Ok(cx.clients().caller().name().await?)
    }

    async fn ask_other(&self, cx: &HubCallerContext<Self>, id: String) -> HubResult<bool> {
        Ok(cx.clients().client(id).confirm("sure?").await?)
    }

    async fn ask_and_linger(&self, cx: &HubCallerContext<Self>) -> HubResult<bool> {
        let answer = cx.clients().caller().confirm("sure?").await?;
        settle().await;
        pass(seconds(5)).await;
        Ok(answer)
    }
}

struct Stage {
    server: TestServer<AskingHub>,
    log: Log,
}

impl Stage {
    fn new() -> Self {
        Self::with(false, false)
    }

    fn with(asks_on_connected: bool, asks_on_disconnected: bool) -> Self {
        let log = Log::default();
        let hub = AskingHub {
            log: log.clone(),
            asks_on_connected,
            asks_on_disconnected,
        };
        let server = TestServer::with(hub, |options| options.maximum_pending_client_results(3));
        Self { server, log }
    }

    fn context(&self) -> HubContext<AskingHub> {
        self.server.context()
    }
}

/// The id of the question that comes next.
async fn question(client: &mut TestClient, target: &str) -> String {
    let question = message(client).await;
    assert_eq!(
        (&question["type"], &question["target"]),
        (&json!(1), &json!(target))
    );
    question["invocationId"].as_str().unwrap().to_owned()
}

async fn answer(client: &mut TestClient, id: &str, result: impl Into<Value>) {
    let record = json!({"type": 3, "invocationId": id, "result": result.into()});
    client.send_record(&record).await.unwrap();
}

async fn answer_with(client: &mut TestClient, id: &str, key: &str, value: impl Into<Value>) {
    let record = json!({"type": 3, "invocationId": id, key: value.into()});
    client.send_record(&record).await.unwrap();
}

fn shown(target: &str, text: &str) -> Result<Value, String> {
    let base = format!("An unexpected error occurred invoking '{target}' on the server.");
    Err(format!("{base} HubException: {text}"))
}

#[tokio::test(start_paused = true)]
async fn the_answer_reaches_whoever_asked() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    for expected in [true, false] {
        let id = ada.start("Ask", ()).await.unwrap();
        let asked = message(&mut ada).await;
        assert_eq!(asked["arguments"], json!(["sure?"]));
        let question = asked["invocationId"].as_str().unwrap();
        assert!(question.starts_with('s'), "{question}");
        answer(&mut ada, question, expected).await;
        assert_eq!(ada.completion(&id).await.unwrap(), Ok(json!(expected)));
    }
    drop(ada);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn every_bad_answer_has_its_text() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let no_result = "Client didn't provide a result.";
    // The last two are the official clients' own.
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
        let asked = question(&mut ada, "Confirm").await;
        answer_with(&mut ada, &asked, key, value).await;
        assert_eq!(ada.completion(&id).await.unwrap(), shown("Ask", text));
    }
    for value in [json!("yes"), json!(1), Value::Null] {
        let id = ada.start("Ask", ()).await.unwrap();
        let asked = question(&mut ada, "Confirm").await;
        answer(&mut ada, &asked, value).await;
        let error = ada.completion(&id).await.unwrap().unwrap_err();
        let text = "HubException: Error trying to deserialize result to Boolean. ";
        assert!(error.contains(text), "{error}");
    }
    let id = ada.start("AskName", ()).await.unwrap();
    let asked = question(&mut ada, "Name").await;
    answer(&mut ada, &asked, Value::Null).await;
    assert_eq!(ada.completion(&id).await.unwrap(), Ok(Value::Null));
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_in_time_is_given_up_and_heard_no_more() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let begun = tokio::time::Instant::now();
    let id = ada.start("Ask", ()).await.unwrap();
    let asked = question(&mut ada, "Confirm").await;
    let text = "Invocation canceled by the server.";
    assert_eq!(ada.completion(&id).await.unwrap(), shown("Ask", text));
    assert_elapsed(begun, 30.0..=30.1);
    answer(&mut ada, &asked, "late and wrong").await;
    assert_eq!(ada.invoke("Echo", ("x",)).await.unwrap(), Ok(json!("x")));
}

#[tokio::test(start_paused = true)]
async fn a_time_limit_of_ones_own() {
    let stage = Stage::new();
    let _ada = stage.server.connect().await;
    let all = stage.context().clients().all().with_timeout(seconds(2));
    let begun = tokio::time::Instant::now();
    let mut answers = all.confirm("sure?").unwrap();
    let (_, answer) = answers.next().await.unwrap();
    assert!(matches!(answer, Err(ClientResultError::TimedOut { waited }) if waited == seconds(2)));
    assert!(answers.next().await.is_none());
    assert_elapsed(begun, 2.0..=2.1);
}

#[tokio::test(start_paused = true)]
async fn the_slot_is_given_back_while_an_answer_is_waited_for() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let first = ada.start("Ask", ()).await.unwrap();
    let asked = question(&mut ada, "Confirm").await;
    assert_eq!(
        ada.invoke("Echo", ("meanwhile",)).await.unwrap(),
        Ok(json!("meanwhile"))
    );
    answer(&mut ada, &asked, true).await;
    assert_eq!(ada.completion(&first).await.unwrap(), Ok(json!(true)));
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_slots_is_whole_again_afterwards() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let lingering = ada.start("AskAndLinger", ()).await.unwrap();
    let asked = question(&mut ada, "Confirm").await;
    answer(&mut ada, &asked, true).await;
    // One more runs beside the one that gave its slot back, but not two.
    let beside = ada.start("AskAndLinger", ()).await.unwrap();
    let asked_beside = question(&mut ada, "Confirm").await;
    answer(&mut ada, &asked_beside, false).await;
    assert_eq!(ada.completion(&lingering).await.unwrap(), Ok(json!(true)));
    assert_eq!(ada.completion(&beside).await.unwrap(), Ok(json!(false)));
    for _ in 0..3 {
        assert_eq!(ada.invoke("Echo", ("x",)).await.unwrap(), Ok(json!("x")));
    }
    drop(ada);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_answers_what_was_asked() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let all = stage.context().clients().all();
    let mut answers = all.confirm("sure?").unwrap();
    question(&mut ada, "Confirm").await;
    drop(ada);
    let (id, answer) = answers.next().await.unwrap();
    let text = format!("Connection '{id}' disconnected.");
    assert_eq!(answer.unwrap_err().to_string(), text);
    assert!(answers.next().await.is_none());
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
async fn in_the_hook_for_new_connections_nobody_is_asked() {
    let stage = Stage::with(true, false);
    let mut ada = stage.server.connect().await;
    assert_eq!(ada.invoke("Echo", ("x",)).await.unwrap(), Ok(json!("x")));
    let text = "Client results inside OnConnectedAsync Hub methods are not allowed.";
    assert_eq!(stage.log.take(), [text]);
}

#[tokio::test(start_paused = true)]
async fn in_the_hook_for_lost_connections_the_caller_is_gone() {
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
async fn an_answer_to_anothers_question_ends_its_sender_alone() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let id = ada.start("Ask", ()).await.unwrap();
    let asked = question(&mut ada, "Confirm").await;
    let mut eve = stage.server.connect().await;
    answer(&mut eve, &asked, true).await;
    let close = json!({
        "type": 7, "error": "Connection closed with an error.", "allowReconnect": true,
    });
    assert_closed_with(&mut eve, close).await;
    answer(&mut ada, &asked, false).await;
    assert_eq!(ada.completion(&id).await.unwrap(), Ok(json!(false)));
}

#[tokio::test(start_paused = true)]
async fn second_and_unasked_answers_are_ignored() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let id = ada.start("Ask", ()).await.unwrap();
    let asked = question(&mut ada, "Confirm").await;
    answer(&mut ada, &asked, true).await;
    answer(&mut ada, &asked, "again").await;
    for unasked in [
        "s0",
        "s999",
        "s+1",
        "s01",
        "s-1",
        "s18446744073709551616",
        "7",
        "s",
    ] {
        answer(&mut ada, unasked, "what?").await;
    }
    assert_eq!(ada.completion(&id).await.unwrap(), Ok(json!(true)));
    assert_eq!(ada.invoke("Echo", ("x",)).await.unwrap(), Ok(json!("x")));
}

#[tokio::test(start_paused = true)]
async fn one_client_has_so_many_open_questions_and_no_more() {
    let stage = Stage::new();
    let _ada = stage.server.connect().await;
    let all = stage.context().clients().all();
    let open: Vec<_> = (0..3).map(|_| all.confirm("sure?").unwrap()).collect();
    let begun = tokio::time::Instant::now();
    let mut refused = all.confirm("sure?").unwrap();
    let (_, answer) = refused.next().await.unwrap();
    assert!(matches!(
        answer,
        Err(ClientResultError::TooManyPending { limit: 3, .. })
    ));
    assert!(refused.next().await.is_none());
    assert_elapsed(begun, 0.0..=0.01);
    assert_eq!(stage.server.signalr.statistics().client_results, 3);
    drop(open);
    assert_eq!(stage.server.signalr.statistics().client_results, 0);
}

#[tokio::test(start_paused = true)]
async fn many_clients_answer_one_question_each_for_itself() {
    let stage = Stage::new();
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(stage.server.connect().await);
    }
    let begun = tokio::time::Instant::now();
    let all = stage.context().clients().all().with_timeout(seconds(3));
    let mut answers = all.confirm("lunch?").unwrap();
    for (number, client) in clients.iter_mut().enumerate() {
        let asked = question(client, "Confirm").await;
        match number {
            0 => answer(client, &asked, true).await,
            1 => answer_with(client, &asked, "error", "busy").await,
            2 => client.close().await.unwrap(),
            _ => {}
        }
    }
    let mut heard = Vec::new();
    let mut ids = Vec::new();
    while let Some((id, answer)) = answers.next().await {
        ids.push(id);
        heard.push(match answer {
            Ok(answer) => answer.to_string(),
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
async fn nobody_to_ask_is_an_end_at_once() {
    let stage = Stage::new();
    let begun = tokio::time::Instant::now();
    let nobody = stage.context().clients().group("empty");
    let mut answers = nobody.confirm("sure?").unwrap();
    assert!(answers.next().await.is_none());
    assert_elapsed(begun, 0.0..=0.01);
    assert_eq!(stage.server.signalr.statistics().client_results, 0);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_question_is_given_up() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let all = stage.context().clients().all();
    let asking = tokio::time::timeout(Duration::from_millis(10), async {
        let mut answers = all.confirm("sure?").unwrap();
        answers.next().await
    });
    assert!(asking.await.is_err());
    assert_eq!(stage.server.signalr.statistics().client_results, 0);
    let asked = question(&mut ada, "Confirm").await;
    answer(&mut ada, &asked, true).await;
    assert_eq!(ada.invoke("Echo", ("x",)).await.unwrap(), Ok(json!("x")));
}

#[tokio::test(start_paused = true)]
async fn one_client_asks_another_through_the_hub() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let mut bob = stage.server.connect().await;
    let all = stage.context().clients().all();
    let mut answers = all.name().unwrap();
    let asked = question(&mut bob, "Name").await;
    answer(&mut bob, &asked, "Bob").await;
    let (bobs_id, name) = answers.next().await.unwrap();
    assert_eq!(name.unwrap().as_deref(), Some("Bob"));
    drop(answers);
    question(&mut ada, "Name").await;
    let id = ada.start("AskOther", (bobs_id,)).await.unwrap();
    let asked = question(&mut bob, "Confirm").await;
    answer(&mut bob, &asked, true).await;
    assert_eq!(ada.completion(&id).await.unwrap(), Ok(json!(true)));
}

#[tokio::test(start_paused = true)]
async fn a_second_answer_to_a_question_for_many_is_ignored_too() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let mut bob = stage.server.connect().await;
    let all = stage.context().clients().all();
    let mut answers = all.confirm("sure?").unwrap();
    let asked = question(&mut ada, "Confirm").await;
    answer(&mut ada, &asked, true).await;
    answer(&mut ada, &asked, false).await;
    assert_eq!(ada.invoke("Echo", ("x",)).await.unwrap(), Ok(json!("x")));
    let asked = question(&mut bob, "Confirm").await;
    answer(&mut bob, &asked, false).await;
    assert!(answers.next().await.unwrap().1.unwrap());
    assert!(!answers.next().await.unwrap().1.unwrap());
    assert!(answers.next().await.is_none());
}
