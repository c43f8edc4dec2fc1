//! Keys that an issuer publishes, from a server on this host.

use std::time::Duration;

use futures_util::future::join_all;
use hubwire::auth::jwt::{JwtBearer, JwtConfigurationError};
use serde_json::{Value, json};

use crate::key_server::{Answer, KeyServer, key_set, pass};
use crate::signing::{RSA_TWO_PUBLIC, SECRET, Signing, ann, ann_with, bearer, user};

const HALF_A_MINUTE: Duration = Duration::from_secs(30);
const HOUR: Duration = Duration::from_secs(60 * 60);
const UNKNOWN_KEY: &str = "a token that names an unknown key";

fn one() -> Signing {
    Signing::rsa("RS256")
}

fn two() -> Signing {
    Signing::other_rsa("RS256")
}

fn token(signing: &Signing, key_id: &str) -> String {
    signing.token_with(&json!({"alg": signing.algorithm, "kid": key_id}), &ann())
}

fn bearer_of(server: &KeyServer) -> JwtBearer {
    bearer().jwks_url(server.url()).build().unwrap()
}

/// Returns whether somebody is signed in.
async fn is_good(bearer: &JwtBearer, token: &str) -> bool {
    bearer.validate(token).await.is_ok()
}

#[tokio::test]
async fn keys_are_fetched_once_for_everybody() {
    let keys = key_set([("one", &one())]);
    let server = KeyServer::start(Answer::held_json(&keys)).await;
    let bearer = bearer_of(&server);
    let token = token(&one(), "one");
    assert_eq!(
        server.requests(),
        [""; 0],
        "nothing is fetched before the first token"
    );

    let requests = join_all((0..100).map(|_| is_good(&bearer, &token)));
    let released = async {
        server.requested(1).await;
        server.release();
    };
    let (good, ()) = tokio::join!(requests, released);
    assert_eq!(good, [true; 100]);
    assert_eq!(server.requests(), ["/keys"]);

    pass(HOUR - Duration::from_secs(1)).await;
    assert!(is_good(&bearer, &token).await);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn what_is_no_token_fetches_nothing() {
    let server = KeyServer::start(Answer::json(&key_set([("one", &one())]))).await;
    let bearer = bearer_of(&server);
    let long = token(&one(), "one").repeat(100);
    for text in ["", "a.b.c", &long, "eyJhbGciOiJub25lIn0.e30."] {
        assert!(user(&bearer, text).await.is_err());
    }
    assert_eq!(server.requests(), [""; 0]);
}

#[tokio::test]
async fn a_flood_of_unknown_keys_is_no_flood_of_fetches() {
    let server = KeyServer::start(Answer::json(&key_set([("one", &one())]))).await;
    let bearer = bearer_of(&server);
    assert!(is_good(&bearer, &token(&one(), "one")).await);
    let flood = |bearer| async move {
        let tokens: Vec<_> = (0..200)
            .map(|it| token(&two(), &format!("key {it}")))
            .collect();
        let users = join_all(tokens.iter().map(|token| user(bearer, token))).await;
        assert!(
            users
                .into_iter()
                .all(|user| user == Err(UNKNOWN_KEY.to_owned()))
        );
    };
    flood(&bearer).await;
    assert_eq!(
        server.requests().len(),
        1,
        "the first fetch was a moment ago"
    );
    for fetches in 2..5 {
        pass(HALF_A_MINUTE).await;
        flood(&bearer).await;
        flood(&bearer).await;
        assert_eq!(server.requests().len(), fetches);
    }
    assert!(is_good(&bearer, &token(&one(), "one")).await);
}

#[tokio::test]
async fn a_new_key_is_fetched_when_it_is_first_used() {
    let server = KeyServer::start(Answer::json(&key_set([("one", &one())]))).await;
    let bearer = bearer_of(&server);
    assert!(is_good(&bearer, &token(&one(), "one")).await);
    server.answers(Answer::json(&key_set([("two", &two())])));
    pass(HALF_A_MINUTE).await;
    assert!(
        is_good(&bearer, &token(&one(), "one")).await,
        "nobody has asked yet"
    );

    let tokens = [token(&two(), "two"), token(&two(), "two")];
    let good = join_all(tokens.iter().map(|token| is_good(&bearer, token))).await;
    assert_eq!(good, [true; 2]);
    assert_eq!(server.requests().len(), 2);
    let withdrawn = user(&bearer, &token(&one(), "one")).await;
    assert_eq!(withdrawn, Err(UNKNOWN_KEY.to_owned()));
}

/// Keys and tokens need not have names.
#[tokio::test]
async fn a_new_key_without_a_name_is_fetched_when_no_other_fits() {
    let nameless = |signing: &Signing| {
        let mut set = key_set([("", signing)]);
        set["keys"][0].as_object_mut().unwrap().remove("kid");
        set
    };
    let server = KeyServer::start(Answer::json(&nameless(&one()))).await;
    let bearer = bearer_of(&server);
    assert!(is_good(&bearer, &one().token(&ann())).await);
    server.answers(Answer::json(&nameless(&two())));
    pass(HALF_A_MINUTE).await;
    assert!(is_good(&bearer, &two().token(&ann())).await);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn nobody_waits_for_a_refresh() {
    let server = KeyServer::start(Answer::json(&key_set([("one", &one())]))).await;
    let bearer = bearer_of(&server);
    let token_one = token(&one(), "one");
    assert!(is_good(&bearer, &token_one).await);
    server.answers(Answer::held_json(&key_set([("two", &two())])));
    pass(HOUR).await;
    for _ in 0..10 {
        assert!(
            is_good(&bearer, &token_one).await,
            "the old keys are used meanwhile"
        );
    }
    server.requested(2).await;
    assert!(is_good(&bearer, &token_one).await);

    let token_two = token(&two(), "two");
    let released = async { server.release() };
    let (good, ()) = tokio::join!(is_good(&bearer, &token_two), released);
    assert!(good, "it waits for the fetch that is under way");
    assert!(!is_good(&bearer, &token_one).await);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_fetch_survives_the_request_that_caused_it() {
    let keys = key_set([("one", &one())]);
    let server = KeyServer::start(Answer::held_json(&keys)).await;
    let bearer = bearer_of(&server);
    let token = token(&one(), "one");
    tokio::select! {
        _ = is_good(&bearer, &token) => panic!("it is held"),
        () = server.requested(1) => {}
    }
    let released = async { server.release() };
    let (good, ()) = tokio::join!(is_good(&bearer, &token), released);
    assert!(good);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_fetch_ends_with_its_owner() {
    let keys = key_set([("one", &one())]);
    let server = KeyServer::start(Answer::held_json(&keys)).await;
    let bearer = bearer_of(&server);
    let token = token(&one(), "one");
    tokio::select! {
        _ = is_good(&bearer, &token) => panic!("it is held"),
        () = server.requested(1) => {}
    }
    drop(bearer);
    server.is_given_up().await;
}

/// Everybody can fetch them.
#[tokio::test]
async fn a_published_secret_is_none() {
    let secret = json!({"kty": "oct", "kid": "one", "alg": "HS512", "k":
        "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg"});
    let mut keys = key_set([("two", &two())]);
    let mut private = keys["keys"][0].clone();
    private["kid"] = json!("private");
    private["d"] = json!("AQAB");
    keys["keys"]
        .as_array_mut()
        .unwrap()
        .extend([secret, private]);
    let server = KeyServer::start(Answer::json(&keys)).await;
    let bearer = bearer_of(&server);
    let forged = token(&Signing::hmac("HS512", SECRET), "one");
    assert_eq!(user(&bearer, &forged).await, Err(UNKNOWN_KEY.to_owned()));
    let forged = token(&two(), "private");
    assert_eq!(user(&bearer, &forged).await, Err(UNKNOWN_KEY.to_owned()));
    assert!(is_good(&bearer, &token(&two(), "two")).await);
}

/// What an issuer may publish besides: keys of kinds that nobody knows, what is no key, and two with
/// one name.
#[tokio::test]
async fn the_good_key_is_found_among_strange_ones() {
    let one = key_set([("one", &one())])["keys"][0].clone();
    let other = key_set([("one", &two())])["keys"][0].clone();
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let keys = json!({"keys": [
        null, 7, "one", [], [[]], {}, true, 1e308,
        {"kty": "AKP", "alg": "ML-DSA-44", "kid": "one", "pub": "AQAB"},
        {"kty": "EC", "crv": "P-521", "kid": "one", "x": x, "y": x},
        {"kty": "EC", "crv": "secp256k1", "kid": "one", "x": x, "y": x},
        {"kty": "EC", "crv": "P-256", "kid": "one", "x": x, "y": x},
        {"kty": "OKP", "crv": "X25519", "kid": "one", "x": x},
        {"kty": "RSA", "kid": "one", "n": "", "e": ""},
        {"kty": "RSA", "kid": "one", "n": "AA", "e": "AA"},
        {"kty": "RSA", "kid": 7, "n": other["n"], "e": other["e"]},
        {"kty": ["RSA"], "kid": "one", "n": other["n"], "e": other["e"]},
        other, one,
    ], "next": "https://login.example.com"});
    let server = KeyServer::start(Answer::json(&keys)).await;
    let bearer = bearer_of(&server);
    for signing in [self::one(), two()] {
        let read = user(&bearer, &token(&signing, "one")).await;
        assert!(read.is_ok(), "{read:?}");
    }
    let text = user(&bearer, &token(&Signing::hmac("HS256", SECRET), "one")).await;
    assert!(text.is_err());
}

#[tokio::test]
async fn keys_of_both_kinds_are_used() {
    let server = KeyServer::start(Answer::json(&key_set([("one", &one())]))).await;
    let bearer = bearer()
        .jwks_url(server.url())
        .hs256(SECRET)
        .pem(RSA_TWO_PUBLIC);
    let bearer = bearer.build().unwrap();
    assert!(is_good(&bearer, &Signing::hmac("HS256", SECRET).token(&ann())).await);
    assert!(is_good(&bearer, &two().token(&ann())).await);
    assert_eq!(server.requests(), [""; 0]);
    assert!(is_good(&bearer, &one().token(&ann())).await);
}

/// Returns the configuration of an issuer.
fn configuration(issuer: &str, keys: &str) -> Answer {
    Answer::json(&json!({"issuer": issuer, "jwks_uri": keys, "scopes_supported": ["openid"]}))
}

#[tokio::test]
async fn an_issuer_says_where_its_keys_are() {
    let keys = KeyServer::start(Answer::json(&key_set([("one", &one())]))).await;
    let server = KeyServer::start(Answer::Nothing).await;
    for slash in ["", "/"] {
        let issuer = format!("http://{}{slash}", server.address);
        server.answers(configuration(&issuer, &keys.url()));
        let bearer = JwtBearer::builder().discovery(&issuer).audience("chat");
        let bearer = bearer.clock(crate::signing::now).build().unwrap();
        let token = |issuer: &str| {
            let header = json!({"alg": "RS256", "kid": "one"});
            one().token_with(&header, &ann_with("iss", issuer))
        };
        assert!(is_good(&bearer, &token(&issuer)).await);
        let other = user(&bearer, &token("issuer")).await;
        assert_eq!(other, Err("a token of another issuer".to_owned()));
    }
    assert_eq!(server.requests(), ["/.well-known/openid-configuration"; 2]);
    assert_eq!(keys.requests(), ["/keys"; 2]);
}

#[tokio::test]
async fn the_configuration_must_be_the_issuers_own() {
    let keys = KeyServer::start(Answer::json(&key_set([("one", &one())]))).await;
    let server = KeyServer::start(Answer::Nothing).await;
    let issuer = format!("http://{}", server.address);
    for answer in [
        configuration(&format!("{issuer}/"), &keys.url()),
        configuration("http://mallory", &keys.url()),
        configuration(&issuer, "http://192.0.2.1/keys"),
        configuration(&issuer, "file:///etc/passwd"),
        configuration(&issuer, ""),
        Answer::json(&json!({"issuer": issuer})),
        Answer::json(&json!({"jwks_uri": keys.url()})),
        Answer::json(&Value::Null),
    ] {
        server.answers(answer);
        let bearer = JwtBearer::builder().discovery(&issuer).build().unwrap();
        let error = bearer.validate(&one().token(&ann())).await.unwrap_err();
        assert!(!error.is_rejection());
    }
    assert_eq!(keys.requests(), [""; 0]);
}

#[test]
fn urls_are_checked_when_the_server_starts() {
    let fault = |url: &str| {
        JwtBearer::builder()
            .jwks_url(url)
            .build()
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        fault("http://login.example.com/keys"),
        "the URL of an issuer's keys must be https, because its host is not this one"
    );
    assert_eq!(fault("keys"), "the URL of an issuer's keys is malformed");
    let allowed = JwtBearer::builder().jwks_url("http://login.example.com/keys");
    assert!(allowed.unencrypted_keys().build().is_ok());
    let two = JwtBearer::builder()
        .jwks_url("http://localhost/1")
        .discovery("http://localhost");
    assert_eq!(two.build().unwrap_err(), JwtConfigurationError::SeveralUrls);
    let issuer = JwtBearer::builder()
        .discovery("http://login.example.com")
        .build();
    assert!(matches!(issuer.unwrap_err(), JwtConfigurationError::Url(_)));
}
