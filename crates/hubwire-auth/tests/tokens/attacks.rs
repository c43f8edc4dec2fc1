//! Tokens that somebody has made up.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use hubwire::auth::jwt::JwtKey;
use serde_json::{Value, json};

use crate::signing::{RSA_ONE_PUBLIC, SECRET, Signing, ann, bearer, der, hs256, rejected, user};

const MALFORMED: &str = "a token that is not three parts of base64url";
const HEADER: &str =
    "a token with a header that is malformed, or with an algorithm that is not supported";
const CRITICAL: &str = "a token with critical header parameters, or an unencoded payload";
const ALGORITHM: &str = "a token of an algorithm that no key is for";
const UNKNOWN_KEY: &str = "a token that names an unknown key";
const SIGNATURE: &str = "a token with a wrong signature";

fn secret() -> Signing {
    Signing::hmac("HS256", SECRET)
}

#[test]
fn what_is_no_token_is_rejected() {
    let bearer = hs256();
    let token = secret().token(&ann());
    let three_dots = format!("{token}.");
    let encrypted = format!("{token}.AAAA.AAAA");
    let in_front = format!(" {token}");
    let line = format!("{token}\n");
    let unicode = token.replace('.', "\u{ff0e}");
    let umlaut = format!("{token}ä");
    let plus = format!("{token}+/==");
    for text in [
        "",
        " ",
        ".",
        "..",
        "...",
        "a",
        "a.b",
        "a.b.c",
        "\0.\0.\0",
        "🦀.🦀.🦀",
        "null",
        "{}",
        &three_dots,
        &encrypted,
        &in_front,
        &line,
        &unicode,
        &umlaut,
        &plus,
    ] {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let reason = runtime.block_on(user(&bearer, text)).unwrap_err();
        assert!(
            [MALFORMED, HEADER].contains(&&*reason),
            "{text:?}: {reason}"
        );
    }
}

#[test]
fn there_is_no_algorithm_none() {
    let [claims, empty] = [ann().to_string(), String::new()];
    for name in [
        "none", "None", "NONE", "nOnE", "", "hs256", "HS256 ", "HS1", "ES512", "dir",
    ] {
        let header = json!({"alg": name, "typ": "JWT"}).to_string();
        let [header, claims] = [&header, &claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        for signature in [&empty, &claims] {
            rejected(&hs256(), &format!("{header}.{claims}.{signature}"), HEADER);
        }
        let signed = secret().token_with(&json!({"alg": name}), &ann());
        rejected(&hs256(), &signed, HEADER);
    }
}

#[test]
fn a_token_needs_its_whole_signature() {
    let token = secret().token(&ann());
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let shorter = &signature[..signature.len() - 3];
    let other = Signing::hmac("HS256", &[7; 64]).token(&ann());
    let (_, other) = other.rsplit_once('.').unwrap();
    for signature in ["", "AAAA", shorter, other] {
        rejected(&hs256(), &format!("{signed}.{signature}"), SIGNATURE);
    }
    // The claims of one token with the signature of another.
    let admin = secret().token(&json!({"sub": "admin"}));
    let (admin, _) = admin.rsplit_once('.').unwrap();
    rejected(&hs256(), &format!("{admin}.{signature}"), SIGNATURE);
}

/// RFC 8725, section 2.1: a server that lets the token choose takes the public key for a secret.
#[test]
fn a_public_key_is_no_secret() {
    let rsa = Signing::rsa("RS256");
    let from_jwk = JwtKey::jwk(jwk(&rsa).to_string()).unwrap();
    let from_pem = JwtKey::pem(RSA_ONE_PUBLIC).unwrap();
    for key in [from_jwk, from_pem, rsa.verifier()] {
        let bearer = bearer().key(key).build().unwrap();
        let spki = der(RSA_ONE_PUBLIC);
        let modulus = URL_SAFE_NO_PAD.decode(jwk(&rsa)["n"].as_str().unwrap());
        for secret in [
            RSA_ONE_PUBLIC.as_bytes(),
            RSA_ONE_PUBLIC.trim().as_bytes(),
            &spki,
            STANDARD.encode(&spki).as_bytes(),
            &rsa.public_key(),
            &modulus.unwrap(),
            jwk(&rsa)["n"].as_str().unwrap().as_bytes(),
            b"",
        ] {
            for algorithm in ["HS256", "HS384", "HS512"] {
                let forged = Signing::hmac(algorithm, secret).token(&ann());
                rejected(&bearer, &forged, ALGORITHM);
            }
        }
    }
}

/// Returns an RSA key in JSON.
fn jwk(signing: &Signing) -> Value {
    let [n, e] = signing
        .components()
        .map(|part| URL_SAFE_NO_PAD.encode(part));
    json!({"kty": "RSA", "n": n, "e": e})
}

#[test]
fn the_key_of_a_token_is_not_the_tokens_choice() {
    let bearer = bearer().pem(RSA_ONE_PUBLIC).build().unwrap();
    let mallory = Signing::other_rsa("RS256");
    for (name, value) in [
        ("jwk", jwk(&mallory)),
        ("jku", json!("http://127.0.0.1:1/keys")),
        ("x5u", json!("http://127.0.0.1:1/certificate")),
        ("x5c", json!([STANDARD.encode(mallory.public_key())])),
        ("kid", json!("http://127.0.0.1:1/keys")),
    ] {
        let header = json!({"alg": "RS256", name: value});
        rejected(&bearer, &mallory.token_with(&header, &ann()), SIGNATURE);
    }
}

#[test]
fn a_key_id_is_only_compared() {
    let key = JwtKey::hs256(SECRET).unwrap().with_key_id("one");
    let bearer = bearer().key(key).build().unwrap();
    for key_id in [
        "../../../../dev/null",
        "/dev/null",
        "file:///dev/null",
        "http://127.0.0.1:1/",
        "' OR '1'='1",
        "one' --",
        "one\0",
        "One",
        "",
    ] {
        for secret in [&[] as &[u8], b"\0", SECRET] {
            let header = json!({"alg": "HS256", "kid": key_id});
            let forged = Signing::hmac("HS256", secret).token_with(&header, &ann());
            rejected(&bearer, &forged, UNKNOWN_KEY);
        }
    }
    for key_id in [json!(1), json!(["one"]), json!({"one": 1}), json!(true)] {
        let forged = secret().token_with(&json!({"alg": "HS256", "kid": key_id}), &ann());
        rejected(&bearer, &forged, HEADER);
    }
}

#[test]
fn what_is_critical_must_be_known() {
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("crit", json!(["b64"])),
        ("crit", json!(["http://example.com/UNDEFINED"])),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("b64", json!("false")),
    ] {
        let header = json!({"alg": "HS256", name: value});
        rejected(&hs256(), &secret().token_with(&header, &ann()), CRITICAL);
    }
    let header = json!({"alg": "HS256", "crit": "exp"});
    rejected(&hs256(), &secret().token_with(&header, &ann()), HEADER);
}

#[test]
fn a_header_is_an_object_with_one_algorithm() {
    for header in [
        r#"{"typ":"JWT"}"#,
        r#"{"alg":"HS256","alg":"none"}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":null}"#,
        r#"{"alg":"HS256""#,
        r#"{"alg":"HS256"} {}"#,
        r#""HS256""#,
        "[]",
        "",
    ] {
        let token = secret().token_of(header, &ann().to_string());
        rejected(&hs256(), &token, HEADER);
    }
}

/// One token must not have several forms: a list of revoked ones would miss it.
#[test]
fn base64url_has_one_form() {
    let token = secret().token(&ann());
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    rejected(
        &hs256(),
        &format!("{signed}.{}", URL_SAFE.encode(&bytes)),
        MALFORMED,
    );

    // 32 bytes leave two bits of the last digit unused.
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = digits.find(signature.chars().last().unwrap()).unwrap();
    let (rest, _) = signature.split_at(signature.len() - 1);
    let alias = &digits[last + 1..last + 2];
    rejected(&hs256(), &format!("{signed}.{rest}{alias}"), MALFORMED);

    let spaced = format!("{signed}.{} {}", &signature[..4], &signature[4..]);
    rejected(&hs256(), &spaced, MALFORMED);
}

#[tokio::test]
async fn a_long_token_is_rejected_before_it_is_decoded() {
    let filler = "x".repeat(100 * 1024);
    let long = secret().token(&json!({"filler": filler}));
    let reason = "a token of more than 16384 bytes";
    assert_eq!(user(&hs256(), &long).await, Err(reason.to_owned()));
    let garbage = ".".repeat(100 * 1024);
    assert_eq!(user(&hs256(), &garbage).await, Err(reason.to_owned()));

    let token = secret().token(&ann());
    let bearer = |size| bearer().hs256(SECRET).maximum_token_size(size).build();
    assert!(user(&bearer(token.len()).unwrap(), &token).await.is_ok());
    let refused = user(&bearer(token.len() - 1).unwrap(), &token).await;
    assert!(refused.unwrap_err().starts_with("a token of more than"));
}

#[test]
fn a_token_within_a_token_is_none() {
    let inner = secret().token(&ann());
    let header = r#"{"alg":"HS256","cty":"JWT"}"#;
    let reason = "a token with claims that are not a JSON object with unique names";
    rejected(&hs256(), &secret().token_of(header, &inner), reason);
}
