//! Requests that arrive while an earlier request of the same client opens its connection: in the middle of
//! the hub's `UserIdProvider`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hubwire::{ConnectionRequest, Principal, UserId};
use serde_json::json;
use test_support::http_client::{Answer, HANDSHAKE, HttpClient};
use test_support::in_memory::*;
use test_support::log_lines::LogLines;
use tracing::Level;

use crate::http_stage::{Stage, call, completed};

const OCTETS: Option<&str> = Some("application/octet-stream");
const PLAIN: Option<&str> = Some("text/plain");
const UNKNOWN: &str = "No Connection with that ID";

type Step = Box<dyn FnOnce() + Send>;

/// What happens while the next connection is being opened.
#[derive(Clone, Default)]
struct Meanwhile(Arc<Mutex<Option<Step>>>);

impl Meanwhile {
    /// Returns the place where the result of the step will be.
    fn run<T: Send + 'static>(&self, step: impl FnOnce() -> T + Send + 'static) -> Results<T> {
        let results = Results::default();
        let kept = results.clone();
        *self.lock() = Some(Box::new(move || {
            let result = step();
            kept.lock().push(result);
        }));
        results
    }

    fn happens(&self) {
        let step = self.lock().take();
        if let Some(step) = step {
            step();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Step>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Results<T>(Arc<Mutex<Vec<T>>>);

impl<T> Results<T> {
    fn lock(&self) -> MutexGuard<'_, Vec<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[track_caller]
    fn take(&self) -> T {
        self.lock().pop().unwrap()
    }
}

impl<T> Default for Results<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Clone for Results<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

fn fail() {
    panic!("a fault of the application");
}

fn stage() -> (Stage, Meanwhile) {
    let meanwhile = Meanwhile::default();
    let happening = meanwhile.clone();
    let provider = move |_: &ConnectionRequest, principal: Option<&Principal>| {
        happening.happens();
        principal?.name_identifier().map(UserId::from)
    };
    let it = Stage::with(|hub| hub.user_id_provider(provider), |endpoint| endpoint);
    (it, meanwhile)
}

#[tokio::test(start_paused = true)]
async fn a_second_first_poll_waits() {
    let (it, meanwhile) = stage();
    let client = HttpClient::negotiate(&it.endpoint).await;
    let polling = client.clone();
    let second = meanwhile.run(move || -> Result<Answer, BoxFuture<'static, Answer>> {
        let mut second = async move { polling.poll().await }.boxed();
        second.as_mut().now_or_never().ok_or(second)
    });
    client.poll().await.assert_is(200, OCTETS, "");
    let second = second.take().unwrap_err();
    let (second, ()) = tokio::join!(second, async {
        client.post(HANDSHAKE).await.assert_is(200, PLAIN, "");
    });
    second.assert_is(200, OCTETS, "{}\u{1e}");
    client.delete().await.assert_is(202, PLAIN, "");
    it.ended("transport closed").await;
}

#[tokio::test(start_paused = true)]
async fn a_second_first_poll_ends_with_a_connection_that_was_not_opened() {
    let (it, meanwhile) = stage();
    let client = HttpClient::negotiate(&it.endpoint).await;
    let polling = client.clone();
    let waiting = Results::<BoxFuture<'static, Answer>>::default();
    let second = waiting.clone();
    meanwhile.run(move || {
        let mut poll = async move { polling.poll().await }.boxed();
        assert!(poll.as_mut().now_or_never().is_none());
        second.lock().push(poll);
        fail();
    });
    client.poll().await.assert_is(500, PLAIN, "");
    waiting.take().await.assert_is(204, PLAIN, "");
    client.poll().await.assert_is(404, PLAIN, UNKNOWN);
    it.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_posted_is_kept() {
    let (it, meanwhile) = stage();
    for is_event_stream in [false, true] {
        let client = HttpClient::negotiate(&it.endpoint).await;
        let posting = client.clone();
        let posted = meanwhile.run(move || posting.post(HANDSHAKE).now_or_never());
        if is_event_stream {
            let mut events = client.open_event_stream().await;
            posted.take().unwrap().assert_is(200, PLAIN, "");
            assert_eq!(events.message().await, json!({}));
        } else {
            client.poll().await.assert_is(200, OCTETS, "");
            posted.take().unwrap().assert_is(200, PLAIN, "");
            client.poll().await.assert_is(200, OCTETS, "{}\u{1e}");
            client.delete().await.assert_is(202, PLAIN, "");
        }
        it.ended("transport closed").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_delete_ends_the_connection() {
    let (it, meanwhile) = stage();
    let client = HttpClient::negotiate(&it.endpoint).await;
    let deleting = client.clone();
    let deleted = meanwhile.run(move || {
        let deleted = deleting.delete().now_or_never();
        (deleted, deleting.poll().now_or_never())
    });
    client.poll().await.assert_is(200, OCTETS, "");
    let (deleted, polled) = deleted.take();
    deleted.unwrap().assert_is(202, PLAIN, "");
    polled.unwrap().assert_is(404, PLAIN, UNKNOWN);
    client.poll().await.assert_is(404, PLAIN, UNKNOWN);
    client.post(HANDSHAKE).await.assert_is(404, PLAIN, UNKNOWN);
    it.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn another_user_is_refused() {
    let (it, meanwhile) = stage();
    for is_event_stream in [false, true] {
        let client = HttpClient::negotiate(&it.endpoint).await;
        let bob = client.as_user(Some("bob"));
        let statuses = meanwhile.run(move || {
            let (post, poll, delete) = (bob.post(HANDSHAKE), bob.poll(), bob.delete());
            [
                post.now_or_never(),
                poll.now_or_never(),
                delete.now_or_never(),
            ]
        });
        let ann = client.as_user(Some("ann"));
        let events = match is_event_stream {
            true => Some(ann.open_event_stream().await),
            false => {
                ann.poll().await.assert_is(200, OCTETS, "");
                None
            }
        };
        for answer in statuses.take() {
            answer.unwrap().assert_is(403, None, "");
        }
        match events {
            Some(events) => drop(events),
            None => ann.delete().await.assert_is(202, PLAIN, ""),
        }
        it.server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_another_user_has_posted_is_not_read() {
    let (it, _) = stage();
    for is_event_stream in [false, true] {
        for (posting, opening) in [
            (Some("bob"), Some("ann")),
            (Some("bob"), None),
            (None, Some("ann")),
        ] {
            let client = HttpClient::negotiate(&it.endpoint).await;
            let (poster, opener) = (client.as_user(posting), client.as_user(opening));
            let posted = poster.post(HANDSHAKE.to_owned() + &call("1", "User", &json!([])));
            posted.await.assert_is(200, PLAIN, "");
            // Nor is what the other one posts behind that.
            opener.post("x").await.assert_is(403, None, "");
            assert_eq!(opener.get_event_stream().await.status(), 403);
            opener.poll().await.assert_is(403, None, "");

            // Who has posted is as welcome as ever.
            let user = json!(posting);
            if is_event_stream {
                let mut events = poster.open_event_stream().await;
                assert_eq!(events.message().await, json!({}));
                assert_eq!(events.message().await, completed("1", user));
            } else {
                poster.poll().await.assert_is(200, OCTETS, "");
                settle().await;
                let heard = poster.poll().await.messages();
                assert_eq!(heard, [json!({}), completed("1", user)]);
                poster.delete().await.assert_is(202, PLAIN, "");
            }
            it.ended("transport closed").await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_provider_that_panics_is_a_server_error() {
    let lines = LogLines::written(Level::WARN);
    let (it, meanwhile) = stage();
    let client = HttpClient::negotiate(&it.endpoint).await;
    meanwhile.run(fail);
    client.poll().await.assert_is(500, PLAIN, "");
    client.poll().await.assert_is(404, PLAIN, UNKNOWN);

    let mut lines = lines.take();
    lines.retain(|line| line.field("what") == "the opening of a connection");
    let [line] = &*lines else {
        panic!("{lines:?}");
    };
    assert_eq!((line.level, line.target), (Level::ERROR, "hubwire::panics"));
    assert_eq!(line.field("hub"), "StageHub");
    assert_eq!(line.field("connection_id"), client.connection_id);
    assert!(line.field("panic").contains("a fault of the application"));

    let client = HttpClient::negotiate(&it.endpoint).await;
    meanwhile.run(fail);
    let refused = client.get_event_stream().await;
    assert_eq!(refused.status(), 500);
    assert_eq!(refused.headers()["content-type"], "text/plain");
    client.post("x").await.assert_is(404, PLAIN, UNKNOWN);
    it.server.leaves_nothing_behind().await;
}
