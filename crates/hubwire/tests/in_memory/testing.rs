//! `hubwire::testing` for tests of hubs: scripted clients, causes of errors, types.

use std::future::pending;
use std::io;

use futures_util::stream;
use hubwire::manual::BindError;
use hubwire::testing::{CallError, HubTester, TestCaller, TestClient};
use hubwire::{
    CancellationToken, HubCallerContext, HubError, HubResult, Principal, SignalR, Stream, hub,
    hub_client,
};
use serde_json::{Value, json};

#[hub_client]
trait PollClient {
    fn vote(&self, question: &str, round: u32) -> bool;
}

struct PollHub;

#[hub(client = PollClient)]
impl PollHub {
    pub async fn enter(&self, cx: &HubCallerContext<Self>, room: String) -> HubResult {
        Ok(cx.groups().add(cx.connection_id(), room).await?)
    }

    pub async fn leave(&self, cx: &HubCallerContext<Self>, room: String) -> HubResult {
        Ok(cx.groups().remove(cx.connection_id(), room).await?)
    }

    pub async fn ask_me(&self, cx: &HubCallerContext<Self>) -> HubResult<bool> {
        Ok(cx.clients().caller().vote("Tea?", 1).await?)
    }

    /// Returns the clients that were invoked, and what each returned.
    pub async fn ask(&self, cx: &HubCallerContext<Self>, whom: String) -> HubResult<Vec<String>> {
        let clients = cx.clients();
        let mut votes = match whom.as_str() {
            "all" => clients.all(),
            "others" => clients.others(),
            "room" => clients.group("room"),
            "others in room" => clients.others_in_group("room"),
            "rooms" => clients.groups(["room", "empty"]),
            "user" => clients.user("ann"),
            "users" => clients.users(["ann", "bob"]),
            "clients" => clients.clients(["1", "3", "unknown"]),
            _ => return Err(HubError::new("whom?")),
        }
        .vote("Tea?", 2)?;
        let mut results = Vec::new();
        while let Some((id, vote)) = votes.next().await {
            let vote = vote.map_or_else(|error| error.to_string(), |vote| vote.to_string());
            results.push(format!("{id}: {vote}"));
        }
        Ok(results)
    }

    pub async fn fail(&self, secret: String) -> HubResult {
        Err(io::Error::other(secret).into())
    }

    pub async fn refuse(&self) -> HubResult {
        Err(HubError::new("Not today"))
    }

    pub async fn abort(&self, cx: &HubCallerContext<Self>) {
        cx.abort();
        pending().await
    }

    pub async fn number(&self) -> u32 {
        7
    }

    pub fn broken(&self) -> impl Stream<Item = HubResult<u32>> {
        stream::iter([Ok(1), Err(HubError::hidden("the wire is cut"))])
    }

    #[allow(clippy::unused_self, reason = "a method that clients may mean")]
    fn count(&self) -> u32 {
        0
    }

    pub fn endless(&self, cancel: CancellationToken) -> impl Stream<Item = u32> {
        futures_util::StreamExt::take_until(stream::repeat(1), cancel.cancelled_owned())
    }
}

fn callers(tester: &HubTester<PollHub>) -> [TestCaller<'_, PollHub>; 3] {
    [
        tester.caller_as("1", Principal::new([("sub", "ann")])),
        tester.caller_as("2", Principal::new([("sub", "bob")])),
        tester.caller_as("3", Principal::new([("sub", "ann")])),
    ]
}

#[tokio::test]
async fn the_selected_clients_respond_in_the_order_of_their_callers() {
    let tester = HubTester::new(PollHub);
    let [one, two, three] = callers(&tester);
    for caller in [&three, &two, &one] {
        caller.invoke("Enter", ("room",)).await.unwrap();
    }
    two.invoke("Leave", ("room",)).await.unwrap();
    let mut count = 0;
    tester.on("Vote", move |(question, round): (String, u32)| {
        assert_eq!((question.as_str(), round), ("Tea?", 2));
        count += 1;
        Ok(count % 2 == 1)
    });
    for (whom, expected) in [
        ("all", &["1: true", "2: false", "3: true"][..]),
        ("others", &["2: false", "3: true"]),
        ("room", &["1: false", "3: true"]),
        ("others in room", &["3: false"]),
        ("rooms", &["1: true", "3: false"]),
        ("user", &["1: true", "3: false"]),
        ("users", &["1: true", "2: false", "3: true"]),
        ("clients", &["1: false", "3: true"]),
    ] {
        let votes: Vec<String> = one.invoke_as("Ask", (whom,)).await.unwrap();
        assert_eq!(votes, expected, "{whom}");
    }
}

#[tokio::test]
async fn clients_without_a_handler_give_no_result() {
    let tester = HubTester::new(PollHub);
    let [one, ..] = callers(&tester);
    let error = one.invoke("AskMe", ()).await.unwrap_err();
    assert!(
        error
            .text()
            .ends_with("HubException: Client didn't provide a result.")
    );
    let cause = error.cause().unwrap().to_string();
    assert!(cause.contains(r#"`tester.on("Vote", ..)`"#), "{cause}");
    // It is not the cause of later failures with other reasons.
    let refused = one.invoke("Refuse", ()).await.unwrap_err();
    assert!(refused.cause().is_none());
    let votes = one.invoke("Ask", ("user",)).await.unwrap();
    let none = "Client didn't provide a result.";
    assert_eq!(votes, json!([format!("1: {none}"), format!("3: {none}")]));
    let invoked = tester.recorder().take_sent();
    assert_eq!(invoked.len(), 2);
    assert_eq!(invoked[0].arguments, [json!("Tea?"), json!(1)]);
}

#[tokio::test]
async fn a_handler_fails_with_its_error_or_with_arguments_that_do_not_fit() {
    let tester = HubTester::new(PollHub);
    let ann = tester.caller("ann");
    tester.on("Vote", |(_, _): (String, u32)| {
        Err::<bool, _>("I am asleep".to_owned())
    });
    let error = ann.invoke("AskMe", ()).await.unwrap_err();
    assert!(
        error.text().ends_with("HubException: I am asleep"),
        "{error}"
    );
    tester.on("Vote", |(_,): (String,)| Ok(true));
    let error = ann.invoke("AskMe", ()).await.unwrap_err();
    let count = "Invocation provides 2 argument(s) but target expects 1.";
    assert!(error.text().ends_with(count), "{error}");
}

#[tokio::test]
async fn a_testers_error_has_its_text_and_the_hidden_cause() {
    let tester = HubTester::new(PollHub);
    let ann = tester.caller("ann");
    let failed = ann.invoke("Fail", ("hunter2",)).await.unwrap_err();
    let base = "An unexpected error occurred invoking 'Fail' on the server.";
    assert_eq!(failed, base);
    let cause = failed.cause().unwrap();
    assert_eq!(
        cause.downcast_ref::<io::Error>().unwrap().to_string(),
        "hunter2"
    );
    assert!(format!("{failed:?}").contains("hunter2") && !failed.to_string().contains("hunter2"));

    let refused = ann.invoke("Refuse", ()).await.unwrap_err();
    let base = "An unexpected error occurred invoking 'Refuse' on the server.";
    assert_eq!(
        refused,
        CallError::new(format!("{base} HubException: Not today"))
    );
    assert!(refused.cause().is_none());

    let misfit = ann.invoke("Fail", (7,)).await.unwrap_err();
    assert_eq!(
        misfit,
        "Failed to invoke 'Fail' due to an error on the server."
    );
    assert!(misfit.cause().unwrap().is::<BindError>());
    let other_type = ann.invoke_as::<String>("Number", ()).await.unwrap_err();
    assert_eq!(other_type, "the hub sent 7, which has another type");
    assert!(other_type.cause().is_some());
    assert_eq!(ann.invoke_as::<u32>("Number", ()).await.unwrap(), 7);
}

async fn client() -> TestClient {
    let polls = SignalR::new().hub().build(PollHub);
    TestClient::connect(&polls.endpoint()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_clients_error_has_its_text_and_the_hidden_cause() {
    let mut ann = client().await;
    let failed = ann.invoke("Fail", ("hunter2",)).await.unwrap_err();
    assert_eq!(
        failed,
        "An unexpected error occurred invoking 'Fail' on the server."
    );
    let cause = failed.cause().unwrap();
    assert_eq!(
        cause.downcast_ref::<io::Error>().unwrap().to_string(),
        "hunter2"
    );
    assert!(!failed.is_connection_lost());
    let refused = ann.invoke_as::<()>("Refuse", ()).await.unwrap_err();
    assert!(refused.cause().is_none());
    let misfit = ann.invoke_as::<()>("Fail", (7,)).await.unwrap_err();
    assert!(misfit.cause().unwrap().is::<BindError>());
    let other_type = ann.invoke_as::<String>("Number", ()).await.unwrap_err();
    assert_eq!(other_type, "the hub sent 7, which has another type");
    assert!(other_type.cause().is_some());
}

#[tokio::test(start_paused = true)]
async fn who_calls_an_unknown_method_is_told_what_was_meant() {
    let tester = HubTester::new(PollHub);
    let caller = tester.caller("ann");
    let mut ann = client().await;
    let hint = |error: CallError| error.cause().unwrap().to_string();
    for (method, expected) in [
        ("Refus", "did you mean `Refuse`?"),
        ("Count", "the hub has a method `count`, but it is not `pub`"),
        ("Something", "the hub has no such method"),
    ] {
        let unknown = caller.invoke(method, ()).await.unwrap_err();
        let text = format!("Failed to invoke '{method}' due to an error on the server.");
        assert_eq!(
            unknown,
            format!("{text} HubException: Method does not exist.")
        );
        assert_eq!(hint(unknown), expected);
        let unknown = caller.stream_as::<u32>(method, ()).await.unwrap_err();
        assert_eq!(hint(unknown), expected);
        let unknown = ann.invoke(method, ()).await.unwrap_err();
        let text = format!("Failed to invoke '{method}' due to an error on the server.");
        assert_eq!(
            unknown,
            format!("{text} HubException: Method does not exist.")
        );
        assert_eq!(hint(unknown), expected);
    }
    assert_eq!(PollHub.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn each_call_has_its_own_cause() {
    let polls = SignalR::new().hub().build(PollHub);
    let mut ann = TestClient::connect(&polls.endpoint()).await.unwrap();
    let mut bob = TestClient::connect(&polls.endpoint()).await.unwrap();
    let anns = ann.start("Fail", ("first",)).await.unwrap();
    let second = ann.start("Fail", ("second",)).await.unwrap();
    let bobs = bob.start("Fail", ("third",)).await.unwrap();
    let cause = |error: &CallError| error.cause().unwrap().to_string();
    let third = bob.completion(&bobs).await.unwrap_err();
    let second = ann.completion(&second).await.unwrap_err();
    let first = ann.completion(&anns).await.unwrap_err();
    assert_eq!(
        [&first, &second, &third].map(cause),
        ["first", "second", "third"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_told_apart_from_an_error_of_the_hub() {
    let mut ann = client().await;
    let lost = ann.invoke("Abort", ()).await.unwrap_err();
    assert!(lost.is_connection_lost());
    assert!(lost.cause().unwrap().is::<io::Error>());
    let lost = ann.invoke_as::<u32>("Number", ()).await.unwrap_err();
    assert!(lost.is_connection_lost());
}

#[tokio::test(start_paused = true)]
async fn a_client_without_a_handler_is_named_when_the_hub_gives_up() {
    let mut ann = client().await;
    let error = ann.invoke("AskMe", ()).await.unwrap_err();
    assert!(
        error.text().ends_with("Invocation canceled by the server."),
        "{error}"
    );
    let cause = error.cause().unwrap().to_string();
    assert!(cause.contains(r#"`client.on("Vote", ..)`"#), "{cause}");
}

#[tokio::test(start_paused = true)]
async fn a_client_responds_to_methods_that_it_has_a_handler_for() {
    let mut ann = client().await;
    ann.on("Vote", |(question, round): (String, u32)| {
        Ok(question == "Tea?" && round == 1)
    });
    assert!(ann.invoke_as::<bool>("AskMe", ()).await.unwrap());
    ann.on("Vote", |_: (String, u32)| {
        Err::<bool, _>("I am asleep".to_owned())
    });
    let error = ann.invoke_as::<bool>("AskMe", ()).await.unwrap_err();
    assert!(
        error.text().ends_with("HubException: I am asleep"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_its_error_or_when_it_is_cancelled() {
    let mut ann = client().await;
    let broken = ann.stream("Broken", ()).await.unwrap();
    assert_eq!(ann.next_item(&broken).await.unwrap(), Some(1));
    let error = ann.next_item::<u32>(&broken).await.unwrap_err();
    assert_eq!(
        error,
        "An error occurred on the server while streaming results."
    );
    assert!(
        error
            .cause()
            .unwrap()
            .to_string()
            .contains("the wire is cut")
    );

    let endless = ann.stream("Endless", ()).await.unwrap();
    assert_eq!(ann.next_item(&endless).await.unwrap(), Some(1));
    let misread = ann.next_item::<String>(&endless).await.unwrap_err();
    assert!(misread.cause().is_some());
    ann.cancel(&endless).await.unwrap();
    while ann.next_item::<Value>(&endless).await.unwrap().is_some() {}
}
