//! Roles, which are decided before anything of the method runs.

use hubwire::testing::HubTester;
use serde_json::json;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_method_asks_for_a_user_and_for_roles() {
    for protocol in PROTOCOLS {
        let stage = Stage::new();
        for (roles, allowed) in [
            (None, [false, false, false, false]),
            (Some(&[][..]), [true, false, false, false]),
            (Some(&["cook"]), [true, false, false, false]),
            (Some(&["Cook"]), [true, true, true, false]),
            (Some(&["Waiter"]), [true, false, true, false]),
            (Some(&["Waiter", "Cook"]), [true, true, true, true]),
        ] {
            let mut peer = match roles {
                Some(roles) => stage.connect(roles, protocol).await,
                None => Peer::connect(&stage.server.endpoint, None, protocol).await,
            };
            peer.invoke("1", "Eat", &[]).await;
            peer.invoke("2", "Cook", &[json!(7)]).await;
            peer.invoke("3", "Serve", &[]).await;
            peer.invoke("4", "Both", &[]).await;
            peer.invoke("5", "Echo", &[json!("here")]).await;
            let answer = |allowed: bool, id, method, result: &str| match allowed {
                true => format!("completion {id} result {result}"),
                false => unauthorized(id, method),
            };
            let expected = [
                answer(allowed[0], "1", "Eat", "\"eaten\""),
                answer(allowed[1], "2", "Cook", "7"),
                answer(allowed[2], "3", "Serve", "\"served\""),
                answer(allowed[3], "4", "Both", "\"both\""),
                answer(true, "5", "Echo", "\"here\""),
            ];
            assert_eq!(peer.heard().await, expected, "{roles:?} {protocol:?}");
        }
        stage.server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_refused_method_runs() {
    for protocol in PROTOCOLS {
        for detailed in [false, true] {
            let told = Log::default();
            let stage = Stage::with(|hub| {
                hub.detailed_errors(detailed)
                    .filter(Watching("filter", told.clone()))
            });
            let mut peer = stage.connect(&["Waiter"], protocol).await;
            // The declared name, whatever the client's spelling; not the arguments, nor their number.
            peer.invoke("1", "cOOK", &[json!(4101)]).await;
            peer.invoke("2", "Cook", &[json!("no number")]).await;
            peer.invoke("3", "Cook", &[]).await;
            // Not what is wrong with the kind of the call, or with its streams.
            peer.stream("4", "Cook", &[json!(4101)], &[]).await;
            peer.invoke("5", "Steps", &[]).await;
            peer.stream("6", "Steps", &[], &[]).await;
            peer.upload("7", "Taste", &[], &["a"]).await;
            peer.upload("8", "Taste", &[], &["a", "a"]).await;
            peer.item("a", 1).await;
            peer.end("a").await;
            peer.send("Cook", &[json!(4101)]).await;
            peer.send("Cook", &[]).await;
            peer.invoke("9", "Echo", &[json!("here")]).await;
            let expected = [
                unauthorized("1", "Cook"),
                unauthorized("2", "Cook"),
                unauthorized("3", "Cook"),
                unauthorized("4", "Cook"),
                unauthorized("5", "Steps"),
                unauthorized("6", "Steps"),
                unauthorized("7", "Taste"),
                unauthorized("8", "Taste"),
                "completion 9 result \"here\"".to_owned(),
            ];
            assert_eq!(peer.heard().await, expected);
            let mut refused = vec!["filter cOOK Unauthorized"];
            refused.extend(["filter Cook Unauthorized"; 3]);
            refused.extend(["filter Steps Unauthorized"; 2]);
            refused.extend(["filter Taste Unauthorized"; 2]);
            refused.extend(["filter Cook Unauthorized"; 2]);
            refused.push("filter Echo");
            assert_eq!(told.take(), refused);
            assert!(stage.log.take().is_empty() && !was_decoded(4101));
            drop(peer);
            stage.server.leaves_nothing_behind().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_call_is_said_to_those_who_may_call() {
    for protocol in PROTOCOLS {
        let stage = Stage::new();
        let mut peer = stage.connect(&["Cook"], protocol).await;
        peer.invoke("1", "Cook", &[json!("no number")]).await;
        peer.invoke("2", "Steps", &[]).await;
        peer.stream("3", "Steps", &[], &[]).await;
        peer.upload("4", "Taste", &[], &["a"]).await;
        peer.item("a", 2).await;
        peer.item("a", 3).await;
        peer.end("a").await;
        let streaming = "The client attempted to invoke the streaming 'Steps' method with a \
                         non-streaming invocation.";
        let expected = [
            failed_to_invoke("1", "Cook"),
            format!("completion 2 error {streaming}"),
            "item 3 0".to_owned(),
            "item 3 1".to_owned(),
            "completion 3 end".to_owned(),
            "completion 4 result 5".to_owned(),
        ];
        assert_eq!(peer.heard().await, expected);
        drop(peer);
        stage.server.leaves_nothing_behind().await;
    }
}

#[tokio::test]
async fn a_hub_tester_asks_for_nothing() {
    let (log, gate) = (Log::default(), Gate::closed());
    let tester = HubTester::new(Kitchen { log, gate });
    let nobody = tester.caller("nobody");
    assert_eq!(nobody.invoke_as::<u32>("Cook", (7,)).await, Ok(7));
    assert_eq!(nobody.invoke_as::<u32>("Enter", (8,)).await, Ok(8));
}
