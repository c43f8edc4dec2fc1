//! Questions to clients that are not answered yet.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use hubwire_core::{ClientAnswer, ClientResultError, ConnectionId};
use indexmap::IndexSet;
use tokio::sync::mpsc;
use tokio::time::Sleep;

type Answers = mpsc::UnboundedSender<(ConnectionId, ClientAnswer)>;

/// Who was asked what, by one hub.
pub(crate) struct Questions {
    /// How many questions to one connection may be open.
    limit: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: u64,
    open: HashMap<u64, Question>,
    /// The open questions of each connection.
    asked: HashMap<ConnectionId, IndexSet<u64>>,
}

struct Question {
    /// Who has answered already: a second answer is ignored, as one to a question that is closed.
    answered: IndexSet<ConnectionId>,
    unanswered: IndexSet<ConnectionId>,
    /// Takes at most one answer of each connection that was asked.
    answers: Answers,
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    Taken,
    /// No such question is open: it was given up, or never asked.
    Unknown,
    /// The question is open, but another connection was asked.
    ByAnother,
}

impl Questions {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a question to these connections; its id, and where the answers come.
    ///
    /// A connection that has too many open questions has answered with that.
    pub(crate) fn ask(
        self: &Arc<Self>,
        connections: impl Iterator<Item = ConnectionId>,
        timeout: Duration,
    ) -> (String, OpenQuestion) {
        let (answers, received) = mpsc::unbounded_channel();
        let mut state = self.lock();
        state.last += 1;
        let number = state.last;
        let mut unanswered = IndexSet::new();
        for connection_id in connections {
            let asked = state.asked.entry(connection_id.clone()).or_default();
            if asked.len() >= self.limit {
                let limit = self.limit;
                let error = ClientResultError::TooManyPending {
                    connection_id: connection_id.clone(),
                    limit,
                };
                // The receiver is ours and cannot be gone.
                let _ = answers.send((connection_id, Err(error)));
                continue;
            }
            asked.insert(number);
            unanswered.insert(connection_id);
        }
        if !unanswered.is_empty() {
            let question = Question {
                answered: IndexSet::new(),
                unanswered,
                answers,
            };
            state.open.insert(number, question);
        }
        let open = OpenQuestion {
            questions: Arc::clone(self),
            number,
            received,
            timeout,
            time_is_up: Box::pin(tokio::time::sleep(timeout)),
        };
        (format!("s{number}"), open)
    }

    /// Whether the question still waits for this connection.
    pub(crate) fn is_asked(&self, id: &str, connection_id: &ConnectionId) -> bool {
        let state = self.lock();
        let question = number(id).and_then(|number| state.open.get(&number));
        question.is_some_and(|question| question.unanswered.contains(connection_id))
    }

    /// Takes the answer that a connection sent under an id.
    pub(crate) fn answer(
        &self,
        connection_id: &ConnectionId,
        id: &str,
        answer: ClientAnswer,
    ) -> Answered {
        let Some(number) = number(id) else {
            return Answered::Unknown;
        };
        self.lock().answer(connection_id, number, answer)
    }

    /// Answers all that a connection was asked with its end.
    pub(crate) fn disconnected(&self, connection_id: &ConnectionId) {
        let mut state = self.lock();
        for number in state.asked.remove(connection_id).unwrap_or_default() {
            let error = ClientResultError::Disconnected {
                connection_id: connection_id.clone(),
            };
            state.answer(connection_id, number, Err(error));
        }
    }

    /// How many questions are open.
    pub(crate) fn len(&self) -> usize {
        self.lock().open.len()
    }
}

impl State {
    fn answer(
        &mut self,
        connection_id: &ConnectionId,
        number: u64,
        answer: ClientAnswer,
    ) -> Answered {
        let Some(question) = self.open.get_mut(&number) else {
            return Answered::Unknown;
        };
        if !question.unanswered.swap_remove(connection_id) {
            return match question.answered.contains(connection_id) {
                true => Answered::Unknown,
                false => Answered::ByAnother,
            };
        }
        question.answered.insert(connection_id.clone());
        // Whoever asked may have given up at this moment.
        let _ = question.answers.send((connection_id.clone(), answer));
        if question.unanswered.is_empty() {
            self.open.remove(&number);
        }
        self.forget(connection_id, number);
        Answered::Taken
    }

    fn forget(&mut self, connection_id: &ConnectionId, number: u64) {
        if let Some(asked) = self.asked.get_mut(connection_id) {
            asked.swap_remove(&number);
            if asked.is_empty() {
                self.asked.remove(connection_id);
            }
        }
    }

    /// Who had not answered the question that is closed.
    fn close(&mut self, number: u64) -> IndexSet<ConnectionId> {
        let question = self.open.remove(&number);
        let unanswered = question.map_or_else(IndexSet::new, |question| question.unanswered);
        for connection_id in &unanswered {
            self.forget(connection_id, number);
        }
        unanswered
    }
}

/// The number behind the `s` that keeps our ids apart from those that clients choose.
fn number(id: &str) -> Option<u64> {
    let number: u64 = id.strip_prefix('s')?.parse().ok()?;
    // Exactly as we wrote it: without signs and zeros in front.
    (id == format!("s{number}")).then_some(number)
}

/// The answers to one question; dropping it gives the question up.
pub(crate) struct OpenQuestion {
    questions: Arc<Questions>,
    number: u64,
    received: mpsc::UnboundedReceiver<(ConnectionId, ClientAnswer)>,
    timeout: Duration,
    time_is_up: Pin<Box<Sleep>>,
}

impl OpenQuestion {
    /// Answers for all who have not.
    fn time_out(&mut self) {
        let waited = self.timeout;
        let mut state = self.questions.lock();
        let Some(question) = state.open.get(&self.number) else {
            return;
        };
        let answers = question.answers.clone();
        for connection_id in state.close(self.number) {
            let error = ClientResultError::TimedOut { waited };
            // We are the receiver.
            let _ = answers.send((connection_id, Err(error)));
        }
    }
}

impl Stream for OpenQuestion {
    type Item = (ConnectionId, ClientAnswer);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(answer) = self.received.poll_recv(cx) {
            return Poll::Ready(answer);
        }
        if self.time_is_up.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.time_out();
        self.received.poll_recv(cx)
    }
}

impl Drop for OpenQuestion {
    fn drop(&mut self) {
        self.questions.lock().close(self.number);
    }
}

impl fmt::Debug for Questions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Questions")
            .field("open", &self.len())
            .finish_non_exhaustive()
    }
}
