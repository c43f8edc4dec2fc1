//! When tokens are good.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::signing::{NOW, SECRET, Signing, ann_with, ann_without, bearer, hs256, rejected, user};

fn token(claims: &Value) -> String {
    Signing::hmac("HS256", SECRET).token(claims)
}

fn token_of(claims: &str) -> String {
    Signing::hmac("HS256", SECRET).token_of(r#"{"alg":"HS256"}"#, claims)
}

#[tokio::test]
async fn a_token_is_good_before_its_expiration() {
    let ann = user(&hs256(), &token(&ann_with("exp", NOW - 59)))
        .await
        .unwrap();
    let expires = UNIX_EPOCH + Duration::from_secs(NOW - 59);
    assert_eq!(ann.expires(), Some(expires), "without the leeway");
    for exp in [NOW - 60, NOW - 3600, 0] {
        let expired = user(&hs256(), &token(&ann_with("exp", exp))).await;
        assert_eq!(expired, Err("an expired token".to_owned()), "{exp}");
    }
}

#[tokio::test]
async fn a_token_is_good_from_its_beginning_on() {
    for nbf in [0, NOW, NOW + 60] {
        assert!(
            user(&hs256(), &token(&ann_with("nbf", nbf))).await.is_ok(),
            "{nbf}"
        );
    }
    for nbf in [NOW + 61, NOW + 3600] {
        let early = user(&hs256(), &token(&ann_with("nbf", nbf))).await;
        assert_eq!(
            early,
            Err("a token that is not valid yet".to_owned()),
            "{nbf}"
        );
    }
}

#[tokio::test]
async fn the_leeway_is_an_option() {
    let strict = bearer()
        .hs256(SECRET)
        .leeway(Duration::ZERO)
        .build()
        .unwrap();
    assert!(
        user(&strict, &token(&ann_with("exp", NOW + 1)))
            .await
            .is_ok()
    );
    assert!(user(&strict, &token(&ann_with("exp", NOW))).await.is_err());
    assert!(user(&strict, &token(&ann_with("nbf", NOW))).await.is_ok());
    assert!(
        user(&strict, &token(&ann_with("nbf", NOW + 1)))
            .await
            .is_err()
    );

    let endless = bearer()
        .hs256(SECRET)
        .leeway(Duration::MAX)
        .build()
        .unwrap();
    assert!(user(&endless, &token(&ann_with("exp", 0))).await.is_ok());
}

#[test]
fn an_expiration_is_required() {
    for claims in [ann_without("exp"), ann_with("exp", Value::Null)] {
        rejected(&hs256(), &token(&claims), "a token without `exp`");
    }
}

#[test]
fn a_malformed_time_is_rejected() {
    let later = NOW + 3600;
    for (name, reason) in [
        ("exp", "a token with a malformed `exp`"),
        ("nbf", "a token with a malformed `nbf`"),
    ] {
        for value in [
            json!(later.to_string()),
            json!([later]),
            json!({"exp": later}),
            json!(true),
            json!(""),
            json!(-1),
            json!(-1.5),
            json!(1e30),
            json!(u64::MAX),
            json!(253_402_300_800_u64),
        ] {
            rejected(&hs256(), &token(&ann_with(name, value)), reason);
        }
        // What serde_json would not write.
        for value in ["1e400", "-0.5", "99999999999999999999"] {
            let claims = format!(
                r#"{{"iss":"issuer","aud":"chat","{name}":{value}{}}}"#,
                if name == "exp" {
                    ""
                } else {
                    r#","exp":1800003600"#
                },
            );
            let token = token_of(&claims);
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            let refused = runtime.block_on(user(&hs256(), &token));
            assert!(refused.is_err(), "{claims}");
        }
    }
}

/// RFC 7519, section 2: "non-integer values can be represented".
#[tokio::test]
async fn a_time_may_have_a_fraction() {
    let exp = NOW as f64 - 59.5;
    let ann = user(&hs256(), &token(&ann_with("exp", exp))).await;
    assert_eq!(
        ann,
        Err("an expired token".to_owned()),
        "it is rounded down"
    );
    let claims = r#"{"iss":"issuer","aud":"chat","exp":1.8000036e9}"#;
    let ann = user(&hs256(), &token_of(claims)).await.unwrap();
    let expires = UNIX_EPOCH + Duration::from_secs(NOW + 3600);
    assert_eq!(ann.expires(), Some(expires));
}

#[tokio::test]
async fn the_systems_clock_is_the_default() {
    let bearer = hubwire::auth::jwt::JwtBearer::builder()
        .hs256(SECRET)
        .build()
        .unwrap();
    let good = token(&json!({"exp": 253_402_300_799_u64}));
    assert!(user(&bearer, &good).await.is_ok());
    let expired = user(&bearer, &token(&json!({"exp": 1_700_000_000}))).await;
    assert_eq!(expired, Err("an expired token".to_owned()));
}
