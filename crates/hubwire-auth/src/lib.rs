//! JSON Web Tokens (RFC 7519) as the users of Hubwire's requests.
//!
//! [`JwtBearer`] is the authenticator; applications that sign their users in themselves make tokens
//! with [`JwtSigner`].
//!
//! # What makes a token good
//!
//! - It has at most 16 KiB ([`JwtBearerBuilder::maximum_token_size`]), and is three parts of
//!   base64url, each in its only form.
//! - Its `alg` is one of those that its key is for. Keys decide on algorithms, tokens do not
//!   (RFC 8725, section 3.1): there is no `none`, and no HMAC with a public key.
//! - Its `kid`, if it has one, is that of the key. It is compared, and used for nothing else; keys
//!   within tokens and URLs of keys (`jwk`, `jku`, `x5c`, `x5u`) are ignored (RFC 8725,
//!   section 3.10).
//! - It calls no header parameter critical (RFC 7515, section 4.1.11).
//! - Its signature is that of the key. Nothing but the header is looked at before.
//! - Its claims are a JSON object with unique names, and become at most 1,000 claims of the user,
//!   in 64 KiB.
//! - It has an `exp` that is not past, and an `nbf`, if any, that is; each is a number of seconds,
//!   with a leeway of 60 s ([`JwtBearerBuilder::leeway`]).
//! - Its `iss` is the issuer, if one is configured; its `aud` is the audience, or contains it. A
//!   token without them is refused then, and so is one with an `aud` where no audience is
//!   configured, unless the configuration says [`any_audience`](JwtBearerBuilder::any_audience).
//!
//! # The user
//!
//! Each claim of the token is one of the [`Principal`](hubwire_server::Principal), with the name
//! that it has in the token (`sub`, `name`, `role`): ASP.NET Core renames some, unless
//! `MapInboundClaims` is off. A list becomes a claim for each of its values, and numbers, booleans
//! and objects are their JSON. Null is no claim. The principal expires at `exp`, without the leeway.

mod algorithm;
mod bearer;
mod builder;
mod claims;
mod clock;
mod error;
mod jose;
mod jwk;
#[cfg(feature = "jwks")]
mod jwks;
mod key;
mod rejection;
mod signer;
mod validation;
#[cfg(not(feature = "jwks"))]
mod without_jwks;

#[cfg(feature = "jwks")]
pub(crate) use jwks::{FetchedKeys, KeyServer};
#[cfg(not(feature = "jwks"))]
pub(crate) use without_jwks::{FetchedKeys, KeyServer};

pub use algorithm::Algorithm;
pub use bearer::JwtBearer;
pub use builder::JwtBearerBuilder;
pub use error::JwtConfigurationError;
pub use key::JwtKey;
pub(crate) use rejection::Rejection;
pub use signer::JwtSigner;
