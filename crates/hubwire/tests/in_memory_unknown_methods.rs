//! What the log hears of calls of methods that do not exist, and what their callers read.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/each_event.rs"]
mod each_event;
#[path = "in_memory/support.rs"]
mod support;

use std::fmt;
use std::sync::{Arc, Mutex};

use each_event::EachEvent;
use hubwire::hub;
use support::*;
use tracing::field::{Field, Visit};
use tracing::subscriber::set_default;
use tracing::{Event, Level};

/// The texts of a line.
struct Texts(String);

impl Visit for Texts {
    fn record_debug(&mut self, _: &Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!("{value:?} "));
    }

    fn record_str(&mut self, _: &Field, value: &str) {
        self.0.push_str(&format!("{value} "));
    }
}

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
async fn the_log_says_what_the_caller_may_have_meant_and_the_caller_reads_nothing_of_it() {
    let lines = Arc::<Mutex<Vec<String>>>::default();
    let written = Arc::clone(&lines);
    let _guard = set_default(EachEvent {
        level: Level::DEBUG,
        hand_on: move |event: &Event<'_>| {
            let mut texts = Texts(String::new());
            event.record(&mut texts);
            written.lock().unwrap().push(texts.0);
        },
    });
    let server = TestServer::new(ChatHub { banned: "spam" });
    for (target, hint) in [
        (
            "IsClean",
            "the hub has a method `is_clean`, but it is not `pub`",
        ),
        ("SendMesage", "did you mean `SendMessage`?"),
    ] {
        let mut client = server.connect().await;
        let answer = client.invoke(target, ("text",)).await.unwrap();
        assert_eq!(
            answer.unwrap_err().to_string(),
            format!(
                "Failed to invoke '{target}' due to an error on the server. HubException: Method does not exist."
            )
        );
        drop(client);
        let lines = std::mem::take(&mut *lines.lock().unwrap());
        let said = lines.iter().find(|line| line.contains(hint));
        assert!(
            said.is_some_and(|line| line.contains(target)),
            "{hint} in {lines:#?}"
        );
    }
    server.leaves_nothing_behind().await;
}
