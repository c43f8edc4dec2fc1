//! What holds for any input.

use std::sync::LazyLock;

use hubwire::auth::jwt::{JwtBearer, JwtKey};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::signing::{RSA_ONE_PUBLIC, SECRET, Signing, ann, bearer};

/// Keys of each kind.
static BEARER: LazyLock<JwtBearer> = LazyLock::new(|| {
    let mut bearer = bearer().hs256(SECRET).hs512(SECRET).pem(RSA_ONE_PUBLIC);
    for signing in [
        Signing::ecdsa("ES256"),
        Signing::ecdsa("ES384"),
        Signing::ed25519(),
    ] {
        bearer = bearer.key(signing.verifier());
    }
    bearer.build().unwrap()
});

/// Returns whether somebody is signed in.
fn is_good(token: &str) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(BEARER.validate(token)).is_ok()
}

proptest! {
    #[test]
    fn nobody_guesses_a_token(bytes in vec(any::<u8>(), 0..300)) {
        prop_assert!(!is_good(&String::from_utf8_lossy(&bytes)));
    }

    #[test]
    fn three_parts_of_anything_are_no_token(
        header in "(\\{\"alg\":\"(HS256|RS256|PS512|ES256|ES384|EdDSA|none)\"(,\"kid\":\".{0,5}\")?\\}|.{0,40})",
        claims in ".{0,80}",
        signature in vec(any::<u8>(), 0..300),
    ) {
        use base64::Engine;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
        let [header, claims] = [header, claims].map(|part| BASE64.encode(part));
        let token = [header, claims, BASE64.encode(signature)].join(".");
        prop_assert!(!is_good(&token));
    }

    #[test]
    fn a_token_with_a_changed_character_is_not_good(at in any::<prop::sample::Index>(), to in any::<char>()) {
        let token = Signing::hmac("HS256", SECRET).token(&ann());
        prop_assert!(is_good(&token));
        let at = at.index(token.len());
        let changed = format!("{}{to}{}", &token[..at], &token[at + 1..]);
        prop_assert_eq!(is_good(&changed), changed == token);
    }

    /// Claims that the issuer has signed may be anything, too.
    #[test]
    fn no_claims_cause_a_panic(claims in "\\{(\"(exp|nbf|iss|aud|role)\":([0-9.eE+-]{1,12}|\"[^\"]{0,5}\"|\\[1,\"a\"\\]|null)){0,1}\\}|.{0,60}") {
        is_good(&Signing::hmac("HS256", SECRET).token_of(r#"{"alg":"HS256"}"#, &claims));
    }

    #[test]
    fn no_key_causes_a_panic(bytes in vec(any::<u8>(), 0..300), text in ".{0,300}") {
        let _ = (JwtKey::der(&bytes), JwtKey::pem(&bytes), JwtKey::jwk(&bytes));
        let _ = (JwtKey::pem(&text), JwtKey::jwk(&text));
        let _ = JwtBearer::builder().jwk_set(&text).build();
    }
}
