//! Pages of other sites, with the cookies that a browser sends for them all the same.

use crate::http::every_request;
use crate::stage::{PARTNER, Stage};
use crate::traced;

const SITES: [&str; 6] = [
    "https://evil.example",
    "https://partner.example.evil.example",
    "https://partner.example:8443",
    "http://partner.example",
    "https://evil.example/https://partner.example",
    "null",
];

fn cookie() -> String {
    format!(
        "Cookie: visitor={}\r\n",
        traced::secret("a-session-of-ann-5f2b8c")
    )
}

#[tokio::test]
async fn a_web_socket_of_another_site() {
    let stage = Stage::start().await;
    let cookie = cookie();
    let [_, web_socket, ..] = every_request("/visitors", None);
    for site in SITES {
        let page = format!("{cookie}Origin: {site}\r\n");
        stage.ask(&web_socket, &page).await.assert_is(403, None, "");
    }
    let two = format!("{cookie}Origin: {PARTNER}\r\nOrigin: https://evil.example\r\n");
    stage.ask(&web_socket, &two).await.assert_is(403, None, "");
    for own in [PARTNER.to_owned(), format!("http://{}", stage.address)] {
        let page = format!("{cookie}Origin: {own}\r\n");
        assert_eq!(stage.ask(&web_socket, &page).await.status, 101);
    }
    stage.finish().await;
}

#[tokio::test]
async fn any_other_request_of_another_site() {
    let stage = Stage::start().await;
    let cookie = cookie();
    let (_, id) = stage.negotiate("/visitors", &cookie).await;
    let ids = stage.signalr.statistics().tokens;
    for site in SITES {
        let page = format!("{cookie}Origin: {site}\r\n");
        for asked in every_request("/visitors", Some(&id)) {
            let response = stage.ask(&asked, &page).await;
            response.assert_is(403, None, "");
            let names = response.names();
            assert!(!names.iter().any(|name| name.starts_with("access-control")));
        }
        // A form's POST, which needs no preflight.
        let form = format!("{page}Content-Type: text/plain\r\n");
        let posted = stage
            .post(&format!("/visitors?id={id}"), &form, "{}\u{1e}")
            .await;
        posted.assert_is(403, None, "");
    }
    assert_eq!(
        stage.signalr.statistics().tokens,
        ids,
        "nothing was negotiated"
    );
    stage.finish().await;
}
