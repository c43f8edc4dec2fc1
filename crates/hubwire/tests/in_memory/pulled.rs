//! A transport that pulls from a pipe, like long polling and event streams: it leaves and comes back.

use futures_util::{Stream, StreamExt, stream};
use hubwire::testing::{PulledTransport, Received, TestClient};
use hubwire::{
    DisconnectReason, HubCallerContext, HubError, HubResult, StreamReader, hub, hub_client,
};
use serde_json::{Value, json};
use test_support::in_memory::*;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

const KIB: usize = 1024;

type PulledClient = TestClient<PulledTransport>;

#[hub_client]
trait PulledHubClient {
    fn text(&self, number: usize, text: &str);
    fn confirm(&self, prompt: &str) -> bool;
}

struct PulledHub {
    gate: Gate,
    log: Log,
}

#[hub(client = PulledHubClient)]
impl PulledHub {
    async fn on_disconnected(&self, _cx: &HubCallerContext<Self>, reason: &DisconnectReason) {
        self.log.note(reason.to_string());
    }

    pub fn echo(&self, text: String) -> String {
        text
    }

    pub fn refuse(&self) -> HubResult {
        Err(HubError::new("no"))
    }

    pub fn id(&self, cx: &HubCallerContext<Self>) -> String {
        cx.connection_id().to_string()
    }

    pub async fn wait(&self) -> &'static str {
        self.gate.passed().await;
        "waited"
    }

    pub async fn confirmed(&self, cx: &HubCallerContext<Self>) -> HubResult<bool> {
        Ok(cx.clients().caller().confirm("sure?").await?)
    }

    pub fn abort(&self, cx: &HubCallerContext<Self>) {
        cx.abort();
    }

    /// Items of 1 KiB; each is noted when the stream produces it.
    pub fn items(&self, count: usize) -> impl Stream<Item = String> {
        let log = self.log.clone();
        stream::iter(0..count).map(move |number| {
            log.note("item");
            format!("{number:01024}")
        })
    }

    pub async fn sum(&self, mut numbers: StreamReader<i32>) -> HubResult<i32> {
        let mut sum = 0;
        while let Some(number) = numbers.next().await {
            sum += number?;
        }
        Ok(sum)
    }
}

struct Fixture {
    server: TestServer<PulledHub>,
    gate: Gate,
    log: Log,
}

/// A server that queues 64 KiB for each client before senders wait, and at most 96 KiB.
fn fixture() -> Fixture {
    let (gate, log) = (Gate::closed(), Log::default());
    let hub = PulledHub {
        gate: gate.clone(),
        log: log.clone(),
    };
    let server = TestServer::with(hub, |options| {
        options
            .outbound_buffer_size(64 * KIB)
            .maximum_outbound_buffer_size(96 * KIB)
            .maximum_receive_message_size(None)
    });
    Fixture { server, gate, log }
}

impl Fixture {
    async fn connect(&self) -> PulledClient {
        TestClient::connect_pulled(&self.server.endpoint)
            .await
            .unwrap()
    }

    async fn broadcast(&self, number: usize, text: &str) {
        let all = self.server.context().clients().all();
        all.text(number, text).await.unwrap();
    }

    /// Checks the reason why the only connection ended, and that nothing is left of it.
    async fn ended(&self, reason: &str) {
        settle().await;
        assert_eq!(self.log.take(), [reason]);
        self.server.leaves_nothing_behind().await;
    }
}

/// Checks that the next pushes have these numbers.
async fn assert_pushes(client: &mut PulledClient, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let (target, arguments) = client.push().await.unwrap();
        assert_eq!((target.as_str(), &arguments[0]), ("Text", &json!(number)));
    }
}

#[tokio::test(start_paused = true)]
async fn calls_streams_and_client_results_work_as_over_a_socket() {
    let it = fixture();
    let mut client = it.connect().await;
    let echoed = client.invoke("Echo", ("hello",)).await;
    assert_eq!(echoed, Ok("hello".into()));
    let refused = client.invoke("Refuse", ()).await;
    let text = "An unexpected error occurred invoking 'Refuse' on the server. HubException: no";
    assert_eq!(refused, Err(text.into()));

    let id = client.start("Confirmed", ()).await.unwrap();
    let invocation = message(&mut client).await;
    assert_eq!(invocation["target"], "Confirm");
    let result = json!({"type": 3, "invocationId": invocation["invocationId"], "result": true});
    client.send_record(&result).await.unwrap();
    assert_eq!(client.completion(&id).await, Ok(true.into()));

    let sum = json!({"type": 1, "invocationId": "sum", "target": "Sum", "arguments": [], "streamIds": ["n"]});
    client.send_record(&sum).await.unwrap();
    for number in [1, 2, 3] {
        let item = json!({"type": 2, "invocationId": "n", "item": number});
        client.send_record(&item).await.unwrap();
    }
    let end = json!({"type": 3, "invocationId": "n"});
    client.send_record(&end).await.unwrap();
    assert_eq!(client.completion("sum").await, Ok(6.into()));
    client.close().await.unwrap();
    assert_eq!(next(&mut client).await, Received::Lost);
    it.ended("transport closed").await;
}

#[tokio::test(start_paused = true)]
async fn messages_sent_while_the_client_is_away_arrive_when_it_is_back() {
    let it = fixture();
    let mut client = it.connect().await;
    let mut web_socket = it.server.connect().await;
    let call = client.start("Wait", ()).await.unwrap();
    client.leave();
    it.broadcast(0, "away").await;
    pass(seconds(5)).await;
    it.broadcast(1, "away").await;
    it.gate.open(1);
    settle().await;
    client.come_back();
    assert_pushes(&mut client, 0..2).await;
    let waited = client.completion(&call).await;
    assert_eq!(waited, Ok("waited".into()));
    it.broadcast(2, "back").await;
    assert_pushes(&mut client, 2..3).await;
    // Others received each message at once, and only once.
    for number in 0..3 {
        assert_eq!(web_socket.push().await.unwrap().1[0], number);
    }
    assert_silent(&mut web_socket, seconds(5)).await;
    assert_silent(&mut client, seconds(5)).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_may_leave_in_every_pause_and_loses_nothing() {
    let it = fixture();
    let mut client = it.connect().await;
    for number in 0..100 {
        client.leave();
        it.broadcast(number, "text").await;
        if number % 3 == 0 {
            pass(seconds(1)).await;
        }
        client.come_back();
        assert_pushes(&mut client, number..number + 1).await;
        let echoed = client.invoke("Echo", (number,)).await;
        assert!(echoed.is_err(), "a number is not text");
    }
    client.close().await.unwrap();
    it.ended("transport closed").await;
}

#[tokio::test(start_paused = true)]
async fn a_whole_message_is_pulled_whatever_its_size() {
    let it = fixture();
    let mut client = it.connect().await;
    let text = "x".repeat(3_000_000);
    it.broadcast(7, &text).await;
    assert_pushes(&mut client, 7..8).await;
    let echoed = {
        let id = "long";
        let call = json!({"type": 1, "invocationId": id, "target": "Echo", "arguments": [text]});
        client.send_record(&call).await.unwrap();
        client.completion(id).await
    };
    assert_eq!(echoed, Ok(Value::String(text)));
}

#[tokio::test(start_paused = true)]
async fn pings_do_not_pile_up_while_it_is_away() {
    let it = fixture();
    let mut client = it.connect().await;
    client.leave();
    pass(seconds(600)).await;
    let statistics = it.server.signalr.statistics();
    assert_eq!(statistics.outbound_messages, 1);
    client.come_back();
    let ping = client.receive().await.unwrap();
    assert_eq!(ping, Received::Message(json!({"type": 6})));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stays_away_is_disconnected_at_the_bound_and_delays_nobody() {
    let it = fixture();
    let mut client = it.connect().await;
    let mut bystander = it.connect().await;
    client.leave();
    let began = Instant::now();
    let text = "x".repeat(KIB);
    for number in 0..100 {
        it.broadcast(number, &text).await;
        assert_pushes(&mut bystander, number..number + 1).await;
    }
    assert_elapsed(began, 0.0..=0.0);
    settle().await;
    let text = "The client did not read what was sent to it.";
    assert_eq!(it.log.take(), [text]);
    client.come_back();
    assert_eq!(next(&mut client).await, Received::Lost);
    bystander.close().await.unwrap();
    it.ended("transport closed").await;
}

#[tokio::test(start_paused = true)]
async fn a_send_to_one_client_waits_for_its_return() {
    let it = fixture();
    let mut client = it.connect().await;
    let id = client.invoke("Id", ()).await.unwrap();
    client.leave();
    let only = it.server.context().clients().client(id.as_str().unwrap());
    let mut sender = JoinSet::new();
    sender.spawn(async move {
        let text = "x".repeat(KIB);
        for number in 0..100 {
            only.text(number, &text).await.unwrap();
        }
    });
    pass(seconds(9)).await;
    assert!(
        sender.try_join_next().is_none(),
        "there is room for 64 of them"
    );
    client.come_back();
    assert_pushes(&mut client, 0..100).await;
    sender.join_next().await.unwrap().unwrap();
    assert_eq!(it.log.take(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_waits_while_its_client_is_away() {
    let it = fixture();
    let mut client = it.connect().await;
    let call = json!({"type": 4, "invocationId": "s", "target": "Items", "arguments": [1000]});
    client.send_record(&call).await.unwrap();
    client.leave();
    pass(seconds(60)).await;
    let produced = it.log.take().len();
    assert!((16..=64).contains(&produced), "{produced} items of 1 KiB");
    client.come_back();
    for number in 0..1000 {
        let item = message(&mut client).await;
        assert_eq!(item["item"], format!("{number:01024}"));
    }
    assert_eq!(message(&mut client).await["type"], 3);
}

#[tokio::test(start_paused = true)]
async fn writing_to_the_pipe_waits_while_the_hub_is_busy() {
    let it = fixture();
    let mut client = it.connect().await;
    client.start("Wait", ()).await.unwrap();
    // The pipe and the session hold 64 KiB each.
    let record = json!({"type": 1, "target": "Echo", "arguments": ["x".repeat(KIB)]});
    let mut written = 0;
    while timeout(seconds(1), client.send_record(&record))
        .await
        .is_ok()
    {
        written += 1;
    }
    assert!((100..=160).contains(&written), "{written} KiB");
    let statistics = it.server.signalr.statistics();
    assert_eq!(statistics.connections, 1);
}

#[tokio::test(start_paused = true)]
async fn the_close_message_is_pulled_before_the_end() {
    let it = fixture();
    let mut client = it.connect().await;
    let mut away = it.connect().await;
    client.send("Abort", ()).await.unwrap();
    assert_eq!(message(&mut client).await, json!({"type": 7}));
    assert_eq!(next(&mut client).await, Received::Lost);
    it.log.take();
    away.leave();
    let mut shutdown = JoinSet::new();
    let signalr = it.server.signalr.clone();
    shutdown.spawn(async move { signalr.shutdown().await });
    settle().await;
    away.come_back();
    let goodbye = json!({"type": 7, "allowReconnect": true});
    assert_eq!(message(&mut away).await, goodbye);
    assert_eq!(next(&mut away).await, Received::Lost);
    shutdown.join_next().await.unwrap().unwrap();
    it.ended("server shutdown").await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_fetches_the_close_message_is_not_waited_for_forever() {
    let it = fixture();
    let mut client = it.connect().await;
    client.leave();
    let began = Instant::now();
    it.server.signalr.shutdown().await;
    assert_elapsed(began, 5.0..=5.01);
    it.ended("server shutdown").await;
    client.come_back();
    assert_eq!(next(&mut client).await, Received::Lost);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_the_end_cuts_off_is_a_fault() {
    let it = fixture();
    let mut client = it.connect().await;
    client.send_bytes(br#"{"type":"#).await.unwrap();
    client.close().await.unwrap();
    assert_eq!(next(&mut client).await, Received::Lost);
    it.ended("Connection terminated while reading a message.")
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_arrive_or_arrives_byte_by_byte() {
    let it = fixture();
    let mut silent = PulledClient::open_pulled(&it.server.endpoint, None);
    let refusal = json!({"error": "Handshake was canceled."});
    assert_eq!(message(&mut silent).await, refusal);
    assert_eq!(next(&mut silent).await, Received::Lost);
    let mut client = PulledClient::open_pulled(&it.server.endpoint, None);
    client.leave();
    for byte in b"{\"protocol\":\"json\",\"version\":1}\x1e" {
        client.send_bytes(&[*byte]).await.unwrap();
        settle().await;
    }
    client.come_back();
    assert_eq!(message(&mut client).await, json!({}));
    let echoed = client.invoke("Echo", ("hello",)).await;
    assert_eq!(echoed, Ok("hello".into()));
    client.close().await.unwrap();
    it.ended("transport closed").await;
}
