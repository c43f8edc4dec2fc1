//! Calls of methods that do not exist: what is logged, and what their callers receive.

use hubwire::hub;
use test_support::in_memory::*;
use test_support::log_lines::LogLines;
use tracing::Level;

struct ChatHub {
    banned: &'static str,
}

#[hub]
impl ChatHub {
    pub fn send_message(&self, text: String) -> bool {
        self.is_clean(&text)
    }

    fn is_clean(&self, text: &str) -> bool {
        !text.contains(self.banned)
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_says_what_the_caller_may_have_meant_and_the_caller_is_not_told() {
    let lines = LogLines::written(Level::DEBUG);
    let server = TestServer::new(ChatHub { banned: "spam" });
    for (target, hint) in [
        (
            "IsClean",
            "the hub has a method `is_clean`, but it is not `pub`",
        ),
        ("SendMesage", "did you mean `SendMessage`?"),
    ] {
        let mut client = server.connect().await;
        let answer = client.invoke(target, ("text",)).await;
        assert_eq!(
            answer.unwrap_err().text(),
            format!(
                "Failed to invoke '{target}' due to an error on the server. HubException: Method does not exist."
            )
        );
        drop(client);
        let lines = lines.take();
        let line = lines.iter().find(|line| line.field("detail") == hint);
        assert!(
            line.is_some_and(|line| line.field("method") == target),
            "{hint} in {lines:#?}"
        );
    }
    server.leaves_nothing_behind().await;
}
