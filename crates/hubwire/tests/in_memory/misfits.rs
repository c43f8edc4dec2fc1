//! The log lines of arguments, stream items and client results that do not fit: which of them, which
//! member, and why. The client is told less.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use hubwire::testing::TestClient;
use hubwire::{HubCallerContext, HubResult, Naming, StreamReader, hub};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use test_support::each_event::EachEvent;
use test_support::in_memory::*;
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
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
    #[serde(default)]
    unit_price: u8,
}

struct OrderHub;

#[hub]
impl OrderHub {
    pub fn place(&self, customer: String, _extras: StreamReader<String>, order: Order) -> usize {
        let counts = order
            .lines
            .iter()
            .map(|line| usize::from(line.count + line.unit_price));
        customer.len() + order.note.len() + counts.sum::<usize>()
    }

    pub async fn load(&self, mut orders: StreamReader<Order>) -> HubResult<usize> {
        let mut count = 0;
        while let Some(order) = orders.next().await {
            order?;
            count += 1;
        }
        Ok(count)
    }

    pub async fn ask(&self, cx: &HubCallerContext<Self>) -> HubResult<usize> {
        let order: Order = cx.clients().caller().invoke("Order", ()).await?;
        Ok(order.lines.len())
    }

    pub fn look(&self, _: Counted) {}
}

/// A value that never fits, and counts how often it is decoded.
struct Counted;

static DECODED: AtomicUsize = AtomicUsize::new(0);

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        DECODED.fetch_add(1, Ordering::Relaxed);
        Err(D::Error::custom("never fits"))
    }
}

/// The lines that this thread logs about refused arguments.
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
            _guard: subscriber.listen(),
            lines,
        }
    }

    /// Asserts that exactly one of the lines contains this detail.
    #[track_caller]
    fn assert_one_says(&self, detail: &str) {
        let lines = std::mem::take(&mut *self.lines.lock().unwrap());
        let count = lines.iter().filter(|line| line.contains(detail)).count();
        assert_eq!(count, 1, "{detail} in {lines:#?}");
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
            "argument 1, customer: invalid type: integer, expected a string",
        ),
        (
            json!("a"),
            json!({"lines": [{"count": 1}, {"count": 256}]}),
            "argument 2, order.lines[1].count: invalid value: integer, expected u8",
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

fn not_an_order(member: &str) -> Value {
    json!({"lines": [{"count": 1}, {"count": 2, member: "x"}]})
}

async fn refuse_item(server: &TestServer<OrderHub>, member: &str) {
    let mut client = server.connect().await;
    for record in [
        json!({"type": 1, "target": "Load", "invocationId": "1", "arguments": [], "streamIds": ["s"]}),
        json!({"type": 2, "invocationId": "s", "item": not_an_order(member)}),
    ] {
        client.send_record(&record).await.unwrap();
    }
    let told = client.completion("1").await.unwrap_err();
    assert!(!told.text().contains(member), "{told}");
}

#[tokio::test(start_paused = true)]
async fn the_line_of_a_stream_item_names_the_member() {
    let lines = Lines::written();
    let server = TestServer::new(OrderHub);
    refuse_item(&server, "unit_price").await;
    lines.assert_one_says("lines[1].unit_price: invalid type: string");
    let server = TestServer::with(OrderHub, |hub| hub.naming(Naming::DotNet));
    refuse_item(&server, "unitPrice").await;
    lines.assert_one_says("lines[1].unitPrice: invalid type: string");
}

#[tokio::test(start_paused = true)]
async fn the_line_of_a_client_result_names_the_member() {
    let lines = Lines::written();
    let server = TestServer::new(OrderHub);
    let mut client = server.connect().await;
    client.on("Order", |()| Ok(not_an_order("unit_price")));
    let told = client.invoke("Ask", ()).await.unwrap_err();
    assert!(!told.text().contains("unit_price"), "{told}");
    lines.assert_one_says("lines[1].unit_price: invalid type: string");
}

#[tokio::test(start_paused = true)]
async fn arguments_are_decoded_again_only_for_a_line_that_is_written() {
    let server = TestServer::new(OrderHub);
    let mut client = server.connect().await;
    // The first and the second make the details of this line and of the next one.
    for decoded in [2, 2, 1, 1] {
        assert!(client.invoke("Look", (1,)).await.is_err());
        assert_eq!(DECODED.swap(0, Ordering::Relaxed), decoded);
    }
    let lines = Lines::written();
    assert!(client.invoke("Look", (1,)).await.is_err());
    assert_eq!(DECODED.swap(0, Ordering::Relaxed), 2);
    lines.assert_one_says("the value does not fit its type");
}
