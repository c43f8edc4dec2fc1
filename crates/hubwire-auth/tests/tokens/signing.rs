//! Signs tokens of any kind, good or not.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hubwire::Principal;
use hubwire::auth::jwt::{JwtBearer, JwtBearerBuilder, JwtKey};
use ring::rand::SystemRandom;
use ring::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair, RsaPublicKeyComponents};
use ring::{hmac, signature};
use serde_json::{Value, json};

/// The time of the tests, in seconds since 1970.
pub(crate) const NOW: u64 = 1_800_000_000;

/// A secret that is long enough for each algorithm.
pub(crate) const SECRET: &[u8; 64] =
    b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

pub(crate) const RSA_ONE_PUBLIC: &str = include_str!("../keys/rsa-one.public.pem");
pub(crate) const RSA_TWO_PUBLIC: &str = include_str!("../keys/rsa-two.public.pem");
const RSA_ONE: &str = include_str!("../keys/rsa-one.private.test.pem");
const RSA_TWO: &str = include_str!("../keys/rsa-two.private.test.pem");

/// What signs a token, with the `alg` that it puts into it.
pub(crate) struct Signing {
    pub(crate) algorithm: &'static str,
    key: Key,
}

enum Key {
    Secret(hmac::Key),
    Rsa(Box<RsaKeyPair>, &'static dyn signature::RsaEncoding),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Signing {
    pub(crate) fn hmac(algorithm: &'static str, secret: &[u8]) -> Self {
        let hash = match algorithm {
            "HS256" => hmac::HMAC_SHA256,
            "HS384" => hmac::HMAC_SHA384,
            "HS512" => hmac::HMAC_SHA512,
            other => panic!("{other} is no HMAC"),
        };
        Self {
            algorithm,
            key: Key::Secret(hmac::Key::new(hash, secret)),
        }
    }

    pub(crate) fn rsa(algorithm: &'static str) -> Self {
        Self::rsa_of(RSA_ONE, algorithm)
    }

    pub(crate) fn other_rsa(algorithm: &'static str) -> Self {
        Self::rsa_of(RSA_TWO, algorithm)
    }

    fn rsa_of(pem: &str, algorithm: &'static str) -> Self {
        let encoding: &'static dyn signature::RsaEncoding = match algorithm {
            "RS256" => &signature::RSA_PKCS1_SHA256,
            "RS384" => &signature::RSA_PKCS1_SHA384,
            "RS512" => &signature::RSA_PKCS1_SHA512,
            "PS256" => &signature::RSA_PSS_SHA256,
            "PS384" => &signature::RSA_PSS_SHA384,
            "PS512" => &signature::RSA_PSS_SHA512,
            other => panic!("{other} is not RSA"),
        };
        let pair = RsaKeyPair::from_pkcs8(&der(pem)).expect("a test key");
        Self {
            algorithm,
            key: Key::Rsa(Box::new(pair), encoding),
        }
    }

    /// Generates a key.
    pub(crate) fn ecdsa(algorithm: &'static str) -> Self {
        let curve = match algorithm {
            "ES256" => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
            "ES384" => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
            other => panic!("{other} is not ECDSA"),
        };
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(curve, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(curve, document.as_ref(), &random).unwrap();
        Self {
            algorithm,
            key: Key::Ecdsa(pair),
        }
    }

    /// Takes a key of P-256 in PKCS #8.
    pub(crate) fn p256(pkcs8: &[u8]) -> Self {
        let curve = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_pkcs8(curve, pkcs8, &SystemRandom::new()).unwrap();
        Self {
            algorithm: "ES256",
            key: Key::Ecdsa(pair),
        }
    }

    /// Generates a key.
    pub(crate) fn ed25519() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        Self {
            algorithm: "EdDSA",
            key: Key::Ed25519(pair),
        }
    }

    /// Returns what verifies the signatures.
    pub(crate) fn verifier(&self) -> JwtKey {
        match (&self.key, self.algorithm) {
            (Key::Secret(_), "HS256") => JwtKey::hs256(SECRET),
            (Key::Secret(_), "HS384") => JwtKey::hs384(SECRET),
            (Key::Secret(_), _) => JwtKey::hs512(SECRET),
            (Key::Rsa(pair, _), _) => JwtKey::der(pair.public_key().as_ref()),
            (Key::Ecdsa(_) | Key::Ed25519(_), _) => JwtKey::der(self.subject_public_key_info()),
        }
        .expect("a good key")
    }

    /// Returns a public key of an elliptic curve in DER.
    pub(crate) fn subject_public_key_info(&self) -> Vec<u8> {
        const P256: &str = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
        const P384: &str = "3076301006072a8648ce3d020106052b81040022036200";
        const ED25519: &str = "302a300506032b6570032100";
        let (prefix, point) = match &self.key {
            Key::Ecdsa(pair) if self.algorithm == "ES256" => (P256, pair.public_key().as_ref()),
            Key::Ecdsa(pair) => (P384, pair.public_key().as_ref()),
            Key::Ed25519(pair) => (ED25519, pair.public_key().as_ref()),
            Key::Secret(_) | Key::Rsa(..) => panic!("no elliptic curve"),
        };
        [&bytes(prefix), point].concat()
    }

    /// Returns the public key of RSA as PKCS #1 has it, or a point.
    pub(crate) fn public_key(&self) -> Vec<u8> {
        match &self.key {
            Key::Rsa(pair, _) => pair.public_key().as_ref().to_vec(),
            Key::Ecdsa(pair) => pair.public_key().as_ref().to_vec(),
            Key::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
            Key::Secret(_) => panic!("a secret"),
        }
    }

    /// Returns the modulus and the exponent of an RSA key.
    pub(crate) fn components(&self) -> [Vec<u8>; 2] {
        let Key::Rsa(pair, _) = &self.key else {
            panic!("not RSA");
        };
        let components = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
        [components.n, components.e]
    }

    /// Returns a token with the usual header.
    pub(crate) fn token(&self, claims: &Value) -> String {
        self.token_with(&json!({"alg": self.algorithm, "typ": "JWT"}), claims)
    }

    /// Returns a token with a header of any kind.
    pub(crate) fn token_with(&self, header: &Value, claims: &Value) -> String {
        self.token_of(&header.to_string(), &claims.to_string())
    }

    /// Returns a token with texts that need not be JSON.
    pub(crate) fn token_of(&self, header: &str, claims: &str) -> String {
        self.token_of_bytes(header.as_bytes(), claims.as_bytes())
    }

    pub(crate) fn token_of_bytes(&self, header: &[u8], claims: &[u8]) -> String {
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        self.signed(&format!("{header}.{claims}"))
    }

    /// Appends the signature.
    fn signed(&self, text: &str) -> String {
        let signature = self.signature(text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.key {
            Key::Secret(key) => hmac::sign(key, message).as_ref().to_vec(),
            Key::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                let signed = pair.sign(*encoding, &random, message, &mut signature);
                signed.expect("a signature");
                signature
            }
            Key::Ecdsa(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Key::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }
}

/// Claims that are good for an hour.
pub(crate) fn ann() -> Value {
    json!({"sub": "ann", "iss": "issuer", "aud": "chat", "exp": NOW + 3600})
}

/// [`ann`]'s claims with one that is added or replaced.
pub(crate) fn ann_with(name: &str, value: impl Into<Value>) -> Value {
    let mut claims = ann();
    claims[name] = value.into();
    claims
}

/// [`ann`]'s claims without one.
pub(crate) fn ann_without(name: &str) -> Value {
    let mut claims = ann();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

/// Takes tokens of `issuer` for `chat`, at the time of the tests.
pub(crate) fn bearer() -> JwtBearerBuilder {
    JwtBearer::builder()
        .issuer("issuer")
        .audience("chat")
        .clock(now)
}

pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW)
}

/// Takes tokens of HS256.
pub(crate) fn hs256() -> JwtBearer {
    bearer().hs256(SECRET).build().unwrap()
}

/// Returns the user of a token, or the reason for its rejection, which has no part of it.
pub(crate) async fn user(bearer: &JwtBearer, token: &str) -> Result<Principal, String> {
    bearer.validate(token).await.map_err(|error| {
        assert!(error.is_rejection(), "{error}");
        let shown = format!("{error} {error:?}");
        for part in token.split('.').filter(|part| part.len() > 4) {
            assert!(!shown.contains(part), "a part of the token is in {shown}");
        }
        error.to_string()
    })
}

/// Asserts that a token is rejected for this reason.
#[track_caller]
pub(crate) fn rejected(bearer: &JwtBearer, token: &str, reason: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let user = runtime.unwrap().block_on(user(bearer, token));
    assert_eq!(user, Err(reason.to_owned()));
}

/// Decodes a PEM.
pub(crate) fn der(pem: &str) -> Vec<u8> {
    let lines = pem.lines().skip_while(|line| !line.starts_with("-----"));
    let body: String = lines.filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).expect("base64")
}

/// Decodes hexadecimal digits.
fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    let digits = pairs.map(|pair| str::from_utf8(pair).unwrap());
    digits
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect()
}
