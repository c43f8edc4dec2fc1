//! Streams of a hub without a server: they run as they are read, and are dropped with their reader.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::{StreamExt, TryStreamExt, stream};
use hubwire::testing::{HubTester, TestCaller};
use hubwire::{
    CancellationToken, HubCallerContext, HubError, HubResult, Stream, StreamReader, hub, hub_client,
};
use serde_json::json;
use tokio::task::JoinSet;

#[hub_client]
trait NumbersClient {
    fn is_enough(&self, number: u32) -> bool;
}

/// Counts the items that were produced and the streams that were dropped.
#[derive(Clone, Default)]
struct NumbersHub {
    made: Arc<AtomicU32>,
    dropped: Arc<AtomicU32>,
    cancelled: Arc<AtomicU32>,
}

struct Dropped(Arc<AtomicU32>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[hub(client = NumbersClient)]
impl NumbersHub {
    pub fn count(&self) -> impl Stream<Item = u32> {
        let dropped = Dropped(Arc::clone(&self.dropped));
        let made = Arc::clone(&self.made);
        stream::iter(0..).inspect(move |_| {
            let _ = &dropped;
            made.fetch_add(1, Ordering::Relaxed);
        })
    }

    pub fn count_until_cancelled(&self, cancel: CancellationToken) -> impl Stream<Item = u32> {
        let cancelled = Arc::clone(&self.cancelled);
        let end = stream::once(async move {
            cancelled.fetch_add(1, Ordering::Relaxed);
            99
        });
        stream::iter(0..)
            .take_until(cancel.cancelled_owned())
            .chain(end)
    }

    pub fn broken(&self) -> impl Stream<Item = HubResult<u32>> {
        stream::iter([Ok(1), Err(HubError::hidden("the wire is cut"))])
    }

    pub fn refuse(&self) -> HubResult<impl Stream<Item = u32> + use<>> {
        match self.made.load(Ordering::Relaxed) {
            0 => Err(HubError::new("no numbers")),
            _ => Ok(stream::empty()),
        }
    }

    pub fn panics(&self) -> impl Stream<Item = u32> {
        stream::once(async { panic!("no number at all") })
    }

    pub fn until_enough(&self, cx: &HubCallerContext<Self>) -> impl Stream<Item = HubResult<u32>> {
        let clients = cx.clients();
        stream::iter(0..).then(move |number| {
            let caller = clients.caller();
            async move {
                match caller.is_enough(number).await? {
                    true => Err(HubError::new("enough")),
                    false => Ok(number),
                }
            }
        })
    }

    pub async fn sum(&self, from: u32, mut numbers: StreamReader<u32>) -> HubResult<u32> {
        let mut sum = from;
        while let Some(number) = numbers.next().await {
            sum += number?;
        }
        Ok(sum)
    }

    pub async fn sum_elsewhere(&self, mut numbers: StreamReader<u32>) -> HubResult<u32> {
        let mut elsewhere = JoinSet::new();
        elsewhere.spawn(async move {
            let mut sum = 0;
            while let Some(number) = numbers.next().await {
                tokio::task::yield_now().await;
                sum += number?;
            }
            HubResult::Ok(sum)
        });
        elsewhere.join_next().await.unwrap()?
    }

    pub async fn first(&self, mut numbers: StreamReader<u32>) -> HubResult<Option<u32>> {
        numbers.next().await.transpose()
    }

    pub async fn join(&self, a: StreamReader<u32>, b: StreamReader<u32>) -> HubResult<u32> {
        drop((a, b));
        Ok(0)
    }
}

const INVOKING: &str = "An unexpected error occurred invoking";

async fn refused(caller: &TestCaller<'_, NumbersHub>, method: &str) -> String {
    let stream = caller.stream_as::<u32>(method, ()).await;
    stream.unwrap_err().text().to_owned()
}

#[tokio::test]
async fn a_stream_runs_as_it_is_read_and_is_dropped_with_its_reader() {
    let hub = NumbersHub::default();
    let tester = HubTester::new(hub.clone());
    let mut numbers = tester
        .caller("ann")
        .stream_as::<u32>("Count", ())
        .await
        .unwrap();
    assert_eq!(hub.made.load(Ordering::Relaxed), 0);
    for number in 0..100 {
        assert_eq!(numbers.next_item().await.unwrap(), Some(number));
        assert_eq!(hub.made.load(Ordering::Relaxed), number + 1);
    }
    assert_eq!(hub.dropped.load(Ordering::Relaxed), 0);
    drop(numbers);
    assert_eq!(hub.dropped.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_cancelled_stream_has_no_more_items_and_continues_if_it_takes_a_token() {
    let hub = NumbersHub::default();
    let tester = HubTester::new(hub.clone());
    let ann = tester.caller("ann");
    let mut numbers = ann
        .stream_as::<u32>("CountUntilCancelled", ())
        .await
        .unwrap();
    assert_eq!(numbers.next_item().await.unwrap(), Some(0));
    numbers.cancel();
    assert_eq!(numbers.next_item().await.unwrap(), None);
    assert_eq!(hub.cancelled.load(Ordering::Relaxed), 1);

    let mut numbers = ann.stream_as::<u32>("Count", ()).await.unwrap();
    assert_eq!(numbers.next_item().await.unwrap(), Some(0));
    numbers.cancel();
    assert_eq!(hub.dropped.load(Ordering::Relaxed), 1);
    assert_eq!(numbers.next_item().await.unwrap(), None);
}

#[tokio::test]
async fn an_item_stream_implements_stream_and_ends_with_its_error() {
    let tester = HubTester::new(NumbersHub::default());
    let ann = tester.caller("ann");
    let mut broken = ann.stream_as::<u32>("Broken", ()).await.unwrap();
    assert_eq!(broken.next().await, Some(Ok(1)));
    let error = broken.next().await.unwrap().unwrap_err();
    assert_eq!(
        error,
        "An error occurred on the server while streaming results."
    );
    assert_eq!(error.cause().unwrap().to_string(), "the wire is cut");
    assert_eq!(broken.next().await, None);

    let refused = ann.stream_as::<u32>("Refuse", ()).await.unwrap();
    let error = refused.try_collect::<Vec<_>>().await.unwrap_err();
    let base = format!("{INVOKING} 'Refuse' on the server.");
    assert_eq!(error, format!("{base} HubException: no numbers"));

    let mut texts = ann.stream_as::<String>("Count", ()).await.unwrap();
    let misfit = texts.next_item().await.unwrap_err();
    assert_eq!(misfit, "the hub sent 0, which has another type");
}

#[tokio::test]
#[should_panic(expected = "no number at all")]
async fn a_stream_panics_in_the_test() {
    let tester = HubTester::new(NumbersHub::default());
    let stream = tester.caller("ann").stream_as::<u32>("Panics", ()).await;
    let _ = stream.unwrap().next_item().await;
}

#[tokio::test]
async fn streams_invoke_clients() {
    let tester = HubTester::new(NumbersHub::default());
    let ann = tester.caller("ann");
    let numbers = ann.stream_as::<u32>("UntilEnough", ()).await.unwrap();
    let error = numbers.try_collect::<Vec<_>>().await.unwrap_err();
    let cause = error.cause().unwrap().to_string();
    assert!(cause.contains(r#"`tester.on("IsEnough", ..)`"#), "{cause}");

    tester.on("IsEnough", |(number,): (u32,)| Ok(number == 2));
    let numbers = ann.stream_as::<u32>("UntilEnough", ()).await.unwrap();
    let numbers: Vec<_> = numbers.take(2).try_collect().await.unwrap();
    assert_eq!(numbers, [0, 1]);
}

#[tokio::test]
async fn calls_are_refused_as_a_server_does() {
    let tester = HubTester::new(NumbersHub::default());
    let ann = tester.caller("ann");
    assert!(
        refused(&ann, "Nothing")
            .await
            .contains("Method does not exist.")
    );
    assert!(
        refused(&ann, "Sum")
            .await
            .starts_with("Failed to invoke 'Sum'")
    );
    assert!(
        refused(&ann, "First")
            .await
            .contains("non-streaming 'First'")
    );
    let streaming = ann.invoke("Count", ()).await.unwrap_err();
    assert!(streaming.text().contains("streaming 'Count'"));
    let none = ann.invoke("Sum", (1,)).await.unwrap_err();
    let text = "HubException: Client sent 0 stream(s), Hub method expects 1.";
    assert_eq!(none, format!("{INVOKING} 'Sum' on the server. {text}"));
    let one = ann.upload::<u32>("Join", (), [1]).await.unwrap_err();
    assert!(
        one.text()
            .contains("sent 1 stream(s), Hub method expects 2.")
    );
}

#[tokio::test]
async fn any_number_of_items_is_read_as_the_method_reads() {
    let tester = HubTester::new(NumbersHub::default());
    let ann = tester.caller("ann");
    assert_eq!(ann.upload::<u32>("Sum", (1,), 1..=100).await, Ok(5051));
    assert_eq!(ann.upload::<u32>("Sum", (1,), [0; 0]).await, Ok(1));
    assert_eq!(
        ann.upload::<u32>("SumElsewhere", (), 1..=100).await,
        Ok(5050)
    );
    assert_eq!(
        ann.upload::<Option<u32>>("First", (), 7..100).await,
        Ok(Some(7))
    );
}

#[tokio::test]
async fn the_method_reads_the_error_of_an_item_that_does_not_fit() {
    let tester = HubTester::new(NumbersHub::default());
    let items = [json!(1), json!("two"), json!(3)];
    let error = tester.caller("ann").upload::<u32>("Sum", (0,), items).await;
    let text = "HubException: Failed to bind Stream message.";
    assert_eq!(
        error.unwrap_err(),
        format!("{INVOKING} 'Sum' on the server. {text}")
    );
}
