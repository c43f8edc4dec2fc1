//! What pages may read of a refusal: those of allowed origins all of it, and nobody with a wildcard.

use test_support::requests::Response;

use crate::http::{bearer, every_request, exchange};
use crate::stage::{PARTNER, Stage};
use crate::tokens::token_of;

/// Hubs that refuse ann, with or without a token, and the statuses.
const REFUSING: [(&str, u16, u16); 6] = [
    ("/secure", 401, 404),
    ("/protected", 401, 404),
    ("/raw", 401, 404),
    ("/staff", 401, 403),
    ("/failing", 401, 500),
    ("/away", 503, 503),
];

fn assert_allows(response: &Response, case: &str) {
    for (name, value) in [
        ("access-control-allow-origin", PARTNER),
        ("access-control-allow-credentials", "true"),
        ("vary", "Origin"),
    ] {
        assert_eq!(response.all(name), [value], "{case}: {response:?}");
    }
}

fn assert_has_no_cors(response: &Response, case: &str) {
    let names = response.names();
    let has_cors = |name: &String| name.starts_with("access-control-");
    assert!(!names.iter().any(has_cors), "{case}: {response:?}");
}

#[tokio::test]
async fn the_headers_of_every_refusal() {
    let stage = Stage::start().await;
    let ann = bearer(&token_of("ann"));
    for (path, nobodys, anns) in REFUSING {
        // To an endpoint that lets ann in, the id is unknown.
        for asked in every_request(path, Some("x")) {
            for (user, status) in [("", nobodys), (&*ann, anns)] {
                let is_negotiated = asked.line.contains("negotiate") && status == 404;
                let status = if is_negotiated { 200 } else { status };
                let page = format!("{user}Origin: {PARTNER}\r\n");
                let response = stage.ask(&asked, &page).await;
                let case = format!("{asked:?} {user}");
                assert_eq!(response.status, status, "{case}");
                assert_allows(&response, &case);

                let response = stage.ask(&asked, user).await;
                assert_eq!(response.status, status, "{case}");
                assert_has_no_cors(&response, &case);

                let evil = format!("{user}Origin: https://evil.example\r\n");
                let response = stage.ask(&asked, &evil).await;
                assert_eq!(response.status, 403, "{case}");
                assert_has_no_cors(&response, &case);
            }
        }
    }
    stage.finish().await;
}

#[tokio::test]
async fn the_headers_of_another_users_refusal() {
    let stage = Stage::start().await;
    let (_, id) = stage.negotiate("/secure", &bearer(&token_of("ann"))).await;
    for asked in &every_request("/secure", Some(&id))[1..] {
        let page = format!("{}Origin: {PARTNER}\r\n", bearer(&token_of("bob")));
        let response = stage.ask(asked, &page).await;
        response.assert_is(403, None, "");
        assert_allows(&response, &format!("{asked:?}"));
    }
    stage.finish().await;
}

/// Browsers send no credentials with a preflight; the request after it is refused.
#[tokio::test]
async fn a_preflight_needs_no_user_and_gives_nothing() {
    let stage = Stage::start().await;
    for (path, ..) in REFUSING {
        for target in [format!("{path}/negotiate"), format!("{path}?id=x")] {
            for method in ["GET", "POST", "DELETE"] {
                let asked = format!(
                    "Access-Control-Request-Method: {method}\r\n\
                     Access-Control-Request-Headers: authorization,x-signalr-user-agent\r\n"
                );
                let line = format!("OPTIONS {target}");
                let head = |origin| format!("Host: x\r\nOrigin: {origin}\r\n{asked}");
                let response = exchange(stage.address, &line, &head(PARTNER), "").await;
                response.assert_is(204, None, "");
                assert_allows(&response, &line);
                let allowed = response.header("access-control-allow-headers");
                assert_eq!(allowed, Some("authorization,x-signalr-user-agent"));

                let evil = head("https://evil.example");
                let response = exchange(stage.address, &line, &evil, "").await;
                response.assert_is(405, Some("text/plain"), "");
                assert_has_no_cors(&response, &line);
            }
        }
    }
    stage.finish().await;
}
