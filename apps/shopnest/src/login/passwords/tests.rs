//! How many passwords are verified at a time, and how many wait.

use std::sync::{Condvar, Mutex, PoisonError};

use tokio::task::{JoinSet, yield_now};

use super::*;

const THREADS: usize = 2;

/// Whether comparisons may end.
struct Gate(Mutex<bool>, Condvar);

impl Gate {
    const fn closed() -> Self {
        Self(Mutex::new(false), Condvar::new())
    }

    fn open(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }

    fn pass(&self) {
        let is_open = self.0.lock().unwrap();
        let waited = self.1.wait_while(is_open, |is_open| !*is_open);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

fn compare(password: &str, hash: &str) -> bool {
    password == hash
}

async fn filled(passwords: &Arc<Passwords>) -> JoinSet<Result<bool, Refusal>> {
    let mut requests = JoinSet::new();
    for _ in 0..THREADS + MAXIMUM_WAITING {
        let passwords = Arc::clone(passwords);
        requests.spawn(async move { passwords.verify("x".to_owned(), "x").await });
    }
    while passwords.places.available_permits() > 0 {
        yield_now().await;
    }
    requests
}

#[tokio::test]
async fn the_33rd_request_that_would_wait_is_refused() {
    static GATE: Gate = Gate::closed();
    let passwords = Passwords::on(THREADS, |password, hash| {
        GATE.pass();
        compare(password, hash)
    });
    let passwords = Arc::new(passwords);
    let mut requests = filled(&passwords).await;
    for _ in 0..3 {
        let refused = passwords.verify("x".to_owned(), "x").await;
        assert_eq!(refused, Err(Refusal::TooManySignIns));
    }
    GATE.open();
    while let Some(verified) = requests.join_next().await {
        assert_eq!(verified.unwrap(), Ok(true));
    }
    assert_eq!(passwords.verify("x".to_owned(), "y").await, Ok(false));
}

#[tokio::test]
async fn a_request_that_is_given_up_leaves_its_place() {
    static GATE: Gate = Gate::closed();
    let passwords = Passwords::on(THREADS, |password, hash| {
        GATE.pass();
        compare(password, hash)
    });
    let passwords = Arc::new(passwords);
    let mut requests = filled(&passwords).await;
    requests.abort_all();
    while requests.join_next().await.is_some() {}
    // What runs cannot be given up, and keeps its place and its thread.
    assert_eq!(passwords.places.available_permits(), MAXIMUM_WAITING);
    assert_eq!(passwords.threads.available_permits(), 0);
    GATE.open();
    passwords.finish().await;
    assert_eq!(
        passwords.places.available_permits(),
        THREADS + MAXIMUM_WAITING
    );
    assert_eq!(passwords.threads.available_permits(), THREADS);
}

#[tokio::test]
async fn a_comparison_that_panics_proves_nothing() {
    let passwords = Passwords::on(1, |_, _| panic!("this is meant to be in the test's output"));
    for _ in 0..3 {
        assert_eq!(passwords.verify("x".to_owned(), "x").await, Ok(false));
    }
}
