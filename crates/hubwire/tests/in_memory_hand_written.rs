//! Hubs that a program writes by hand, without the macros.

use std::sync::Arc;

use hubwire::testing::TestClient;
use hubwire::{BindError, Call, Hub, Method, Parameter, Reply, SignalR, UntypedClient};

/// Declares two methods and knows one of them.
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
    let doubled = client.invoke("double", (21,)).await.unwrap();
    assert_eq!(doubled, Ok(42.into()));
    let forgotten = client.invoke("Forgotten", ()).await.unwrap();
    assert_eq!(forgotten, Err("Unknown hub method 'Forgotten'".to_owned()));
}
