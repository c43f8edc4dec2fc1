//! A server of keys on this host, which does as it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time;

use crate::signing::Signing;

pub(crate) struct KeyServer {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    /// Ends with this.
    _serving: JoinSet<()>,
}

pub(crate) struct Shared {
    answer: Mutex<Answer>,
    /// The targets of the requests so far.
    requests: watch::Sender<Vec<String>>,
    /// The connections that the client has ended before they were answered.
    given_up: watch::Sender<usize>,
    /// One permit for each held answer that may go.
    released: Semaphore,
}

/// What the server answers.
#[derive(Clone)]
pub(crate) enum Answer {
    /// A status line and headers, without the last line break, and a body.
    Now(String, String),
    /// The same once it is released.
    Held(String, String),
    /// A body without an end.
    Endless,
    /// Nothing; the connection is closed.
    Nothing,
}

impl Answer {
    pub(crate) fn json(body: &Value) -> Self {
        Self::Now("200 OK".to_owned(), body.to_string())
    }

    pub(crate) fn held_json(body: &Value) -> Self {
        Self::Held("200 OK".to_owned(), body.to_string())
    }

    pub(crate) fn status(status: &str) -> Self {
        Self::Now(status.to_owned(), String::new())
    }
}

impl KeyServer {
    pub(crate) async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            answer: Mutex::new(answer),
            requests: watch::Sender::default(),
            given_up: watch::Sender::default(),
            released: Semaphore::new(0),
        });
        let mut serving = JoinSet::new();
        let accepting = Arc::clone(&shared);
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let shared = Arc::clone(&accepting);
                connections.spawn(async move { shared.serve(stream).await });
            }
        });
        Self {
            address,
            shared,
            _serving: serving,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/keys", self.address)
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(crate) fn answers(&self, answer: Answer) {
        *self.shared.answer.lock().unwrap() = answer;
    }

    /// Returns the targets of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.requests.borrow().clone()
    }

    /// Waits until there have been so many requests.
    pub(crate) async fn requested(&self, times: usize) {
        let mut requests = self.shared.requests.subscribe();
        requests.wait_for(|it| it.len() >= times).await.unwrap();
    }

    /// Lets a held answer go.
    pub(crate) fn release(&self) {
        self.shared.released.add_permits(1);
    }

    /// Waits until the client has ended a connection whose answer was held.
    pub(crate) async fn is_given_up(&self) {
        let mut given_up = self.shared.given_up.subscribe();
        given_up.wait_for(|times| *times > 0).await.unwrap();
    }
}

impl Shared {
    /// Serves one request, and closes the connection.
    pub(crate) async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => request.push(byte),
                Err(_) => return,
            }
        }
        let request = String::from_utf8(request).unwrap();
        let target = request.split(' ').nth(1).unwrap().to_owned();
        assert!(request.starts_with("GET /"), "{request}");
        assert!(request.contains("\r\nhost: "), "{request}");
        self.requests.send_modify(|requests| requests.push(target));
        let answer = self.answer.lock().unwrap().clone();
        let (status, body) = match answer {
            Answer::Now(status, body) => (status, body),
            Answer::Held(status, body) => {
                tokio::select! {
                    permit = self.released.acquire() => permit.unwrap().forget(),
                    _ = stream.read_u8() => {
                        self.given_up.send_modify(|times| *times += 1);
                        return;
                    }
                }
                (status, body)
            }
            Answer::Endless => {
                let head = "HTTP/1.1 200 OK\r\n\r\n{\"keys\":[";
                let mut written = stream.write_all(head.as_bytes()).await;
                while written.is_ok() {
                    written = stream.write_all(&[b' '; 4096]).await;
                }
                return;
            }
            Answer::Nothing => return,
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}");
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    }
}

/// Lets time pass, while sockets stay real.
pub(crate) async fn pass(time: Duration) {
    time::pause();
    time::advance(time).await;
    time::resume();
}

/// Returns a set of RSA keys with these names.
pub(crate) fn key_set<'a>(keys: impl IntoIterator<Item = (&'a str, &'a Signing)>) -> Value {
    let keys = keys.into_iter().map(|(key_id, signing)| {
        let [n, e] = signing
            .components()
            .map(|part| URL_SAFE_NO_PAD.encode(part));
        json!({"kty": "RSA", "kid": key_id, "use": "sig", "alg": "RS256", "n": n, "e": e})
    });
    json!({"keys": keys.collect::<Vec<_>>()})
}
