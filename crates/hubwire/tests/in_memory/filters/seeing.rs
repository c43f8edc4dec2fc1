//! What filters see of a call: its caller, method and duration, and whether it reached a method.

use hubwire::filters::{HubFilter, HubInvocation, RefusedCall};
use hubwire::testing::HubTester;
use serde_json::{Value, json};
use test_support::in_memory::*;

use super::{Acting, FilteredHub, Noting};

#[tokio::test(start_paused = true)]
async fn filters_see_only_calls_of_existing_methods_with_arguments_that_fit() {
    let log = Log::default();
    let server = TestServer::with(FilteredHub(log.clone()), |hub| {
        hub.filter(Noting("outer", log.clone()))
    });
    let mut client = server.connect().await;
    settle().await;
    log.take();
    for (method, argument) in [
        ("Nothing", json!(1)),
        ("Double", json!("x")),
        ("Count", json!(1)),
    ] {
        assert!(
            client
                .invoke_as::<Value>(method, (argument,))
                .await
                .is_err()
        );
    }
    assert!(client.invoke_as::<Value>("Double", ()).await.is_err());
    assert_eq!(log.take(), [""; 0]);
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_filter_sees_the_caller_the_method_and_the_duration() {
    let log = Log::default();
    let noted = log.clone();
    let server = TestServer::with(FilteredHub(Log::default()), |hub| {
        hub.filter(Acting(move |invocation: &mut HubInvocation| {
            noted.note(format!(
                "{} {} {} {:?}",
                invocation.hub_name(),
                invocation.method_name(),
                invocation.caller().user_id().unwrap(),
                invocation.elapsed()
            ));
            let shown = format!("{invocation:?}");
            assert!(!shown.contains("4321"), "{shown}");
            Ok(None)
        }))
    });
    let mut client = server.connect_as("ann").await;
    client.invoke_as::<i32>("dOUBLE", (4321,)).await.unwrap();
    assert_eq!(log.take(), ["FilteredHub Double ann 0ns"]);
    drop(client);
    server.leaves_nothing_behind().await;
}

struct Refusals(Log);

impl HubFilter for Refusals {
    fn refused(&self, call: &RefusedCall<'_>) {
        let (target, method) = (call.target(), call.method_name());
        self.0
            .note(format!("{target} {method:?} {:?}", call.reason()));
        assert!(call.target() != "Boom", "a filter panics");
    }
}

#[tokio::test(start_paused = true)]
async fn filters_are_told_of_calls_that_reach_no_method() {
    let log = Log::default();
    let server = TestServer::with(FilteredHub(Log::default()), |hub| {
        hub.filter(Refusals(log.clone()))
            .filter(Refusals(log.clone()))
    });
    let mut client = server.connect().await;
    let double = r#"Some("Double")"#;
    for (target, arguments, told) in [
        (
            "Nothing",
            json!([1]),
            "Nothing None UnknownMethod".to_owned(),
        ),
        ("Boom", json!([1]), "Boom None UnknownMethod".to_owned()),
        ("dOUBLE", json!(["x"]), format!("dOUBLE {double} Argument")),
        (
            "Double",
            json!([]),
            format!("Double {double} ArgumentCount"),
        ),
        (
            "Count",
            json!([1]),
            r#"Count Some("Count") WrongKind"#.to_owned(),
        ),
        ("Sum", json!([1]), r#"Sum Some("Sum") Streams"#.to_owned()),
    ] {
        let call =
            json!({"type": 1, "invocationId": "1", "target": target, "arguments": arguments});
        client.send_record(&call).await.unwrap();
        assert!(message(&mut client).await["error"].is_string());
        assert_eq!(log.take(), [told.clone(), told]);
    }
    assert_eq!(client.invoke_as::<i32>("Double", (1,)).await.unwrap(), 2);
    assert_eq!(log.take(), [""; 0]);
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test]
async fn a_hub_tester_names_methods_as_they_are_declared_and_runs_filters() {
    let log = Log::default();
    let tester = HubTester::new(FilteredHub(Log::default())).filter(Noting("outer", log.clone()));
    let ann = tester.caller("ann");
    let failed = ann.invoke("fAIL", ()).await.unwrap_err();
    assert_eq!(
        failed.text(),
        "An unexpected error occurred invoking 'Fail' on the server."
    );
    let refused = ann.invoke("cOUNT", (1,)).await.unwrap_err();
    assert!(refused.text().contains("'Count'"), "{}", refused.text());
    let panicked = ann.invoke("Panic", ()).await.unwrap_err();
    assert!(
        panicked
            .cause()
            .unwrap()
            .to_string()
            .contains("method panics")
    );
    ann.connect().await.unwrap();
    let told = [
        "outer before Fail",
        "outer after Error: method boom",
        "outer before Panic",
        "outer after Panic: method panics",
        "outer connecting",
    ];
    assert_eq!(log.take(), told);
}
