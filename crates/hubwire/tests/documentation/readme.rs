//! The README's Rust code, compiled, and its test, run.

#![allow(unreachable_pub, reason = "copied from the README")]
#![allow(dead_code, reason = "the README's server is compiled but not started")]

use hubwire::{HubCallerContext, HubError, HubResult, hub, hub_client};

#[hub_client]
pub trait ChatClient {
    fn receive_message(&self, user: &str, text: &str); // "ReceiveMessage" on the wire
}
pub struct ChatHub; // one value serves all connections

#[hub(client = ChatClient)]
impl ChatHub {
    pub async fn send_message(
        &self,
        cx: &HubCallerContext<Self>,
        user: String,
        text: String,
    ) -> HubResult {
        if text.is_empty() {
            return Err(HubError::new("Message cannot be empty")); // the caller reads this
        }
        Ok(cx.clients().all().receive_message(&user, &text).await?) // any other error stays hidden
    }
}

use hubwire::{MapHub, SignalR};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let signalr = SignalR::new();
    let chat = signalr.hub().build(ChatHub);
    let app = axum::Router::new().map_hub("/hubs/chat", chat.endpoint());
    let listener = hubwire::listen("127.0.0.1:5000").await?;
    hubwire::serve(listener, app)
        .with(&signalr)
        .until(hubwire::shutdown_signal())
        .await
}

use hubwire::{Stream, StreamReader};

#[hub_client]
pub trait FileClient {
    fn confirm(&self, question: &str) -> bool; // a client result: what the client's handler returns
}
pub struct FileHub;

#[hub(client = FileClient)]
impl FileHub {
    pub fn counter(&self, count: u32) -> impl Stream<Item = u32> {
        futures_util::stream::iter(0..count) // server to client
    }

    pub async fn upload(&self, mut lines: StreamReader<String>) -> HubResult<usize> {
        let mut size = 0;
        while let Some(line) = lines.next().await {
            size += line?.len(); // client to server
        }
        Ok(size)
    }

    pub async fn delete(&self, cx: &HubCallerContext<Self>) -> HubResult<bool> {
        Ok(cx.clients().caller().confirm("Delete it?").await?)
    }
}

use hubwire::testing::{HubTester, Sent, Target};

#[tokio::test]
async fn a_message_is_for_everybody() {
    let tester = HubTester::new(ChatHub);
    let ann = tester.caller("ann");
    ann.invoke("SendMessage", ("Ann", "hello")).await.unwrap();
    let sent = Sent::new(
        Target::All,
        "ReceiveMessage",
        ["Ann".into(), "hello".into()],
    );
    assert_eq!(tester.recorder().take_sent(), [sent]);

    let refused = ann.invoke("SendMessage", ("Ann", "")).await.unwrap_err();
    assert!(
        refused
            .text()
            .ends_with("HubException: Message cannot be empty")
    );
}

/// Removes the layout, which may differ between this file and the README.
fn without_layout(code: &str) -> String {
    let code = code.chars().filter(|c| !c.is_whitespace() && *c != ',');
    code.collect()
}

#[test]
fn all_rust_of_the_readme_is_compiled_here() {
    let readme = include_str!("../../../../README.md");
    let compiled = without_layout(include_str!("readme.rs"));
    let blocks: Vec<&str> = readme
        .split("```rust\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert_eq!(blocks.len(), 4);
    for block in blocks {
        assert!(compiled.contains(&without_layout(block)), "{block}");
    }
}

#[tokio::test]
async fn the_readmes_streams_and_questions_work() {
    let files = SignalR::new().hub().build(FileHub);
    let endpoint = files.endpoint();
    let mut client = hubwire::testing::TestClient::connect(&endpoint)
        .await
        .unwrap();
    client.on("Confirm", |(question,): (String,)| {
        Ok(question == "Delete it?")
    });
    assert!(client.invoke_as::<bool>("Delete", ()).await.unwrap());
    let size: usize = client.upload("Upload", (), ["one", "three"]).await.unwrap();
    assert_eq!(size, 8);
    let numbers = client.stream("Counter", (1,)).await.unwrap();
    assert_eq!(client.next_item(&numbers).await.unwrap(), Some(0));
    assert_eq!(client.next_item::<u32>(&numbers).await.unwrap(), None);
}
