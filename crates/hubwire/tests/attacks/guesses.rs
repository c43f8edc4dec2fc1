//! Tokens that are guessed, and tokens that are too long to be looked at.

use crate::http::{Headers, assert_unknown, bearer, every_request};
use crate::stage::Stage;
use crate::tokens::{claims, hs256};

#[tokio::test]
async fn guessed_tokens() {
    let stage = Stage::start().await;
    let (_, id) = stage.negotiate("/open", "").await;
    let [.., poll, post, delete] = every_request("/open", Some(&id));
    let tokens = stage.signalr.statistics().tokens;
    for position in 0..22 {
        let mut guess = id.clone().into_bytes();
        guess[position] = if guess[position] == b'A' { b'B' } else { b'A' };
        let guess = String::from_utf8(guess).unwrap();
        for asked in &every_request("/open", Some(&guess))[1..] {
            let response = stage.ask(asked, "").await;
            assert_unknown(&response);
        }
    }
    assert_eq!(stage.signalr.statistics().tokens, tokens);
    for asked in [&poll, &post, &delete] {
        assert!(stage.ask(asked, "").await.status < 300);
    }
    stage.finish().await;
}

/// 100 KB are more than a request's head may have; what fits is not decoded.
#[tokio::test]
async fn a_token_of_100_kilobytes() {
    let stage = Stage::start().await;
    for (size, status) in [(100_000, [431, 414]), (60_000, [401, 401])] {
        let mut large = claims("ann");
        large["padding"] = "x".repeat(size * 3 / 4).into();
        let token = hs256(&large);
        let query = format!("access_token={token}");
        for asked in every_request("/secure", None) {
            let response = stage.ask(&asked, &bearer(&token)).await;
            assert!(status.contains(&response.status), "{response:?}");
            if asked.browser() == Headers::CannotBeSet {
                let response = stage.ask(&asked.with_query(&query), "").await;
                assert!(status.contains(&response.status), "{response:?}");
            }
        }
    }
    stage.finish().await;
}
