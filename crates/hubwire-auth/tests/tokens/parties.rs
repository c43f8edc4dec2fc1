//! Who tokens are from, and for whom.

use hubwire::auth::jwt::JwtBearer;
use serde_json::{Value, json};

use crate::signing::{SECRET, Signing, ann, ann_with, ann_without, bearer, hs256, rejected, user};

fn token(claims: &Value) -> String {
    Signing::hmac("HS256", SECRET).token(claims)
}

#[test]
fn another_issuer_is_rejected() {
    for claims in [ann_without("iss"), ann_with("iss", Value::Null)] {
        rejected(&hs256(), &token(&claims), "a token without `iss`");
    }
    // A list is no issuer, even if it contains the right one.
    for issuer in [
        json!("Issuer"),
        json!("issuer/"),
        json!(" issuer"),
        json!(""),
        json!(["issuer"]),
        json!({"issuer": 1}),
        json!(1),
        json!(true),
    ] {
        let token = token(&ann_with("iss", issuer));
        rejected(&hs256(), &token, "a token of another issuer");
    }
}

#[test]
fn another_audience_is_rejected() {
    for claims in [ann_without("aud"), ann_with("aud", Value::Null)] {
        rejected(&hs256(), &token(&claims), "a token without `aud`");
    }
    for audience in [
        json!("Chat"),
        json!("chat "),
        json!(""),
        json!([]),
        json!(["shop"]),
        json!(["chat", 1]),
        json!([["chat"]]),
        json!({"chat": 1}),
        json!(1),
        json!(true),
    ] {
        let token = token(&ann_with("aud", audience));
        rejected(&hs256(), &token, "a token for another audience");
    }
}

#[tokio::test]
async fn one_of_several_audiences_is_enough() {
    let token_for_several = token(&ann_with("aud", json!(["shop", "chat"])));
    assert!(user(&hs256(), &token_for_several).await.is_ok());

    let bearer = bearer().hs256(SECRET).audience("api").issuer("another");
    let bearer = bearer.build().unwrap();
    assert!(user(&bearer, &token(&ann())).await.is_ok());
    assert!(user(&bearer, &token(&ann_with("aud", "api"))).await.is_ok());
    assert!(
        user(&bearer, &token(&ann_with("iss", "another")))
            .await
            .is_ok()
    );
}

/// RFC 7519, section 4.1.3.
#[tokio::test]
async fn a_token_for_somebody_is_not_for_a_server_without_a_name() {
    let exp = 253_402_300_799_u64;
    let nameless = JwtBearer::builder().hs256(SECRET).build().unwrap();
    let anybody = JwtBearer::builder().hs256(SECRET).any_audience().build();
    let anybody = anybody.unwrap();
    let for_chat = token(&json!({"aud": "chat", "exp": exp}));
    let for_nobody = token(&json!({"exp": exp}));

    let refused = user(&nameless, &for_chat).await.unwrap_err();
    assert_eq!(
        refused,
        "a token with an `aud`, but no audience is configured"
    );
    assert!(user(&nameless, &for_nobody).await.is_ok());
    assert!(user(&anybody, &for_chat).await.is_ok());
    assert!(user(&anybody, &for_nobody).await.is_ok());
}

#[tokio::test]
async fn an_issuer_matters_only_if_one_is_configured() {
    let any = JwtBearer::builder()
        .hs256(SECRET)
        .any_audience()
        .build()
        .unwrap();
    let token = token(&json!({"iss": ["whoever"], "exp": 253_402_300_799_u64}));
    let user = user(&any, &token).await.unwrap();
    assert_eq!(user.claim("iss"), Some("whoever"));
}
