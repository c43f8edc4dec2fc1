//! Tokens that are not good: each is no token, wherever it is sent.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use crate::http::{Headers, bearer, every_request};
use crate::stage::{PROTECTED, Stage};
use crate::tokens::*;
use crate::traced;

/// Asserts that each of these is no token.
async fn assert_are_none<T: AsRef<str>>(tokens: impl IntoIterator<Item = T>) {
    let stage = Stage::start().await;
    for token in tokens {
        assert_is_none(&stage, token.as_ref()).await;
    }
    stage.finish().await;
}

/// Asserts that a token is no token: nobody who sends it may use a protected hub, and everybody's
/// hub takes it for nobody.
async fn assert_is_none(stage: &Stage, token: &str) {
    let header = bearer(token);
    let query = format!("access_token={token}");
    for path in PROTECTED {
        for asked in every_request(path, None) {
            let mut sent = vec![stage.ask(&asked, &header).await];
            if asked.browser() == Headers::CannotBeSet {
                sent.push(stage.ask(&asked.with_query(&query), "").await);
            }
            for response in sent {
                response.assert_is(401, None, "");
                assert_eq!(
                    response.header("www-authenticate"),
                    Some("Bearer"),
                    "{asked:?}"
                );
            }
        }
    }
    let (_, id) = stage.negotiate("/open", &header).await;
    let opened = stage.ask(&every_request("/open", Some(&id))[3], "").await;
    assert_eq!(opened.status, 200, "it is nobody's");
    let deleted = stage.ask(&every_request("/open", Some(&id))[5], "").await;
    assert_eq!(deleted.status, 202);
}

/// Without this, the others would prove nothing.
#[tokio::test]
async fn a_good_token_is_a_user() {
    let stage = Stage::start().await;
    for path in PROTECTED {
        let header = bearer(&token_of("ann"));
        let (_, id) = stage.negotiate(path, &header).await;
        let [.., poll, _, delete] = every_request(path, Some(&id));
        assert_eq!(stage.ask(&poll, &header).await.status, 200);
        assert_eq!(stage.ask(&delete, &header).await.status, 202);
        let [_, web_socket, ..] = every_request(path, None);
        let query = format!("access_token={}", token_of("ann"));
        let opened = stage.ask(&web_socket.with_query(&query), "").await;
        assert_eq!(opened.status, 101);
    }
    stage.finish().await;
}

#[tokio::test]
async fn no_token() {
    let stage = Stage::start().await;
    for path in PROTECTED {
        for asked in every_request(path, None) {
            stage.ask(&asked, "").await.assert_is(401, None, "");
        }
    }
    stage.finish().await;
}

#[tokio::test]
async fn an_empty_token() {
    assert_are_none([""]).await;
}

#[tokio::test]
async fn garbage() {
    let token = token_of("ann");
    let (rest, _) = token.rsplit_once('.').unwrap();
    let garbage = traced::secret("garbage-garbage-garbage");
    assert_are_none([
        &*garbage,
        ".",
        "..",
        "...",
        "e30.e30.",
        rest,
        &format!("{rest}."),
        &format!("{token}."),
        &format!("{token}A"),
        &format!("{token}="),
        &format!("{token},{token}"),
        &token.replace('.', "%2E%2E"),
    ])
    .await;
}

#[tokio::test]
async fn an_expired_token() {
    assert_are_none([hs256(&but("exp", in_seconds(-120).into()))]).await;
}

#[tokio::test]
async fn a_token_that_never_expires() {
    let malformed = [
        json!(null),
        json!("never"),
        json!("9999999999"),
        json!(-1),
        json!([1]),
    ];
    assert_are_none(malformed.map(|exp| hs256(&but("exp", exp)))).await;
}

#[tokio::test]
async fn a_token_that_is_not_valid_yet() {
    assert_are_none([hs256(&but("nbf", in_seconds(120).into()))]).await;
}

#[tokio::test]
async fn a_token_of_another_issuer() {
    let others = [
        json!(null),
        json!("https://login.example.com/"),
        json!([ISSUER]),
        json!(""),
    ];
    assert_are_none(others.map(|iss| hs256(&but("iss", iss)))).await;
}

#[tokio::test]
async fn a_token_for_another_audience() {
    let others = [
        json!(null),
        json!("mail"),
        json!(["mail", "Chat"]),
        json!([]),
        json!({"chat": 1}),
    ];
    assert_are_none(others.map(|aud| hs256(&but("aud", aud)))).await;
}

#[tokio::test]
async fn a_token_of_another_key() {
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let others = [&b"somebody else's secret, of 32 bytes and more"[..], b""];
    assert_are_none(others.map(|key| signed(&header, &claims("ann"), key))).await;
}

#[tokio::test]
async fn a_token_that_was_changed() {
    let token = token_of("ann");
    let [header, _, signature] = *token.split('.').collect::<Vec<_>>() else {
        panic!("three parts")
    };
    let admin = URL_SAFE_NO_PAD.encode(but("role", "Admin".into()).to_string());
    let changed = traced::secret(format!("{header}.{admin}.{signature}"));
    assert_are_none([changed]).await;
}

#[tokio::test]
async fn a_token_without_a_signature() {
    let mut tokens = vec![signed(&json!({"typ": "JWT"}), &claims("ann"), SECRET)];
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = json!({"alg": alg, "typ": "JWT"});
        tokens.push(traced::secret(encoded(&header, &claims("ann")) + "."));
        tokens.push(signed(&header, &claims("ann"), SECRET));
    }
    assert_are_none(tokens).await;
}

/// Who verifies with the public key by whatever algorithm the token names takes this one.
#[tokio::test]
async fn a_token_signed_with_the_public_key() {
    let trimmed = RSA_PUBLIC.trim_end();
    let base64 = trimmed
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect::<String>();
    let der = STANDARD.decode(base64).unwrap();
    let mut tokens = Vec::new();
    for key in [RSA_PUBLIC.as_bytes(), trimmed.as_bytes(), &der] {
        for alg in ["HS256", "RS256"] {
            let header = json!({"alg": alg, "typ": "JWT"});
            tokens.push(signed(&header, &claims("ann"), key));
        }
    }
    assert_are_none(tokens).await;
}

#[tokio::test]
async fn a_token_that_names_its_own_key() {
    let key = b"the attacker's key, of 32 bytes and more";
    let jwk = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(key)});
    let mut tokens = Vec::new();
    for (name, value) in [
        ("kid", json!("../../../../../../dev/null")),
        ("kid", json!("/dev/null")),
        (
            "kid",
            json!("' UNION SELECT 'the attacker''s key, of 32 bytes and more"),
        ),
        ("kid", json!("http://127.0.0.1:1/jwks")),
        ("kid", json!(["", null])),
        ("jwk", jwk.clone()),
        ("jku", json!("http://127.0.0.1:1/jwks")),
        ("x5u", json!("http://127.0.0.1:1/chain")),
        ("x5c", json!([URL_SAFE_NO_PAD.encode(key)])),
    ] {
        let mut header = json!({"alg": "HS256", "typ": "JWT"});
        header[name] = value;
        for key in [&key[..], b"", &[0]] {
            tokens.push(signed(&header, &claims("ann"), key));
        }
    }
    assert_are_none(tokens).await;
}

#[tokio::test]
async fn a_token_that_must_be_understood() {
    let parameters = [
        ("crit", json!(["x"])),
        ("crit", json!([])),
        ("b64", json!(false)),
    ];
    let tokens = parameters.map(|(name, value)| {
        let mut header = json!({"alg": "HS256", "typ": "JWT"});
        header[name] = value;
        signed(&header, &claims("ann"), SECRET)
    });
    assert_are_none(tokens).await;
}
