//! Connections that somebody else has opened.

use test_support::requests::Response;

use crate::http::{Asked, assert_unknown, bearer, every_request};
use crate::stage::Stage;
use crate::tokens::token_of;
use crate::traced;

/// The hubs, and what a request without a user gets for the connection of one.
const HUBS: [(&str, u16); 2] = [("/secure", 401), ("/open", 403)];

/// Returns the headers of other clients than ann's, and what they get.
fn others(nobody: u16) -> [(String, u16); 3] {
    let garbage = bearer(&traced::secret("somebody-elses-garbage"));
    [
        (bearer(&token_of("bob")), 403),
        (String::new(), nobody),
        (garbage, nobody),
    ]
}

/// Asserts that nobody but ann gets anything of a connection.
async fn assert_is_anns(stage: &Stage, path: &str, id: &str, nobody: u16) {
    for (headers, status) in others(nobody) {
        for asked in &every_request(path, Some(id))[1..] {
            let response = stage.ask(asked, &headers).await;
            response.assert_is(status, None, "");
        }
    }
}

fn requests_of(path: &str, id: &str) -> [Asked; 3] {
    let [.., poll, post, delete] = every_request(path, Some(id));
    [poll, post, delete]
}

fn assert_status(response: &Response, status: u16) {
    assert_eq!(response.status, status, "{response:?}");
}

#[tokio::test]
async fn another_user_with_a_negotiated_id() {
    let stage = Stage::start().await;
    for (path, nobody) in HUBS {
        let ann = bearer(&token_of("ann"));
        let (_, id) = stage.negotiate(path, &ann).await;
        assert_is_anns(&stage, path, &id, nobody).await;
        let [_, web_socket, ..] = every_request(path, Some(&id));
        assert_status(&stage.ask(&web_socket, &ann).await, 101);
    }
    stage.finish().await;
}

#[tokio::test]
async fn another_user_between_polls() {
    let stage = Stage::start().await;
    for (path, nobody) in HUBS {
        let ann = bearer(&token_of("ann"));
        let (_, id) = stage.negotiate(path, &ann).await;
        let [poll, _, delete] = requests_of(path, &id);
        assert_status(&stage.ask(&poll, &ann).await, 200);
        assert_is_anns(&stage, path, &id, nobody).await;
        let handshake = "{\"protocol\":\"json\",\"version\":1}\u{1e}";
        let target = format!("{path}?id={id}");
        for (headers, status) in others(nobody) {
            let posted = stage.post(&target, &headers, handshake).await;
            posted.assert_is(status, None, "");
        }
        assert_status(&stage.post(&target, &ann, handshake).await, 200);
        let polled = stage.ask(&poll, &ann).await;
        assert_eq!((polled.status, &*polled.body), (200, "{}\u{1e}"));
        assert_is_anns(&stage, path, &id, nobody).await;
        assert_status(&stage.ask(&delete, &ann).await, 202);
    }
    stage.finish().await;
}

/// Asserts that each of these requests is refused in these words.
async fn assert_refused(
    stage: &Stage,
    asked: &[Asked],
    headers: &str,
    (status, reason): (u16, &str),
) {
    for asked in asked {
        let response = stage.ask(asked, headers).await;
        response.assert_is(status, None, "");
        assert_eq!(response.reason, reason, "{asked:?}");
        assert_eq!(response.header("content-length"), Some("0"), "{asked:?}");
    }
}

const UNAUTHORIZED: (u16, &str) = (401, "Unauthorized");
const FORBIDDEN: (u16, &str) = (403, "Forbidden");

#[tokio::test]
async fn a_user_who_may_not_connect() {
    let stage = Stage::start().await;
    let ann = bearer(&token_of("ann"));
    let everything = every_request("/staff", None);
    assert_refused(&stage, &everything, &ann, FORBIDDEN).await;
    assert_refused(&stage, &everything, "", UNAUTHORIZED).await;
    stage.finish().await;
}

/// Also if the endpoint refuses the request before anybody looks for the connection.
#[tokio::test]
async fn a_line_for_each_request_of_another_user() {
    let stage = Stage::start().await;
    let [ann, bob] = ["ann", "bob"].map(|user| bearer(&token_of(user)));
    for (path, nobody) in [("/secure", UNAUTHORIZED), ("/open", FORBIDDEN)] {
        let (connection_id, id) = stage.negotiate(path, &ann).await;
        let [poll, post, delete] = requests_of(path, &id);
        assert_status(&stage.ask(&poll, &ann).await, 200);
        let of_connection = &every_request(path, Some(&id))[1..];
        let lines = || traced::lines_with(&[ANOTHER_USER, &connection_id]);
        assert_refused(&stage, of_connection, "", nobody).await;
        assert_eq!(lines().len(), 5, "{:?}", lines());
        assert!(lines()[0].contains(" WARN "), "{:?}", lines());
        assert_refused(&stage, of_connection, &bob, FORBIDDEN).await;
        assert_eq!(lines().len(), 10, "{:?}", lines());
        // Neither who it belongs to, nor a request for another one.
        let unknown = &every_request(path, Some("unknown"))[1..];
        for asked in [&post].into_iter().chain(unknown) {
            stage.ask(asked, &ann).await;
            stage.ask(&asked.with_query("id=unknown"), "").await;
        }
        assert_status(&stage.ask(&delete, &ann).await, 202);
        assert_eq!(lines().len(), 10, "{:?}", lines());
    }
    stage.finish().await;
}

const ANOTHER_USER: &str = "hubwire::connection: a request was refused (401 or 403)";

/// A token that was renewed has the same user.
#[tokio::test]
async fn the_same_user_with_another_token() {
    let stage = Stage::start().await;
    for (path, _) in HUBS {
        let mut renewed = crate::tokens::claims("ann");
        renewed["jti"] = "renewed".into();
        let (_, id) = stage.negotiate(path, &bearer(&token_of("ann"))).await;
        let [poll, post, delete] = requests_of(path, &id);
        for asked in [poll, post, delete] {
            let token = bearer(&crate::tokens::hs256(&renewed));
            assert!(stage.ask(&asked, &token).await.status < 300);
        }
    }
    stage.finish().await;
}

#[tokio::test]
async fn another_user_without_a_name_identifier() {
    let stage = Stage::start().await;
    let [ann, bob] = ["ann", "bob"].map(|user| format!("X-Mail: {user}@example.com\r\n"));
    let (_, id) = stage.negotiate("/mail", &ann).await;
    let [poll, post, delete] = requests_of("/mail", &id);
    for asked in &every_request("/mail", Some(&id))[1..] {
        stage.ask(asked, &bob).await.assert_is(403, None, "");
        stage.ask(asked, "").await.assert_is(401, None, "");
    }
    for asked in [poll, post, delete] {
        assert!(stage.ask(&asked, &ann).await.status < 300);
    }
    stage.finish().await;
}

/// Who opens a connection that nobody in particular has negotiated is its user from then on.
#[tokio::test]
async fn another_user_after_the_one_who_has_opened() {
    let stage = Stage::start().await;
    let (_, id) = stage.negotiate("/open", "").await;
    let [poll, _, delete] = requests_of("/open", &id);
    let ann = bearer(&token_of("ann"));
    assert_status(&stage.ask(&poll, &ann).await, 200);
    assert_is_anns(&stage, "/open", &id, 403).await;
    assert_status(&stage.ask(&delete, &ann).await, 202);
    stage.finish().await;
}

/// What the attacker posts in advance must not run as the victim.
#[tokio::test]
async fn a_post_before_another_user_opens() {
    let stage = Stage::start().await;
    let (_, id) = stage.negotiate("/open", "").await;
    let [poll, post, _] = requests_of("/open", &id);
    assert_status(&stage.ask(&post, "").await, 200);
    let victim = stage.ask(&poll, &bearer(&token_of("ann"))).await;
    victim.assert_is(403, None, "");
    stage.finish().await;
}

/// The id of a connection is no secret: hubs tell it to others.
#[tokio::test]
async fn a_connection_id_as_a_token() {
    let stage = Stage::start().await;
    for (path, _) in HUBS {
        let ann = bearer(&token_of("ann"));
        let (connection_id, id) = stage.negotiate(path, &ann).await;
        let [poll, _, delete] = requests_of(path, &id);
        assert_status(&stage.ask(&poll, &ann).await, 200);
        let (_, node) = id.split_once('.').unwrap();
        for stolen in [connection_id.clone(), format!("{connection_id}.{node}")] {
            for user in [&ann, &bearer(&token_of("bob"))] {
                for asked in &every_request(path, Some(&stolen))[1..] {
                    let response = stage.ask(asked, user).await;
                    assert_unknown(&response);
                }
            }
        }
        // Nor is any of the two a user's token.
        for stolen in [&connection_id, &id] {
            let asked = &every_request("/secure", None);
            let response = stage.ask(&asked[0], &bearer(stolen)).await;
            response.assert_is(401, None, "");
            let query = format!("access_token={stolen}");
            let response = stage.ask(&asked[1].with_query(&query), "").await;
            response.assert_is(401, None, "");
        }
        assert_status(&stage.ask(&delete, &ann).await, 202);
    }
    stage.finish().await;
}

/// An id is good at the endpoint that has issued it, and nowhere else.
#[tokio::test]
async fn an_id_of_another_hub() {
    let stage = Stage::start().await;
    let ann = bearer(&token_of("ann"));
    let (_, id) = stage.negotiate("/anonymous", &ann).await;
    for path in ["/secure", "/protected", "/open", "/raw"] {
        for asked in &every_request(path, Some(&id))[1..] {
            let response = stage.ask(asked, &ann).await;
            assert_unknown(&response);
        }
    }
    stage.finish().await;
}
