//! Why a token is refused.

/// Why a token is refused, without any part of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejection {
    #[error("a token of more than {limit} bytes")]
    TooLong { limit: usize },
    #[error("a token that is not three parts of base64url")]
    NotThreeParts,
    #[error("a token with a header that is malformed, or with an algorithm that is not supported")]
    Header,
    #[error("a token with critical header parameters, or an unencoded payload")]
    Critical,
    #[error("a token of an algorithm that no key is for")]
    Algorithm,
    #[error("a token that names an unknown key")]
    UnknownKey,
    #[error("a token with a wrong signature")]
    Signature,
    #[error("a token with claims that are not a JSON object with unique names")]
    Claims,
    #[error("a token with more claims than can be kept")]
    TooManyClaims,
    #[error("a token whose `sub` or name identifier is no text or number, or empty")]
    Subject,
    #[error("a token without `exp`")]
    NoExpiration,
    #[error("a token with a malformed `exp`")]
    Expiration,
    #[error("an expired token")]
    Expired,
    #[error("a token with a malformed `nbf`")]
    NotBefore,
    #[error("a token that is not valid yet")]
    NotYetValid,
    #[error("a token without `iss`")]
    NoIssuer,
    #[error("a token of another issuer")]
    Issuer,
    #[error("a token without `aud`")]
    NoAudience,
    #[error("a token for another audience")]
    Audience,
    #[error("a token with an `aud`, but no audience is configured")]
    UnexpectedAudience,
}
