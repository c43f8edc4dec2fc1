//! The examples of the standards, which others have signed.

use std::time::{Duration, UNIX_EPOCH};

use hubwire::auth::jwt::{JwtBearer, JwtKey};

use crate::signing::{rejected, user};

/// RFC 7515, appendix A.1: the claims of Joe, until March 2011.
const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

fn at_that_time(jwk: &str) -> JwtBearer {
    let bearer = JwtBearer::builder().issuer("joe");
    let bearer = bearer.clock(|| UNIX_EPOCH + Duration::from_secs(1_300_819_379));
    bearer.key(JwtKey::jwk(jwk).unwrap()).build().unwrap()
}

async fn is_joe(jwk: &str, header: &str, signature: &str) {
    let joe = user(
        &at_that_time(jwk),
        &format!("{header}.{CLAIMS}.{signature}"),
    )
    .await
    .unwrap();
    assert_eq!(joe.claim("iss"), Some("joe"));
    assert_eq!(joe.claim("http://example.com/is_root"), Some("true"));
}

#[tokio::test]
async fn rfc_7515_a_1_hs256() {
    let jwk = r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;
    let header = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9";
    is_joe(jwk, header, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").await;
}

#[tokio::test]
async fn rfc_7515_a_2_rs256() {
    let jwk = r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#;
    let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    is_joe(jwk, "eyJhbGciOiJSUzI1NiJ9", signature).await;
}

#[tokio::test]
async fn rfc_7515_a_3_es256() {
    let jwk = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
    let signature =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    is_joe(jwk, "eyJhbGciOiJFUzI1NiJ9", signature).await;
}

/// Its payload is a text; that is found out after the signature.
#[test]
fn rfc_8037_a_4_eddsa() {
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let reason = "a token with claims that are not a JSON object with unique names";
    rejected(&at_that_time(jwk), token, reason);
}

/// RFC 7515, appendix A.5.
#[test]
fn rfc_7515_a_5_none() {
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let reason =
        "a token with a header that is malformed, or with an algorithm that is not supported";
    rejected(
        &at_that_time(jwk),
        &format!("eyJhbGciOiJub25lIn0.{CLAIMS}."),
        reason,
    );
}
