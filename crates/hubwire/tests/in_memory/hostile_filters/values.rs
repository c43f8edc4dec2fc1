//! Large arguments and results, those of other connections, and those taken apart and put together.

use std::sync::Mutex;

use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next};
use hubwire::protocol::HubProtocol;
use hubwire::{HubBuilder, HubResult, Naming, hub};
use serde_json::json;
use test_support::in_memory::*;
use test_support::packed::PackedClient;

use super::FilteredHub;

/// Replaces texts by longer ones.
struct Lengthening(usize);

impl HubFilter for Lengthening {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let text: String = invocation.argument(0)?;
        invocation.replace_argument(0, &text.repeat(self.0))?;
        let result = next.run(invocation).await?;
        let echoed: String = result.decode()?;
        assert_eq!(invocation.argument::<String>(0)?, echoed);
        invocation.result(&format!("{echoed}!"))
    }
}

#[tokio::test(start_paused = true)]
async fn arguments_and_results_of_three_megabytes() {
    for naming in [Naming::AsDeclared, Naming::DotNet] {
        let configure =
            |hub: HubBuilder<FilteredHub>| hub.naming(naming).filter(Lengthening(3_000_000));
        let server = TestServer::with(FilteredHub, configure);
        let mut client = server.connect().await;
        for _ in 0..3 {
            let echoed: String = client.invoke_as("Echo", ("x",)).await.unwrap();
            assert_eq!(echoed.len(), 3_000_001);
        }
        let mut packed = PackedClient::handshaken(server.open()).await.unwrap();
        let record = json!({"type": 1, "invocationId": "1", "target": "Echo", "arguments": ["é"]});
        packed.send_record(&record).await.unwrap();
        let echoed = packed.completion().await.unwrap().unwrap();
        assert_eq!(echoed.as_str().map(str::len), Some(6_000_001));
        drop((client, packed));
        server.leaves_nothing_behind().await;
    }
}

/// Keeps a result, and returns it for the next call.
struct Remembering(Mutex<Option<InvocationResult>>);

impl HubFilter for Remembering {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let result = next.run(invocation).await?;
        let mut kept = self.0.lock().unwrap();
        Ok(match kept.replace(result) {
            Some(kept) => kept,
            None => invocation.result(&0)?,
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_of_another_connection_is_written_in_the_protocol_of_this_one() {
    let server = TestServer::with(FilteredHub, |hub| {
        hub.naming(Naming::DotNet)
            .filter(Remembering(Mutex::default()))
    });
    let mut client = server.connect().await;
    let mut packed = PackedClient::handshaken(server.open()).await.unwrap();
    let mut last = 0;
    for number in [3, 4, 5] {
        assert_eq!(
            client.invoke_as::<i32>("Double", (number,)).await.unwrap(),
            last
        );
        let record = json!({"type": 1, "invocationId": "1", "target": "Double", "arguments": [number * 100]});
        packed.send_record(&record).await.unwrap();
        assert_eq!(packed.completion().await.unwrap(), Ok(json!(number * 2)));
        last = number * 200;
    }
    drop((client, packed));
    server.leaves_nothing_behind().await;
}

#[derive(Clone, Copy, Debug, PartialEq, hubwire::dotnet::Enum)]
enum Currency {
    Euro = 978,
    Dollar = 840,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Price {
    unit_price: hubwire::dotnet::Decimal,
    currency: Currency,
    by_price: std::collections::BTreeMap<hubwire::dotnet::Decimal, f64>,
    at: hubwire::dotnet::DateTimeOffset,
}

struct PriceHub;

#[hub]
impl PriceHub {
    pub fn price(&self, price: Price, factor: f64, other: Price) -> Vec<Option<Price>> {
        let nothing = (!factor.is_sign_negative()).then(|| price.clone());
        vec![Some(price), nothing, Some(other)]
    }
}

/// Takes everything apart, and puts it together again.
struct TakingApart;

impl HubFilter for TakingApart {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let price: Price = invocation.argument(0)?;
        invocation.replace_argument(0, &price)?;
        let result = next.run(invocation).await?;
        let prices: Vec<Option<Price>> = result.decode()?;
        invocation.result(&prices)
    }
}

#[tokio::test(start_paused = true)]
async fn what_filters_take_apart_is_what_it_was() {
    for naming in [
        Naming::AsDeclared,
        Naming::DotNet,
        Naming::DotNetStringEnums,
    ] {
        let mut said = Vec::new();
        for filters in 0..3 {
            let server = TestServer::with(PriceHub, |hub| {
                (0..filters).fold(hub.naming(naming), |hub, _| hub.filter(TakingApart))
            });
            let mut of = Vec::new();
            for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
                let member = |json: &str, pascal: &str, declared: &str| match (naming, protocol) {
                    (Naming::AsDeclared, _) => declared.to_owned(),
                    (_, HubProtocol::Json) => json.to_owned(),
                    (_, HubProtocol::MessagePack) => pascal.to_owned(),
                };
                let by_price = match (naming, protocol) {
                    (Naming::AsDeclared, HubProtocol::Json) => json!({}),
                    _ => json!({"1.10": 2.5}),
                };
                let price = json!({
                    member("unitPrice", "UnitPrice", "unit_price"): "1.10",
                    member("currency", "Currency", "currency"): "Euro",
                    member("byPrice", "ByPrice", "by_price"): by_price,
                    member("at", "At", "at"): "2020-01-02T03:04:05+02:00",
                });
                let call = json!({"type": 1, "invocationId": "1", "target": "Price", "arguments": [price, -0.0, price]});
                let result = match protocol {
                    HubProtocol::Json => {
                        let mut client = server.connect().await;
                        client.send_record(&call).await.unwrap();
                        message(&mut client).await.to_string()
                    }
                    HubProtocol::MessagePack => {
                        let mut client = PackedClient::handshaken(server.open()).await.unwrap();
                        client.send_record(&call).await.unwrap();
                        format!("{:?}", client.completion().await.unwrap())
                    }
                };
                of.push(result);
            }
            server.leaves_nothing_behind().await;
            said.push(of);
        }
        assert_eq!(said[0], said[1]);
        assert_eq!(said[1], said[2]);
    }
}
