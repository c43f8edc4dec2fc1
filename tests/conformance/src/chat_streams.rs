//! The streams of the transcripts' hubs, as their methods return them.

use std::future::Future;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use hubwire::{CancellationToken, HubError, HubResult, StreamReader};

use crate::throwing_hubs::invalid_operation;

/// Waits for this many milliseconds, or yields once for zero.
pub(crate) async fn pause(milliseconds: i32) {
    match u64::try_from(milliseconds) {
        Ok(milliseconds @ 1..) => tokio::time::sleep(Duration::from_millis(milliseconds)).await,
        _ => tokio::task::yield_now().await,
    }
}

/// Streams 0, 1, 2 .., with a pause before each.
pub(crate) fn numbers(count: i32, delay_ms: i32) -> impl Stream<Item = i32> + Send + 'static {
    stream::unfold(0, move |number| async move {
        if number >= count {
            return None;
        }
        pause(delay_ms).await;
        Some((number, number + 1))
    })
}

/// Streams the same until the token fires.
pub(crate) fn numbers_until(
    count: i32,
    delay_ms: i32,
    cancellation: CancellationToken,
) -> impl Stream<Item = i32> + Send + 'static {
    numbers(count, delay_ms).take_until(cancellation.cancelled_owned())
}

/// Streams numbers forever; runs `farewell` when the token fires.
pub(crate) fn watched<F>(
    delay_ms: i32,
    cancellation: CancellationToken,
    farewell: F,
) -> impl Stream<Item = i32> + Send
where
    F: Future<Output = ()> + Send,
{
    let farewell = stream::once(farewell).filter_map(|()| std::future::ready(None));
    numbers_until(i32::MAX, delay_ms, cancellation).chain(farewell)
}

/// Streams some numbers, then an error.
pub(crate) fn failing(
    after: i32,
    error: HubError,
) -> impl Stream<Item = HubResult<i32>> + Send + 'static {
    let error = stream::once(std::future::ready(Err(error)));
    numbers(after, 0).map(Ok).chain(error)
}

pub(crate) fn hidden_failure() -> HubError {
    invalid_operation("stream boom")
}

/// Returns the sum of an upload.
pub(crate) async fn sum(mut numbers: StreamReader<i32>) -> HubResult<i32> {
    let mut sum = 0_i32;
    while let Some(number) = numbers.next().await {
        sum = sum.wrapping_add(number?);
    }
    Ok(sum)
}

/// Returns all words, then all numbers.
pub(crate) async fn join(
    separator: Option<String>,
    mut words: StreamReader<Option<String>>,
    mut numbers: StreamReader<i32>,
) -> HubResult<String> {
    let mut all = Vec::new();
    while let Some(word) = words.next().await {
        all.push(word?.unwrap_or_default());
    }
    while let Some(number) = numbers.next().await {
        all.push(number?.to_string());
    }
    Ok(all.join(&separator.unwrap_or_default()))
}

/// Returns how an upload ended, in .NET's words.
pub(crate) async fn report(mut numbers: StreamReader<i32>) -> String {
    let mut count = 0;
    loop {
        match numbers.next().await {
            Some(Ok(_)) => count += 1,
            Some(Err(error)) => {
                let namespace = match error.is_shown() {
                    true => "Microsoft.AspNetCore.SignalR",
                    false => "System",
                };
                return format!("{count} items, {namespace}.{}: {error}", error.type_name());
            }
            None => return format!("{count} items, completed"),
        }
    }
}

/// Returns the first item of an upload; the rest stays unread.
pub(crate) async fn first(mut numbers: StreamReader<i32>) -> HubResult<i32> {
    let closed = || {
        HubError::hidden("The channel has been closed.").with_type_name("ChannelClosedException")
    };
    numbers.next().await.ok_or_else(closed)?
}
