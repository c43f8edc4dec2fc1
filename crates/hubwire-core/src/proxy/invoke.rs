//! Invoking clients for results: one result from one client, or many from many.

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
    /// This is a client result of SignalR. Waits for at most [`Proxy::with_timeout`], or else the
    /// hub's `client_result_timeout`. A call from within a hub method first gives back its slot,
    /// which lets the client's result and its next calls be read in the meantime.
    ///
    /// # Errors
    ///
    /// Returns [`ClientResultError`] if the connection does not exist, ends or does not complete
    /// in time, if the client returns an error or nothing, or if its result is not a `T`.
    ///
    /// # Cancellation
    ///
    /// Dropping the future abandons the invocation: the client is not told, and its result is
    /// ignored.
    pub async fn invoke<T, A>(&self, method: &str, arguments: A) -> Result<T, ClientResultError>
    where
        T: DeserializeOwned + Send,
        A: Arguments,
    {
        let result = self.start_invoke(method, &arguments, ClientResultDecoder::new());
        drop(arguments);
        result.await
    }

    /// Invokes at once and borrows the arguments only until it returns. Typed proxies expand to
    /// this.
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
                Some((id, result)) => decoder.decode(&id, result),
                None => Err(ClientResultError::NoResult),
            }
        }
    }
}

impl Proxy<Many> {
    /// Calls `method` on each client and yields what each returns, in the order in which results
    /// arrive.
    ///
    /// SignalR itself invokes only one client at a time. Each client that is connected to this
    /// node at that moment yields one item. The stream ends with the last result or when the time
    /// is up; the limit applies to all results together ([`Proxy::with_timeout`], or else the
    /// hub's `client_result_timeout`).
    ///
    /// # Errors
    ///
    /// Returns [`ClientResultError`] if no client could be invoked. The error of a single client
    /// is an item of the stream, next to its connection id.
    ///
    /// # Cancellation
    ///
    /// Dropping the results abandons the invocation; late results are ignored.
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

    /// Invokes at once and borrows the arguments only until it returns. Typed proxies expand to
    /// this.
    ///
    /// # Errors
    ///
    /// The same as those of [`Proxy::invoke_each`].
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

/// The results of many clients, or the reasons why they gave none; created by
/// [`Proxy::invoke_each`].
///
/// This is a stream; [`ClientResults::next`] works without a further trait.
#[must_use = "dropping it gives the invocation up"]
pub struct ClientResults<T> {
    raw: RawClientResults,
    decoder: ClientResultDecoder<T>,
}

impl<T> ClientResults<T> {
    /// Returns the next client's result, or `None` once all have arrived.
    pub async fn next(&mut self) -> Option<(ConnectionId, Result<T, ClientResultError>)> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<T> Stream for ClientResults<T> {
    type Item = (ConnectionId, Result<T, ClientResultError>);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(Pin::new(&mut self.raw).poll_next(cx));
        Poll::Ready(next.map(|(id, result)| {
            let result = self.decoder.decode(&id, result);
            (id, result)
        }))
    }
}

impl<T> fmt::Debug for ClientResults<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientResults")
    }
}
