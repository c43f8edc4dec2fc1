//! What the expansions do when they run: the right method with the right arguments.

use hubwire::testing::{HubTester, Sent};
use hubwire::{
    DisconnectReason, HubCallerContext, HubError, HubResult, Target, UserId, hub, hub_client,
};
use serde_json::{Value, json};

#[hub_client]
trait Client {
    fn told(&self, who: &str, what: &[u32]);
    #[hub(name = "raw-name")]
    fn renamed(&self);
    fn send(&self, text: String);
}

struct Everything {
    step: u32,
}

#[hub(client = Client)]
impl Everything {
    fn on_connected(&self, cx: HubCallerContext<Self>) -> Result<(), std::io::Error> {
        match cx.user_id() {
            Some(_) => Ok(()),
            None => Err(std::io::Error::other("nobody")),
        }
    }

    async fn on_disconnected(&self, reason: &DisconnectReason, cx: &HubCallerContext<Self>) {
        let _ = cx.clients().others().send(reason.to_string()).await;
    }

    #[cfg(windows)]
    fn never(&self, missing: Missing) {}

    fn add(&self, left: u32, right: u32) -> u32 {
        left + right + self.step
    }

    #[cfg(not(windows))]
    async fn tell(
        &self,
        what: Vec<u32>,
        cx: &HubCallerContext<Self>,
        (first, second): (String, String),
    ) -> HubResult<usize> {
        let all = cx.clients().all();
        all.told(&(first + &second), &what).await?;
        all.renamed().await?;
        all.as_ref().send("Untyped", ("x",)).await?;
        Ok(what.len())
    }

    #[cfg(windows)]
    fn never_either(&self) {}

    fn nothing(&self) {}

    fn refuse(&self, hub: String, call: String) -> Result<u32, HubError> {
        Err(HubError::new(format!("{hub} {call}")))
    }

    #[hub(name = "onMessage")]
    async fn on_message(&self, cx: HubCallerContext<Self>) -> String {
        cx.connection_id().to_string()
    }
}

fn tester() -> HubTester<Everything> {
    HubTester::new(Everything { step: 100 })
}

#[tokio::test]
async fn calls_reach_their_methods() {
    let tester = tester();
    let ann = tester.caller("ann");
    assert_eq!(ann.invoke("Add", (1, 2)).await, Ok(json!(103)));
    assert_eq!(ann.invoke("nothing", ()).await, Ok(Value::Null));
    assert_eq!(ann.invoke("ONMESSAGE", ()).await, Ok(json!("ann")));
    let refused = ann.invoke("Refuse", ("not", "today")).await;
    assert!(refused.is_err_and(|text| text.ends_with("HubException: not today")));
    assert!(ann.invoke("Never", ()).await.is_err());
    assert!(ann.invoke("Add", ("one", 2)).await.is_err());
    assert!(ann.invoke("OnConnected", ()).await.is_err());
}

#[tokio::test]
async fn proxies_call_clients_by_their_wire_names() {
    let tester = tester();
    let ann = tester.caller("ann");
    let told = ann.invoke("Tell", ([1, 2, 3], ("x", "y"))).await;
    assert_eq!(told, Ok(json!(3)));
    assert_eq!(
        tester.recorder().take_sent(),
        [
            Sent::new(Target::All, "Told", [json!("xy"), json!([1, 2, 3])]),
            Sent::new(Target::All, "raw-name", []),
            Sent::new(Target::All, "Untyped", [json!("x")]),
        ]
    );
}

#[tokio::test]
async fn hooks_run() {
    let tester = tester();
    let nobody = tester.caller("nobody").connect().await;
    assert!(nobody.is_err_and(|error| !error.is_shown()));

    let ann = tester.caller_as("ann", Some(UserId::from("Ann")), None);
    assert!(ann.connect().await.is_ok());
    assert!(ann.disconnect(DisconnectReason::Aborted).await.is_ok());
    let others = Target::AllExcept(vec!["ann".into()]);
    let sent = Sent::new(others, "Send", [json!("aborted by the hub")]);
    assert_eq!(tester.recorder().take_sent(), [sent]);
}
