//! The signals by which operating systems ask a server to stop.

/// Resolves when the process is asked to stop: by Ctrl-C or, on Unix, by SIGTERM.
///
/// Service managers and container platforms send these signals before a deployment. Pass this
/// future to [`Serve::until`](crate::Serve::until), and clients are told to reconnect.
///
/// ```no_run
/// # async fn example(listener: tokio::net::TcpListener, app: axum::Router) -> std::io::Result<()> {
/// hubwire::serve(listener, app).until(hubwire::shutdown_signal()).await
/// # }
/// ```
///
/// If one of the signals cannot be listened for, only the other one counts.
///
/// # Cancellation
///
/// After the first poll, the signals no longer end the process by themselves, even if the future
/// is dropped.
pub async fn shutdown_signal() {
    tokio::select! {
        () = interrupted() => {}
        () = terminated() => {}
    }
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut signals) => drop(signals.recv().await),
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}
