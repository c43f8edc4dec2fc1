//! The page's files, embedded in the program.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use include_dir::{Dir, include_dir};

static IMAGES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/page/images");
static MODULES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/page/modules");
static STYLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/page/styles");

const INDEX: &[u8] = include_bytes!("../page/index.html");
const FAVICON: &[u8] = include_bytes!("../page/favicon.svg");
/// The official client, from its npm package.
const SIGNALR: &[u8] =
    include_bytes!("../page/node_modules/@microsoft/signalr/dist/browser/signalr.min.js");

/// Allows only the shop's own files, and connections to the shop itself.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Responds with the page itself.
pub(crate) async fn index() -> Response {
    respond("index.html", INDEX)
}

/// Responds with any other file of the page, or with 404.
pub(crate) async fn file(method: Method, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    match find(path) {
        Some(bytes) if method == Method::GET || method == Method::HEAD => respond(path, bytes),
        _ => (StatusCode::NOT_FOUND, "There is no such page.\n").into_response(),
    }
}

fn find(path: &str) -> Option<&'static [u8]> {
    match path {
        "favicon.svg" | "favicon.ico" => return Some(FAVICON),
        "index.html" => return Some(INDEX),
        "lib/signalr.min.js" => return Some(SIGNALR),
        _ => {}
    }
    let (folder, name) = path.split_once('/')?;
    let files = match folder {
        "images" => &IMAGES,
        "modules" => &MODULES,
        "styles" => &STYLES,
        _ => return None,
    };
    Some(files.get_file(name)?.contents())
}

fn respond(path: &str, bytes: &'static [u8]) -> Response {
    let headers = [
        (CONTENT_TYPE, content_type(path)),
        (CONTENT_SECURITY_POLICY, POLICY),
        // The files change with the program, and their addresses do not contain a version.
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, bytes).into_response()
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg" | "ico") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
