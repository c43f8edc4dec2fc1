//! The client that web workers load from this server.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Returns the route of the file, which is read anew for each request.
pub(crate) fn router(file: PathBuf) -> Router {
    let file: Arc<PathBuf> = file.into();
    let serve = get(move || client(file.clone()));
    Router::new().route("/lib/signalr-webworker/signalr.js", serve)
}

async fn client(file: Arc<PathBuf>) -> Response {
    match tokio::fs::read(&*file).await {
        Ok(script) => ([(CONTENT_TYPE, "text/javascript")], script).into_response(),
        Err(error) => {
            let text = format!("{}: {error}", file.display());
            (StatusCode::NOT_FOUND, text).into_response()
        }
    }
}
