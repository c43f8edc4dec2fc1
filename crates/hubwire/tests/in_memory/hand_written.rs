//! Hubs written by hand, without the macros.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::stream;
use hubwire::SignalR;
use hubwire::manual::{BindError, Call, Hub, Method, Parameter, Reply, UntypedClient};
use hubwire::testing::TestClient;
use serde_json::json;

/// A hub that declares two methods and implements only one of them.
struct HalfKnowing;

impl Hub for HalfKnowing {
    type Client = UntypedClient;

    const METHODS: &'static [Method] = &[
        Method::new(
            "Double",
            &[Parameter::new("number", "i32")],
            "Doubles a number.",
        ),
        Method::new("Forgotten", &[], ""),
    ];

    fn bind(self: Arc<Self>, method: usize, call: Call<'_, Self>) -> Result<Reply, BindError> {
        Ok(match method {
            0 => {
                let (number,) = call.arguments::<(i32,)>()?;
                Reply::value(async move { number * 2 })
            }
            _ => Reply::unknown_method(),
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_does_not_know_its_own_method_says_so() {
    let signalr = SignalR::new();
    let hub = signalr.hub::<HalfKnowing>().build(HalfKnowing);
    let mut client = TestClient::connect(&hub.endpoint()).await.unwrap();
    let doubled = client.invoke("double", (21,)).await;
    assert_eq!(doubled, Ok(42.into()));
    let forgotten = client.invoke("Forgotten", ()).await;
    assert_eq!(forgotten, Err("Unknown hub method 'Forgotten'".into()));
}

/// A method's future that is ready at once, and panics when it is dropped after its end.
struct DroppedLate;

impl Future for DroppedLate {
    type Output = i32;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<i32> {
        Poll::Ready(1)
    }
}

impl Drop for DroppedLate {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "secret");
    }
}

struct Careless;

impl Hub for Careless {
    type Client = UntypedClient;

    const METHODS: &'static [Method] = &[
        Method::new("Echo", &[], ""),
        Method::new("DropLate", &[], ""),
        Method::new("PanicBeforeTheStream", &[], ""),
    ];

    fn bind(self: Arc<Self>, method: usize, _: Call<'_, Self>) -> Result<Reply, BindError> {
        Ok(match method {
            0 => Reply::value(async { "echo" }),
            1 => Reply::value(DroppedLate),
            _ => Reply::stream(|sink| {
                assert!(format!("{sink:?}").is_empty(), "secret");
                async move { sink.send_all(stream::iter([0])).await }
            }),
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_before_or_after_a_run_fails_only_its_call() {
    let signalr = SignalR::new();
    let hub = signalr.hub::<Careless>().build(Careless);
    let mut client = TestClient::connect(&hub.endpoint()).await.unwrap();
    let failed = |target: &str| {
        Err(format!("An unexpected error occurred invoking '{target}' on the server.").into())
    };
    let dropped = client.invoke("DropLate", ()).await;
    assert_eq!(dropped, failed("DropLate"));
    let target = "PanicBeforeTheStream";
    let call = json!({"type": 4, "invocationId": "s", "target": target, "arguments": []});
    client.send_record(&call).await.unwrap();
    assert_eq!(client.completion("s").await, failed(target));
    let echo = client.invoke("Echo", ()).await;
    assert_eq!(echo, Ok("echo".into()));
}
