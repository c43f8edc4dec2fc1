//! What the log says of arguments that do not fit: which one, which member of it, and why. The client is told less.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/each_event.rs"]
mod each_event;
#[path = "in_memory/support.rs"]
mod support;

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};

use each_event::EachEvent;
use hubwire::testing::TestClient;
use hubwire::{StreamReader, hub};
use serde::Deserialize;
use serde_json::{Value, json};
use support::*;
use tracing::field::{Field, Visit};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing::{Event, Level};

#[derive(Deserialize)]
struct Order {
    lines: Vec<Line>,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
struct Line {
    count: u8,
}

struct OrderHub;

#[hub]
impl OrderHub {
    pub fn place(&self, customer: String, _extras: StreamReader<String>, order: Order) -> usize {
        let counts = order.lines.iter().map(|line| usize::from(line.count));
        customer.len() + order.note.len() + counts.sum::<usize>()
    }
}

/// What this thread logs of refused arguments.
struct Lines {
    lines: Arc<Mutex<Vec<String>>>,
    _guard: DefaultGuard,
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() != "message" {
            write!(self.0, "{}={value:?} ", field.name()).unwrap();
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        write!(self.0, "{}={value} ", field.name()).unwrap();
    }
}

impl Lines {
    fn written() -> Self {
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let written = Arc::clone(&lines);
        let subscriber = EachEvent {
            level: Level::DEBUG,
            hand_on: move |event: &Event<'_>| {
                if event.metadata().target() == "hubwire::dispatch" {
                    let mut text = Text(String::new());
                    event.record(&mut text);
                    written.lock().unwrap().push(text.0);
                }
            },
        };
        Self {
            _guard: set_default(subscriber),
            lines,
        }
    }

    #[track_caller]
    fn assert_says(&self, detail: &str) {
        let lines = std::mem::take(&mut *self.lines.lock().unwrap());
        let [line] = &*lines else {
            panic!("one line, not {lines:#?}");
        };
        assert!(line.starts_with("method=Place "), "{line}");
        assert!(line.contains(detail), "{detail} in {line}");
    }
}

async fn refused(client: &mut TestClient, customer: Value, order: Value) {
    let record = json!({
        "type": 1, "target": "Place", "invocationId": "1", "arguments": [customer, order], "streamIds": ["s"],
    });
    client.send_record(&record).await.unwrap();
    let refusal = client.completion("1").await.unwrap_err();
    assert_eq!(
        refusal,
        "Failed to invoke 'Place' due to an error on the server."
    );
}

#[tokio::test(start_paused = true)]
async fn the_line_names_the_argument_and_the_member() {
    let lines = Lines::written();
    let server = TestServer::new(OrderHub);
    let mut client = server.connect().await;
    for (customer, order, detail) in [
        (
            json!(1),
            json!({"lines": []}),
            "argument 1, customer: invalid type: integer `1`, expected a string",
        ),
        (
            json!("a"),
            json!({"lines": [{"count": 1}, {"count": 256}]}),
            "argument 2, order.lines[1].count: invalid value: integer `256`, expected u8",
        ),
        (
            json!("a"),
            json!({"lines": [{}]}),
            "argument 2, order.lines[0]: missing field `count`",
        ),
        (
            json!("a"),
            json!({"lines": [], "note": null}),
            "take an Option",
        ),
    ] {
        refused(&mut client, customer, order).await;
        lines.assert_says(detail);
    }
}
