//! A listener that always has a new connection delays neither the shutdown nor other tasks.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::serve::Listener;
use hubwire::SignalR;
use tokio::io::DuplexStream;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// How many connections a listener yields if nothing stops it; then it is silent, so that a failing
/// test ends.
const CROWD: usize = 100_000;

/// A listener that always has a next connection, and ends the server at one of them.
struct Crowded {
    accepted: Arc<AtomicUsize>,
    at: usize,
    notify: Option<oneshot::Sender<()>>,
}

impl Listener for Crowded {
    type Io = DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> (DuplexStream, ()) {
        let accepted = self.accepted.fetch_add(1, Ordering::Relaxed) + 1;
        if accepted == self.at {
            let _ = self.notify.take().unwrap().send(());
        }
        if accepted > CROWD {
            pending::<()>().await;
        }
        // The peer's end is dropped, so the connection has already ended.
        (tokio::io::duplex(1).0, ())
    }

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }
}

/// A listener whose tenth connection sends the message.
fn crowded() -> (Crowded, Arc<AtomicUsize>, oneshot::Receiver<()>) {
    let (notify, notified) = oneshot::channel();
    let accepted = Arc::new(AtomicUsize::new(0));
    let listener = Crowded {
        accepted: Arc::clone(&accepted),
        at: 10,
        notify: Some(notify),
    };
    (listener, accepted, notified)
}

#[tokio::test(start_paused = true)]
async fn a_crowd_that_never_pauses_does_not_delay_the_shutdown() {
    let (listener, accepted, tenth) = crowded();
    let signalr = SignalR::new();
    let until = async { tenth.await.unwrap() };
    let served = hubwire::serve(listener, Router::new()).with(&signalr);
    served.until(until).await.unwrap();
    assert_eq!(accepted.load(Ordering::Relaxed), 10);
}

#[tokio::test(start_paused = true)]
async fn a_crowd_that_never_pauses_leaves_turns_to_other_tasks() {
    let (listener, accepted, tenth) = crowded();
    let (end, ended) = oneshot::channel();
    let mut others = JoinSet::new();
    others.spawn(async {
        tenth.await.unwrap();
        end.send(()).unwrap();
    });
    let until = async { ended.await.unwrap() };
    let served = hubwire::serve(listener, Router::new()).until(until);
    served.await.unwrap();
    let accepted = accepted.load(Ordering::Relaxed);
    assert!(
        accepted < CROWD / 10,
        "{accepted} before other tasks had a turn"
    );
}
