//! Keys in each of their forms.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hubwire::auth::jwt::{JwtBearer, JwtConfigurationError, JwtKey, JwtSigner};
use serde_json::{Value, json};

use crate::signing::{RSA_ONE_PUBLIC, RSA_TWO_PUBLIC, SECRET, Signing, ann, bearer, user};

const RSA_1024: &str = include_str!("../keys/rsa-1024.public.pem");
const PRIVATE: &str = include_str!("../keys/rsa-one.private.test.pem");

/// Asserts that a key verifies what its other half signs.
async fn verifies(key: JwtKey, signing: &Signing) {
    let bearer = bearer().key(key).build().unwrap();
    let user = user(&bearer, &signing.token(&ann())).await;
    assert!(user.is_ok(), "{}: {user:?}", signing.algorithm);
}

fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Returns the public key in JSON.
fn jwk(signing: &Signing) -> Value {
    let key = signing.public_key();
    match signing.algorithm {
        "ES256" => {
            let (x, y) = key[1..].split_at(32);
            json!({"kty": "EC", "crv": "P-256", "x": base64url(x), "y": base64url(y)})
        }
        "ES384" => {
            let (x, y) = key[1..].split_at(48);
            json!({"kty": "EC", "crv": "P-384", "x": base64url(x), "y": base64url(y)})
        }
        "EdDSA" => json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(&key)}),
        _ => {
            let [n, e] = signing.components();
            json!({"kty": "RSA", "n": base64url(&n), "e": base64url(&e)})
        }
    }
}

fn with(mut jwk: Value, name: &str, value: impl Into<Value>) -> Value {
    jwk[name] = value.into();
    jwk
}

fn fault_of_jwk(jwk: &Value) -> JwtConfigurationError {
    JwtKey::jwk(jwk.to_string()).unwrap_err()
}

#[tokio::test]
async fn each_form_of_a_public_key_is_read() {
    let rsa = Signing::rsa("PS256");
    verifies(JwtKey::pem(RSA_ONE_PUBLIC).unwrap(), &rsa).await;
    let pkcs1 = pem("RSA PUBLIC KEY", &rsa.public_key());
    verifies(JwtKey::pem(pkcs1).unwrap(), &rsa).await;
    verifies(JwtKey::der(rsa.public_key()).unwrap(), &rsa).await;
    let spki = crate::signing::der(RSA_ONE_PUBLIC);
    verifies(JwtKey::der(spki).unwrap(), &rsa).await;
    for signing in [
        Signing::ecdsa("ES256"),
        Signing::ecdsa("ES384"),
        Signing::ed25519(),
    ] {
        let der = signing.subject_public_key_info();
        verifies(JwtKey::pem(pem("PUBLIC KEY", &der)).unwrap(), &signing).await;
        verifies(JwtKey::der(der).unwrap(), &signing).await;
        verifies(JwtKey::jwk(jwk(&signing).to_string()).unwrap(), &signing).await;
    }
    verifies(JwtKey::jwk(jwk(&rsa).to_string()).unwrap(), &rsa).await;
}

#[tokio::test]
async fn a_certificate_has_a_public_key() {
    let pair = rcgen::KeyPair::generate().unwrap();
    let parameters = rcgen::CertificateParams::new(vec!["issuer".to_owned()]).unwrap();
    let certificate = parameters.self_signed(&pair).unwrap();
    let signing = Signing::p256(&pair.serialize_der());
    verifies(
        JwtKey::pem(pem("CERTIFICATE", certificate.der())).unwrap(),
        &signing,
    )
    .await;
}

#[test]
fn short_secrets_are_refused() {
    let too_short =
        |key: Result<JwtKey, _>| matches!(key, Err(JwtConfigurationError::ShortSecret { .. }));
    for length in [0, 1, 31] {
        assert!(too_short(JwtKey::hs256(&SECRET[..length])));
    }
    assert!(JwtKey::hs256(&SECRET[..32]).is_ok());
    assert!(too_short(JwtKey::hs384(&SECRET[..47])));
    assert!(JwtKey::hs384(&SECRET[..48]).is_ok());
    assert!(too_short(JwtKey::hs512(&SECRET[..63])));
    assert!(JwtKey::hs512(SECRET).is_ok());
    assert!(JwtSigner::hs256(&SECRET[..31]).is_err());

    let error = JwtBearer::builder()
        .hs256("hunter2")
        .pem("x")
        .build()
        .unwrap_err();
    let text = "a secret of 7 bytes is too short for HS256, which needs 32";
    assert_eq!(error.to_string(), text, "the first fault is told");
}

#[test]
fn weak_foreign_and_private_keys_are_refused() {
    use JwtConfigurationError::{MalformedKey, PrivateKey, RsaSize};
    assert_eq!(JwtKey::pem(RSA_1024).unwrap_err(), RsaSize { bits: 1024 });
    assert_eq!(JwtKey::pem(PRIVATE).unwrap_err(), PrivateKey);
    assert_eq!(
        JwtKey::der(crate::signing::der(PRIVATE)).unwrap_err(),
        MalformedKey
    );
    for text in [
        "",
        "key",
        RSA_ONE_PUBLIC.trim_end_matches("-----\n"),
        "-----BEGIN PUBLIC KEY-----",
    ] {
        assert_eq!(JwtKey::pem(text).unwrap_err(), MalformedKey, "{text}");
    }
    for der in [
        &[] as &[u8],
        &[0x30],
        &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
        &[0x30, 0x80, 0, 0],
    ] {
        assert_eq!(JwtKey::der(der).unwrap_err(), MalformedKey, "{der:?}");
    }
    assert_eq!(
        JwtBearer::builder().build().unwrap_err(),
        JwtConfigurationError::NoKeys
    );
}

#[tokio::test]
async fn the_algorithm_of_a_jwk_is_the_only_one() {
    let key = with(jwk(&Signing::rsa("RS256")), "alg", "RS256");
    let key = JwtKey::jwk(key.to_string()).unwrap();
    verifies(key.clone(), &Signing::rsa("RS256")).await;
    let bearer = bearer().key(key).build().unwrap();
    for algorithm in ["RS384", "RS512", "PS256", "PS384", "PS512"] {
        let token = Signing::rsa(algorithm).token(&ann());
        let refused = user(&bearer, &token).await;
        assert_eq!(
            refused,
            Err("a token of an algorithm that no key is for".to_owned())
        );
    }
}

#[test]
fn keys_for_something_else_are_refused() {
    use JwtConfigurationError::{MalformedKey, NotForSignatures, OtherAlgorithm, PrivateKey};
    let rsa = jwk(&Signing::rsa("RS256"));
    let p256 = jwk(&Signing::ecdsa("ES256"));
    for (name, value) in [
        ("use", json!("enc")),
        ("use", json!("other")),
        ("key_ops", json!(["encrypt"])),
        ("key_ops", json!([])),
        ("alg", json!("RSA-OAEP")),
        ("alg", json!("ES512")),
        ("alg", json!("none")),
    ] {
        assert_eq!(
            fault_of_jwk(&with(rsa.clone(), name, value)),
            NotForSignatures,
            "{name}"
        );
    }
    for algorithm in ["HS256", "ES256", "EdDSA"] {
        let fault = fault_of_jwk(&with(rsa.clone(), "alg", algorithm));
        assert!(matches!(fault, OtherAlgorithm { .. }), "{fault}");
    }
    assert_eq!(fault_of_jwk(&with(rsa.clone(), "d", "AQAB")), PrivateKey);
    for curve in ["P-384", "P-521", "secp256k1", "Ed25519"] {
        assert_eq!(
            fault_of_jwk(&with(p256.clone(), "crv", curve)),
            MalformedKey,
            "{curve}"
        );
    }
    for kind in ["oct", "OKP", "AKP", "rsa", ""] {
        assert_eq!(
            fault_of_jwk(&with(rsa.clone(), "kty", kind)),
            MalformedKey,
            "{kind}"
        );
    }
    for json in [
        "",
        "null",
        "{}",
        "[]",
        "1",
        r#"{"kty":"RSA"}"#,
        r#"{"kty":"RSA","n":"","e":""}"#,
    ] {
        assert_eq!(JwtKey::jwk(json).unwrap_err(), MalformedKey, "{json}");
    }
}

#[tokio::test]
async fn a_secret_may_be_a_jwk_in_configuration() {
    let jwk = json!({"kty": "oct", "k": base64url(&SECRET[..48])});
    let key = JwtKey::jwk(jwk.to_string()).unwrap();
    verifies(key.clone(), &Signing::hmac("HS256", &SECRET[..48])).await;
    let bearer = bearer().key(key).build().unwrap();
    let longer = Signing::hmac("HS512", &SECRET[..48]).token(&ann());
    let refused = user(&bearer, &longer).await;
    assert_eq!(
        refused,
        Err("a token of an algorithm that no key is for".to_owned())
    );

    let fault = fault_of_jwk(&json!({"kty": "oct", "k": base64url(&SECRET[..31])}));
    let text = "a secret of 31 bytes is too short for HS256, which needs 32";
    assert_eq!(fault.to_string(), text);
}

#[tokio::test]
async fn a_leading_zero_of_a_modulus_does_not_count() {
    let rsa = Signing::rsa("RS256");
    let [n, e] = rsa.components();
    let jwk = json!({"kty": "RSA", "n": base64url(&[&[0], &*n].concat()), "e": base64url(&e)});
    verifies(JwtKey::jwk(jwk.to_string()).unwrap(), &rsa).await;
}

#[tokio::test]
async fn a_set_is_what_can_be_used_of_it() {
    let one = with(jwk(&Signing::rsa("RS256")), "kid", "one");
    let for_encryption = with(
        with(jwk(&Signing::other_rsa("RS256")), "use", "enc"),
        "kid",
        "two",
    );
    let set = json!({"keys": [1, null, {"kty": "new"}, for_encryption, one], "more": {}});
    let bearer = bearer().jwk_set(set.to_string()).build().unwrap();
    let token = |signing: Signing, key_id: &str| {
        signing.token_with(&json!({"alg": "RS256", "kid": key_id}), &ann())
    };
    assert!(
        user(&bearer, &token(Signing::rsa("RS256"), "one"))
            .await
            .is_ok()
    );
    let unknown = user(&bearer, &token(Signing::other_rsa("RS256"), "two")).await;
    assert_eq!(unknown, Err("a token that names an unknown key".to_owned()));

    let keys = vec![json!({"kty": "RSA"}); 101];
    for set in [
        "",
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        &json!({"keys": keys}).to_string(),
    ] {
        let fault = JwtBearer::builder().jwk_set(set).build().unwrap_err();
        assert_eq!(fault, JwtConfigurationError::MalformedKeySet, "{set}");
    }
    let fault = JwtBearer::builder()
        .jwk_set(r#"{"keys":[]}"#)
        .build()
        .unwrap_err();
    assert_eq!(fault, JwtConfigurationError::NoKeys);
}

#[tokio::test]
async fn a_token_without_a_key_id_is_tried_with_all_keys() {
    let one = JwtKey::pem(RSA_ONE_PUBLIC).unwrap().with_key_id("one");
    let two = JwtKey::pem(RSA_TWO_PUBLIC).unwrap().with_key_id("two");
    let bearer = bearer().key(one).key(two).build().unwrap();
    for signing in [Signing::rsa("RS256"), Signing::other_rsa("PS512")] {
        assert!(user(&bearer, &signing.token(&ann())).await.is_ok());
    }
    let header = json!({"alg": "RS256", "kid": "two"});
    let other_key = Signing::rsa("RS256").token_with(&header, &ann());
    let refused = user(&bearer, &other_key).await;
    assert_eq!(refused, Err("a token with a wrong signature".to_owned()));
}

#[test]
fn no_key_is_shown() {
    let builder = JwtBearer::builder().hs256(SECRET);
    let shown = format!("{builder:?}");
    assert!(
        !shown.contains("cdef") && !shown.contains("99, 100, 101"),
        "{shown}"
    );
    let shown = format!("{:?}", builder.build().unwrap());
    assert!(
        !shown.contains("cdef") && !shown.contains("99, 100, 101"),
        "{shown}"
    );
}

#[tokio::test]
async fn tokens_of_our_own_are_good() {
    let token = JwtSigner::hs256(SECRET).unwrap().sign(&ann()).unwrap();
    assert!(user(&crate::signing::hs256(), &token).await.is_ok());
    let short = JwtSigner::hs256(&SECRET[..32])
        .unwrap()
        .sign(&ann())
        .unwrap();
    let bearer = bearer().hs256(SECRET).build().unwrap();
    let refused = user(&bearer, &short).await;
    assert_eq!(refused, Err("a token with a wrong signature".to_owned()));
}
