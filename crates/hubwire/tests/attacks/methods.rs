//! Methods that their caller may not call, in every way in which they can be called.

use axum::Router;
use futures_util::stream;
use hubwire::auth::{AuthenticationError, AuthenticationRequest, Authenticator, Policy};
use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next};
use hubwire::{HubResult, MapHub, Principal, SignalR, Stream, StreamReader, hub};
use serde_json::{Value, json};
use test_support::hubs::Explosive;
use test_support::journal::Journal;

use crate::peer::{EVERY_WAY, Peer};
use crate::stage::Stage;

/// What has run of the methods.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guarded {
    journal: Journal,
}

struct GuardedHub(Journal);

#[hub]
impl GuardedHub {
    pub fn echo(&self, text: String) -> String {
        text
    }

    #[authorize(role = "Admin")]
    pub fn ship(&self, order: u32) -> u32 {
        self.0.note("ship");
        order
    }

    #[authorize(roles = ["Admin", "Owner"])]
    pub fn watch(&self, order: u32) -> impl Stream<Item = u32> + use<> {
        self.0.note("watch");
        stream::iter([order])
    }

    #[authorize(role = "Admin")]
    pub async fn upload(&self, mut orders: StreamReader<u32>) -> HubResult<u32> {
        self.0.note("upload");
        let mut sum = 0;
        while let Some(order) = orders.next().await {
            sum += order?;
        }
        Ok(sum)
    }

    #[authorize(role = "Admin")]
    pub fn explode(&self, _explosive: Explosive) {
        self.0.note("explode");
    }

    #[authorize(role = "Admin")]
    #[authorize(role = "Cook")]
    pub fn both(&self, _order: u32) {
        self.0.note("both");
    }

    #[authorize(policy = "Owner")]
    pub fn close(&self, _order: u32) {
        self.0.note("close");
    }

    #[authorize(policy = "OwnOrders")]
    pub fn cancel(&self, customer: String) -> String {
        self.0.note("cancel");
        customer
    }
}

/// Notes the calls that it sees.
#[derive(Debug)]
struct Noting(Journal);

impl HubFilter for Noting {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        self.0.note(format!("filter: {}", invocation.method_name()));
        next.run(invocation).await
    }
}

/// Everybody has these claims.
struct Always(&'static [(&'static str, &'static str)]);

impl Authenticator for Always {
    async fn authenticate(
        &self,
        _: &AuthenticationRequest<'_>,
    ) -> Result<Option<Principal>, AuthenticationError> {
        let claims = self.0;
        Ok((!claims.is_empty()).then(|| Principal::new(claims.iter().copied())))
    }
}

impl Guarded {
    /// Maps the hub for a cook, for an admin, and for nobody.
    pub(crate) fn map(&self, signalr: &SignalR, app: Router) -> Router {
        let journal = &self.journal;
        let hub = signalr
            .hub()
            .detailed_errors(true)
            .filter(Noting(journal.clone()))
            .policy("Owner", Policy::claim("owner", ["yes"]))
            .policy(
                "OwnOrders",
                Policy::check_with_arguments(async |cx| {
                    let customer: String = cx.argument(0)?;
                    Ok(cx.principal().name_identifier() == Some(&*customer))
                }),
            )
            .build(GuardedHub(journal.clone()));
        let of = |claims| hub.endpoint().authenticator(Always(claims));
        app.map_hub(
            "/guarded-cook",
            of(&[("sub", "ann"), ("role", "Cook"), ("role", "admin")]),
        )
        .map_hub(
            "/guarded-admin",
            of(&[("sub", "eve"), ("role", "Cook"), ("role", "Admin")]),
        )
        .map_hub("/guarded-nobody", of(&[]))
    }
}

const CALL: u8 = 1;
const STREAM_CALL: u8 = 4;

/// Calls that a cook may not make: well-formed ones, and ones that would be refused for another
/// reason.
fn calls() -> Vec<Value> {
    let call = |kind: u8, target: &str, arguments: Value| json!({"type": kind, "invocationId": "1", "target": target, "arguments": arguments});
    let with_streams = |mut record: Value, streams: Value| {
        record["streamIds"] = streams;
        record
    };
    vec![
        call(CALL, "Ship", json!([1])),
        call(CALL, "sHIP", json!([1])),
        call(CALL, "Ship", json!(["no number"])),
        call(CALL, "Ship", json!([])),
        call(CALL, "Ship", json!([1, 2, 3])),
        call(STREAM_CALL, "Ship", json!([1])),
        with_streams(call(CALL, "Ship", json!([1])), json!(["s"])),
        call(STREAM_CALL, "Watch", json!([1])),
        call(STREAM_CALL, "Watch", json!(["no number"])),
        call(CALL, "Watch", json!([1])),
        with_streams(call(CALL, "Upload", json!([])), json!(["s"])),
        with_streams(call(STREAM_CALL, "Upload", json!([])), json!(["s"])),
        call(CALL, "Upload", json!([])),
        call(CALL, "Explode", json!(["boom"])),
        call(CALL, "Both", json!([1])),
        call(CALL, "Close", json!([1])),
        call(CALL, "Cancel", json!(["bob"])),
    ]
}

#[tokio::test]
async fn a_method_without_the_role() {
    let stage = Stage::start().await;
    for way in EVERY_WAY {
        for path in ["/guarded-cook", "/guarded-nobody"] {
            let mut peer = Peer::open(&stage, path, "", way).await;
            for record in calls() {
                peer.send(&record).await;
                let method = match record["target"].as_str() {
                    Some("sHIP") => "Ship", // as it is declared
                    target => target.unwrap(),
                };
                let refusal = format!("Failed to invoke '{method}' because user is unauthorized");
                let refused = ("1".to_owned(), Err(refusal));
                assert_eq!(peer.completion().await, refused, "{way:?} {record}");
                if record.get("streamIds").is_some() {
                    let item = json!({"type": 2, "invocationId": "s", "item": 1});
                    peer.send(&item).await;
                    peer.send(&json!({"type": 3, "invocationId": "s"})).await;
                }
            }
            peer.expect_alive().await;
            peer.leave().await;
        }
    }
    let ran = stage.guarded.journal.entries();
    assert!(ran.iter().all(|entry| entry == "filter: Echo"), "{ran:?}");
    stage.finish().await;
}

/// A call without an id is not answered, whatever it is; it must not run either.
#[tokio::test]
async fn a_send_without_the_role() {
    let stage = Stage::start().await;
    for way in EVERY_WAY {
        let mut peer = Peer::open(&stage, "/guarded-cook", "", way).await;
        for mut record in calls() {
            if record["type"] == STREAM_CALL {
                continue;
            }
            record.as_object_mut().unwrap().remove("invocationId");
            peer.send(&record).await;
        }
        peer.expect_alive().await;
        peer.leave().await;
    }
    let ran = stage.guarded.journal.entries();
    assert!(ran.iter().all(|entry| entry == "filter: Echo"), "{ran:?}");
    stage.finish().await;
}

/// Without this, the others would prove nothing.
#[tokio::test]
async fn a_method_with_the_role() {
    let stage = Stage::start().await;
    for way in EVERY_WAY {
        let mut peer = Peer::open(&stage, "/guarded-admin", "", way).await;
        for (target, arguments, result) in [
            ("Ship", json!([1]), json!(1)),
            ("Both", json!([1]), Value::Null),
            ("Cancel", json!(["eve"]), json!("eve")),
        ] {
            let record =
                json!({"type": 1, "invocationId": "1", "target": target, "arguments": arguments});
            peer.send(&record).await;
            let done = ("1".to_owned(), Ok(result));
            assert_eq!(peer.completion().await, done, "{way:?} {record}");
        }
        peer.leave().await;
    }
    stage.finish().await;
}
