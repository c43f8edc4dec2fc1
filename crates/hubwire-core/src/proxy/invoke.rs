//! Asking clients for values: one for its result, many for theirs.

use std::fmt;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use hubwire_protocol::Arguments;
use serde::de::DeserializeOwned;

use super::{Many, One, Proxy, Reach};
use crate::client_result::decode;
use crate::{ClientAnswers, ClientResultError, ConnectionId};

impl<R: Reach> Proxy<R> {
    fn ask<A: Arguments>(
        &self,
        method: &str,
        arguments: &A,
    ) -> Result<ClientAnswers, ClientResultError> {
        if let Some(scope) = &self.scope {
            scope.before_asking()?;
        }
        let (target, timeout) = (&self.target, self.timeout);
        self.lifetime.invoke(target, method, arguments, timeout)
    }
}

impl Proxy<One> {
    /// Calls `method` on the client and waits for what it returns.
    ///
    /// SignalR's client results. Waits at most [`Proxy::with_timeout`], else the hub's
    /// `client_result_timeout`. From within a hub method the call's slot is given back first, so that
    /// the client's answer and its next calls are read meanwhile.
    ///
    /// # Errors
    ///
    /// [`ClientResultError`] when the connection does not exist, ends or does not answer in time, when the
    /// client answers with an error or nothing, and when the answer is no `T`.
    ///
    /// # Cancellation
    ///
    /// A dropped future gives the question up; the client is not told, and its answer is ignored.
    pub async fn invoke<T, A>(&self, method: &str, arguments: A) -> Result<T, ClientResultError>
    where
        T: DeserializeOwned,
        A: Arguments,
    {
        let answer = self.start_invoke(method, &arguments);
        drop(arguments);
        answer.await
    }

    /// Asks at once, borrowing the arguments no longer than that; what typed proxies expand to.
    pub fn start_invoke<T, A>(
        &self,
        method: &str,
        arguments: &A,
    ) -> impl Future<Output = Result<T, ClientResultError>> + Send + use<T, A>
    where
        T: DeserializeOwned,
        A: Arguments,
    {
        let asked = self.ask(method, arguments);
        async move {
            let mut answers = asked?;
            match poll_fn(|cx| Pin::new(&mut answers).poll_next(cx)).await {
                Some((_, answer)) => decode(answer),
                None => Err(ClientResultError::NoResult),
            }
        }
    }
}

impl Proxy<Many> {
    /// Calls `method` on each client and hands on what each returns, in the order in which answers come.
    ///
    /// Beyond SignalR, which asks one client at a time. Each client that is connected to this node when it
    /// is asked yields one item; the stream ends with the last answer, or when the time is up, which
    /// is counted for all together ([`Proxy::with_timeout`], else the hub's `client_result_timeout`).
    ///
    /// # Errors
    ///
    /// [`ClientResultError`] where nobody could be asked; each client's own stands beside its connection id.
    ///
    /// # Cancellation
    ///
    /// Dropped results give the question up; late answers are ignored.
    pub fn invoke_each<T, A>(
        &self,
        method: &str,
        arguments: A,
    ) -> Result<ClientResults<T>, ClientResultError>
    where
        T: DeserializeOwned,
        A: Arguments,
    {
        let asked = self.start_invoke_each(method, &arguments);
        drop(arguments);
        asked
    }

    /// Asks at once, borrowing the arguments no longer than that; what typed proxies expand to.
    ///
    /// # Errors
    ///
    /// As of [`Proxy::invoke_each`].
    pub fn start_invoke_each<T, A>(
        &self,
        method: &str,
        arguments: &A,
    ) -> Result<ClientResults<T>, ClientResultError>
    where
        T: DeserializeOwned,
        A: Arguments,
    {
        Ok(ClientResults {
            answers: self.ask(method, arguments)?,
            decoded: PhantomData,
        })
    }
}

/// What each of many clients returned, or why it did not; made by [`Proxy::invoke_each`].
///
/// A stream; [`ClientResults::next`] needs no further trait.
#[must_use = "dropping it gives the question up"]
pub struct ClientResults<T> {
    answers: ClientAnswers,
    decoded: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> ClientResults<T> {
    /// The next client's result; nothing when all have answered.
    pub async fn next(&mut self) -> Option<(ConnectionId, Result<T, ClientResultError>)> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<T: DeserializeOwned> Stream for ClientResults<T> {
    type Item = (ConnectionId, Result<T, ClientResultError>);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(Pin::new(&mut self.answers).poll_next(cx));
        Poll::Ready(next.map(|(connection_id, answer)| (connection_id, decode(answer))))
    }
}

impl<T> fmt::Debug for ClientResults<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientResults")
    }
}
