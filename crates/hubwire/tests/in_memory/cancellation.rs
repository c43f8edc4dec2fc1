//! Tokens of plain calls: what cancels them, and what does not.

use hubwire::testing::TestClient;
use hubwire::{CancellationToken, HubError, HubResult, hub};
use serde_json::json;
use test_support::in_memory::*;

struct PatientHub {
    log: Log,
}

#[hub]
impl PatientHub {
    pub fn echo(&self, text: String) -> String {
        text
    }

    /// A token may have any position, and is not an argument.
    pub async fn wait(&self, first: i32, cancel: CancellationToken, second: i32) -> HubResult<i32> {
        let waited = tokio::time::timeout(seconds(60), cancel.cancelled()).await;
        self.log.note(if waited.is_ok() {
            "cancelled"
        } else {
            "not cancelled"
        });
        match waited {
            Ok(()) if second == 0 => Err(HubError::new("gave up")),
            _ => Ok(first + second),
        }
    }

    pub async fn wait_without(&self) {
        pass(seconds(60)).await;
    }
}

fn server() -> (TestServer<PatientHub>, Log) {
    let log = Log::default();
    (TestServer::new(PatientHub { log: log.clone() }), log)
}

async fn cancel(client: &mut TestClient, id: &str) {
    let record = json!({"type": 5, "invocationId": id});
    client.send_record(&record).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_completes_as_its_method_wishes() {
    let (server, log) = server();
    let mut ada = server.connect().await;
    let id = ada.start("Wait", (1, 2)).await.unwrap();
    settle().await;
    cancel(&mut ada, &id).await;
    assert_eq!(ada.completion(&id).await, Ok(json!(3)));
    let id = ada.start("Wait", (1, 0)).await.unwrap();
    cancel(&mut ada, &id).await;
    let text = "An unexpected error occurred invoking 'Wait' on the server. HubException: gave up";
    assert_eq!(ada.completion(&id).await, Err(text.into()));
    assert_eq!(log.take(), ["cancelled", "cancelled"]);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_not_an_argument() {
    let (server, _) = server();
    let mut ada = server.connect().await;
    let failed = "Failed to invoke 'Wait' due to an error on the server.";
    let completion = ada.invoke("Wait", (1, 2, 3)).await;
    assert_eq!(completion, Err(failed.into()));
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_token_continues() {
    let (server, _) = server();
    let mut ada = server.connect().await;
    let id = ada.start("WaitWithout", ()).await.unwrap();
    cancel(&mut ada, &id).await;
    cancel(&mut ada, "unknown").await;
    assert_silent(&mut ada, seconds(59)).await;
    assert_eq!(ada.completion(&id).await, Ok(json!(null)));
}

#[tokio::test(start_paused = true)]
async fn a_cancel_after_the_end_cancels_nothing() {
    let (server, log) = server();
    let mut ada = server.connect().await;
    let id = ada.start("Wait", (1, 1)).await.unwrap();
    assert_eq!(ada.completion(&id).await, Ok(json!(2)));
    cancel(&mut ada, &id).await;
    assert_eq!(ada.invoke("Echo", ("x",)).await, Ok(json!("x")));
    assert_eq!(log.take(), ["not cancelled"]);
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_cancels_the_token() {
    let (server, log) = server();
    let mut ada = server.connect().await;
    ada.start("Wait", (1, 2)).await.unwrap();
    settle().await;
    drop(ada);
    settle().await;
    assert_eq!(log.take(), ["cancelled"]);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_cancels_the_token() {
    let (server, log) = server();
    let mut ada = server.connect().await;
    ada.start("Wait", (1, 2)).await.unwrap();
    settle().await;
    let signalr = server.signalr.clone();
    let goodbye = json!({"type": 7, "allowReconnect": true});
    tokio::join!(signalr.shutdown(), assert_closed_with(&mut ada, goodbye));
    assert_eq!(log.take(), ["cancelled"]);
}

#[tokio::test(start_paused = true)]
async fn calls_with_equal_ids_are_cancelled_separately() {
    let log = Log::default();
    let hub = PatientHub { log: log.clone() };
    let two = std::num::NonZeroUsize::new(2).unwrap();
    let server = TestServer::with(hub, |options| {
        options.maximum_parallel_invocations_per_client(two)
    });
    let mut ada = server.connect().await;
    let call = json!({"type": 1, "invocationId": "A", "target": "Wait", "arguments": [1, 2]});
    ada.send_record(&call).await.unwrap();
    pass(seconds(30)).await;
    ada.send_record(&call).await.unwrap();
    pass(seconds(31)).await;
    assert_eq!(log.take(), ["not cancelled"]);
    cancel(&mut ada, "A").await;
    settle().await;
    assert_eq!(log.take(), ["cancelled"]);
}
