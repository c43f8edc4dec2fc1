//! Invoking clients for results: one for its own, many for theirs.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use hubwire_protocol::Arguments;
use serde::de::DeserializeOwned;

use super::{Many, One, Proxy, Reach};
use crate::{ClientResultDecoder, ClientResultError, ConnectionId, RawClientResults};

impl<R: Reach> Proxy<R> {
    fn begin<A: Arguments>(
        &self,
        method: &str,
        arguments: &A,
    ) -> Result<RawClientResults, ClientResultError> {
        if let Some(scope) = &self.scope {
            scope.before_client_result()?;
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
    /// the client's result and its next calls are read meanwhile.
    ///
    /// # Errors
    ///
    /// [`ClientResultError`] when the connection does not exist, ends or does not complete in time, when the
    /// client returns an error or nothing, and when its result is no `T`.
    ///
    /// # Cancellation
    ///
    /// A dropped future gives the invocation up; the client is not told, and its result is ignored.
    pub async fn invoke<T, A>(&self, method: &str, arguments: A) -> Result<T, ClientResultError>
    where
        T: DeserializeOwned + Send,
        A: Arguments,
    {
        let result = self.start_invoke(method, &arguments, ClientResultDecoder::new());
        drop(arguments);
        result.await
    }

    /// Invokes at once, borrowing the arguments no longer than that; what typed proxies expand to.
    pub fn start_invoke<T, A>(
        &self,
        method: &str,
        arguments: &A,
        decoder: ClientResultDecoder<T>,
    ) -> impl Future<Output = Result<T, ClientResultError>> + Send + use<T, A>
    where
        A: Arguments,
    {
        let begun = self.begin(method, arguments);
        async move {
            let mut results = begun?;
            match poll_fn(|cx| Pin::new(&mut results).poll_next(cx)).await {
                Some((_, result)) => decoder.decode(result),
                None => Err(ClientResultError::NoResult),
            }
        }
    }
}

impl Proxy<Many> {
    /// Calls `method` on each client and hands on what each returns, in the order in which results come.
    ///
    /// Beyond SignalR, which invokes one client at a time. Each client that is connected to this node at
    /// that moment yields one item; the stream ends with the last result, or when the time is up, which
    /// is counted for all together ([`Proxy::with_timeout`], else the hub's `client_result_timeout`).
    ///
    /// # Errors
    ///
    /// [`ClientResultError`] where nobody could be invoked; each client's own stands beside its connection
    /// id.
    ///
    /// # Cancellation
    ///
    /// Dropped results give the invocation up; late ones are ignored.
    pub fn invoke_each<T, A>(
        &self,
        method: &str,
        arguments: A,
    ) -> Result<ClientResults<T>, ClientResultError>
    where
        T: DeserializeOwned + Send,
        A: Arguments,
    {
        let results = self.start_invoke_each(method, &arguments, ClientResultDecoder::new());
        drop(arguments);
        results
    }

    /// Invokes at once, borrowing the arguments no longer than that; what typed proxies expand to.
    ///
    /// # Errors
    ///
    /// As of [`Proxy::invoke_each`].
    pub fn start_invoke_each<T, A>(
        &self,
        method: &str,
        arguments: &A,
        decoder: ClientResultDecoder<T>,
    ) -> Result<ClientResults<T>, ClientResultError>
    where
        A: Arguments,
    {
        Ok(ClientResults {
            raw: self.begin(method, arguments)?,
            decoder,
        })
    }
}

/// What each of many clients returned, or why it did not; made by [`Proxy::invoke_each`].
///
/// A stream; [`ClientResults::next`] needs no further trait.
#[must_use = "dropping it gives the invocation up"]
pub struct ClientResults<T> {
    raw: RawClientResults,
    decoder: ClientResultDecoder<T>,
}

impl<T> ClientResults<T> {
    /// The next client's result; `None` when all have come.
    pub async fn next(&mut self) -> Option<(ConnectionId, Result<T, ClientResultError>)> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<T> Stream for ClientResults<T> {
    type Item = (ConnectionId, Result<T, ClientResultError>);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(Pin::new(&mut self.raw).poll_next(cx));
        Poll::Ready(next.map(|(id, result)| (id, self.decoder.decode(result))))
    }
}

impl<T> fmt::Debug for ClientResults<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientResults")
    }
}
