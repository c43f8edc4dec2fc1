//! What becomes of claims.

use serde_json::{Value, json};

use crate::signing::{NOW, SECRET, Signing, ann_with, hs256, rejected, user};

const CLAIMS: &str = "a token with claims that are not a JSON object with unique names";
const TOO_MANY: &str = "a token with more claims than can be kept";

fn token(claims: &Value) -> String {
    Signing::hmac("HS256", SECRET).token(claims)
}

fn token_of(claims: &str) -> String {
    Signing::hmac("HS256", SECRET).token_of(r#"{"alg":"HS256"}"#, claims)
}

#[tokio::test]
async fn each_value_is_a_claim() {
    let claims = r#"{"iss":"issuer","aud":["chat","shop"],"exp":1800003600,
        "sub":"ann","name":"Ann \u00c4. \ud83e\udd80","role":["Staff","Admin"],"roles":[],
        "age":42,"height":1.70,"big":12345678901234567890123,"email_verified":true,"nothing":null,
        "address":{"city": "Bern"},"mixed":["a",1,false,null,{"b":2},[3]]}"#;
    let ann = user(&hs256(), &token_of(claims)).await.unwrap();
    let claims: Vec<_> = ann.all_claims().collect();
    assert_eq!(
        claims,
        [
            ("iss", "issuer"),
            ("aud", "chat"),
            ("aud", "shop"),
            ("exp", "1800003600"),
            ("sub", "ann"),
            ("name", "Ann Ä. 🦀"),
            ("role", "Staff"),
            ("role", "Admin"),
            ("age", "42"),
            ("height", "1.70"),
            ("big", "12345678901234567890123"),
            ("email_verified", "true"),
            ("address", r#"{"city": "Bern"}"#),
            ("mixed", "a"),
            ("mixed", "1"),
            ("mixed", "false"),
            ("mixed", r#"{"b":2}"#),
            ("mixed", "[3]"),
        ]
    );
    assert!(ann.is_in_role("Admin"));
    assert_eq!(ann.name_identifier(), Some("ann"));
}

/// Otherwise, all users of an issuer that makes a mistake would be one user.
#[tokio::test]
async fn a_subject_names_one_user() {
    let token = |sub: &str| {
        token_of(&format!(
            r#"{{"iss":"issuer","aud":"chat","exp":1800003600,"sub":{sub}}}"#
        ))
    };
    for (sub, name) in [(r#""ann""#, Some("ann")), ("7", Some("7")), ("null", None)] {
        let user = user(&hs256(), &token(sub)).await.unwrap();
        assert_eq!(user.name_identifier(), name);
    }
    for sub in [r#""""#, "[]", r#"["ann","bob"]"#, "{}", "true"] {
        let error = user(&hs256(), &token(sub)).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "a token whose `sub` or name identifier is no text or number, or empty"
        );
    }
}

/// .NET's claim for the same goes before `sub` ([`hubwire::NAME_IDENTIFIER`]).
#[tokio::test]
async fn a_name_identifier_names_one_user() {
    let token = |name: &str| {
        let kind = hubwire::NAME_IDENTIFIER;
        token_of(&format!(
            r#"{{"iss":"issuer","aud":"chat","exp":1800003600,"sub":"ann","{kind}":{name}}}"#
        ))
    };
    let named = user(&hs256(), &token(r#""bob""#)).await.unwrap();
    assert_eq!(named.name_identifier(), Some("bob"));
    for name in [r#""""#, "[]", r#"["bob","ann"]"#, "{}", "true"] {
        let read = user(&hs256(), &token(name)).await;
        assert!(
            read.is_err(),
            "{name} is the user {:?}",
            read.unwrap().name_identifier()
        );
    }
}

#[test]
fn claims_are_an_object_with_unique_names() {
    for claims in [
        "",
        "null",
        "[]",
        "1",
        "\"claims\"",
        "{",
        "{}{}",
        "{'exp':1}",
        "\u{feff}{}",
        r#"{"exp":1800003600,"exp":1900000000}"#,
        r#"{"iss":"mallory","exp":1800003600,"aud":"chat","iss":"issuer"}"#,
        r#"{"iss":"issuer","\u0069ss":"issuer"}"#,
    ] {
        rejected(&hs256(), &token_of(claims), CLAIMS);
    }
    let invalid_utf8 = [b"{\"sub\":\"".as_slice(), &[0xff], b"\"}"].concat();
    let signing = Signing::hmac("HS256", SECRET);
    rejected(
        &hs256(),
        &signing.token_of_bytes(br#"{"alg":"HS256"}"#, &invalid_utf8),
        CLAIMS,
    );
}

/// What is in lists and objects is not looked at.
#[tokio::test]
async fn a_deep_value_is_its_text() {
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let claims = format!(r#"{{"iss":"issuer","aud":"chat","exp":1800003600,"deep":[{deep}]}}"#);
    let ann = user(&hs256(), &token_of(&claims)).await.unwrap();
    assert_eq!(ann.claim("deep"), Some(&*deep));
}

#[tokio::test]
async fn a_user_has_a_limited_number_of_claims() {
    let with_roles = |number: usize| token(&ann_with("role", vec!["r"; number]));
    let ann = user(&hs256(), &with_roles(996)).await.unwrap();
    assert_eq!(ann.all_claims().count(), 1_000);
    assert_eq!(
        user(&hs256(), &with_roles(997)).await,
        Err(TOO_MANY.to_owned())
    );

    let mut claims = json!({"iss": "issuer", "aud": "chat", "exp": NOW + 1});
    for number in 0..998 {
        claims[format!("{number}")] = json!(null);
    }
    assert_eq!(
        user(&hs256(), &token(&claims)).await,
        Err(CLAIMS.to_owned())
    );
}

/// Each value of a list is a claim with the name of the list.
#[tokio::test]
async fn a_long_name_with_many_values_is_too_much() {
    let name = "n".repeat(4_000);
    let refused = user(&hs256(), &token(&ann_with(&name, vec![1; 17]))).await;
    assert_eq!(refused, Err(TOO_MANY.to_owned()));
    assert!(
        user(&hs256(), &token(&ann_with(&name, vec![1; 15])))
            .await
            .is_ok()
    );
}
