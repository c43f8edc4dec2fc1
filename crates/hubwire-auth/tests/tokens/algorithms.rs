//! Each algorithm, with real keys.

use hubwire::auth::jwt::{Algorithm, JwtKey};

use crate::signing::{SECRET, Signing, ann, bearer, rejected, user};

/// One for each algorithm.
fn each() -> Vec<Signing> {
    let mut each = vec![
        Signing::ecdsa("ES256"),
        Signing::ecdsa("ES384"),
        Signing::ed25519(),
    ];
    each.extend(["HS256", "HS384", "HS512"].map(|it| Signing::hmac(it, SECRET)));
    each.extend(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].map(Signing::rsa));
    each
}

#[tokio::test]
async fn each_algorithm_signs_users_in() {
    for signing in each() {
        let bearer = bearer().key(signing.verifier()).build().unwrap();
        let ann = user(&bearer, &signing.token(&ann())).await;
        let name = ann.as_ref().map(|ann| ann.claim("sub"));
        assert_eq!(name, Ok(Some("ann")), "{}", signing.algorithm);
    }
}

#[test]
fn no_algorithm_verifies_with_the_key_of_another() {
    for signing in each() {
        for other in each() {
            let same_kind = |it: &Signing| matches!(&it.algorithm[..2], "RS" | "PS");
            if other.algorithm == signing.algorithm || same_kind(&signing) && same_kind(&other) {
                continue;
            }
            let bearer = bearer().key(other.verifier()).build().unwrap();
            let token = signing.token(&ann());
            rejected(
                &bearer,
                &token,
                "a token of an algorithm that no key is for",
            );
        }
    }
}

#[test]
fn a_key_may_be_for_fewer_algorithms_than_its_kind() {
    let key = Signing::rsa("RS256").verifier();
    let key = key.with_algorithms([Algorithm::Ps256]).unwrap();
    let bearer = bearer().key(key).build().unwrap();
    let token = Signing::rsa("RS256").token(&ann());
    rejected(
        &bearer,
        &token,
        "a token of an algorithm that no key is for",
    );

    let error = JwtKey::hs256(SECRET).unwrap();
    let error = error.with_algorithms([Algorithm::Hs512]).unwrap_err();
    assert_eq!(error.to_string(), "a key that cannot be for HS512");
}
