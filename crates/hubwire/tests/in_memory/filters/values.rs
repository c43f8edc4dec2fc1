//! Arguments and results that filters read, replace and return in the method's place.

use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next};
use hubwire::protocol::HubProtocol;
use hubwire::{HubError, HubResult, Naming};
use serde_json::{Value, json};
use test_support::in_memory::*;

use super::{Acting, FilteredHub, MASKED, Noting, doubled_over};

#[tokio::test(start_paused = true)]
async fn an_argument_is_replaced_in_both_protocols_and_under_other_names() {
    for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
        for naming in [Naming::AsDeclared, Naming::DotNet] {
            let server = TestServer::with(FilteredHub(Log::default()), |hub| {
                hub.naming(naming)
                    .filter(Acting(|invocation: &mut HubInvocation| {
                        let number: i32 = invocation.argument(0)?;
                        assert_eq!(invocation.argument_count(), 1);
                        invocation.replace_argument(0, &(number + 1))?;
                        assert_eq!(invocation.argument::<i32>(0)?, number + 1);
                        Ok(None)
                    }))
            });
            let doubled = doubled_over(&server, protocol, 4).await;
            assert_eq!(doubled, Ok(json!(10)));
            server.leaves_nothing_behind().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_argument_of_another_type_is_an_error_of_the_call() {
    for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
        let log = Log::default();
        let server = TestServer::with(FilteredHub(log.clone()), |hub| {
            hub.filter(Acting(|invocation: &mut HubInvocation| {
                invocation.replace_argument(0, "four")?;
                Ok(None)
            }))
        });
        assert_eq!(doubled_over(&server, protocol, 4).await, Err(MASKED.into()));
        server.leaves_nothing_behind().await;
        assert_eq!(log.take(), ["on_connected", "on_disconnected"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_position_without_an_argument_does_not_panic() {
    let server = TestServer::with(FilteredHub(Log::default()), |hub| {
        hub.filter(Acting(|invocation: &mut HubInvocation| {
            assert!(invocation.argument::<Value>(1).is_err());
            invocation.replace_argument(usize::MAX, &1)?;
            Ok(None)
        }))
    });
    assert_eq!(
        doubled_over(&server, HubProtocol::Json, 4).await,
        Err(MASKED.into())
    );
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_filter_returns_a_result_in_place_of_the_method_or_refuses() {
    let log = Log::default();
    let server = TestServer::with(FilteredHub(log.clone()), |hub| {
        hub.filter(Acting(|invocation: &mut HubInvocation| {
            match invocation.argument::<i32>(0)? {
                0 => Ok(Some(invocation.result(&"nothing")?)),
                1 => Err(HubError::new("No ones")),
                _ => Ok(None),
            }
        }))
    });
    let mut client = server.connect().await;
    settle().await;
    log.take();
    assert_eq!(
        client.invoke_as::<String>("Double", (0,)).await.unwrap(),
        "nothing"
    );
    let refused = client.invoke_as::<i32>("Double", (1,)).await.unwrap_err();
    assert_eq!(refused.text(), format!("{MASKED} HubException: No ones"));
    assert_eq!(log.take(), [""; 0]);
    drop(client);
    server.leaves_nothing_behind().await;
}

/// A filter that reads neither arguments nor results.
struct Blind(Log);

impl HubFilter for Blind {
    fn reads_arguments(&self) -> bool {
        false
    }

    fn reads_results(&self) -> bool {
        false
    }

    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let argument = invocation.argument::<i32>(0);
        let replaced = invocation.replace_argument(0, &1);
        let result = next.run(invocation).await?;
        let decoded = result.decode::<i32>();
        self.0.note(format!(
            "{} {} {}",
            argument.is_ok(),
            replaced.is_ok(),
            decoded.is_ok()
        ));
        Ok(result)
    }
}

#[tokio::test(start_paused = true)]
async fn arguments_and_results_that_no_filter_reads_are_not_kept() {
    let log = Log::default();
    let server = TestServer::with(FilteredHub(Log::default()), |hub| {
        hub.filter(Blind(log.clone()))
    });
    let mut client = server.connect().await;
    // A result that is sent to the client is encoded anyway.
    assert_eq!(client.invoke_as::<i32>("Double", (4,)).await.unwrap(), 8);
    client.send("Double", (4,)).await.unwrap();
    settle().await;
    assert_eq!(log.take(), ["false false true", "false false false"]);
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_result_that_is_not_sent_is_encoded_for_a_filter_that_reads_it() {
    let log = Log::default();
    let server = TestServer::with(FilteredHub(Log::default()), |hub| {
        hub.filter(Noting("outer", log.clone()))
    });
    let mut client = server.connect().await;
    settle().await;
    log.take();
    client.send("Double", (4,)).await.unwrap();
    settle().await;
    assert_eq!(log.take(), ["outer before Double", "outer after 8"]);
    drop(client);
    server.leaves_nothing_behind().await;
}
