//! A hub for signed-in users, who come with a session cookie, with an API key, or through a proxy.
//! `docs/authentication.md` explains it.

mod api_keys;
mod proxy_header;
mod secrets;
mod secure_hub;
mod sessions;
mod sign_in;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::routing::{get, post};
use hubwire::{MapHub, Principal, SignalR};

use api_keys::ApiKeys;
use proxy_header::ProxyHeader;
use secrets::Secret;
use secure_hub::SecureHub;
use sessions::Sessions;
use sign_in::SignIn;

/// What the server knows of its users.
struct Users {
    sessions: Sessions,
    password: Secret,
    keys: ApiKeys,
}

fn app(users: Users, trusted_proxies: &[&str]) -> (SignalR, Router) {
    let signalr = SignalR::builder()
        .trusted_proxies(trusted_proxies.iter().copied())
        .authenticator(users.sessions.clone()) // unless an endpoint has another one
        .build();
    let secure = signalr.hub().build(SecureHub);
    let sign_in = SignIn {
        sessions: users.sessions,
        password: users.password.hash(),
        context: secure.context(),
    };
    let app = Router::new()
        .route("/me", get(me))
        .layer(signalr.authentication_layer()) // around the routes above it
        .route("/sign-in", post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .with_state(sign_in.into())
        .map_hub("/hubs/secure", secure.endpoint())
        .map_hub(
            "/hubs/services",
            secure.endpoint().authenticator(users.keys),
        )
        .map_hub(
            "/hubs/intranet",
            secure.endpoint().authenticator(ProxyHeader),
        );
    (signalr, app)
}

/// A route that needs a user, as the hub does.
async fn me(user: Principal) -> String {
    user.name_identifier().unwrap_or_default().to_owned()
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    tracing_subscriber::fmt().init();
    let (mut keys, password) = (ApiKeys::default(), Secret::new());
    println!("the password of this run: {}", password.reveal());
    println!(
        "the billing service's key: {}",
        keys.issue("billing", "Service")
    );
    let users = Users {
        sessions: Sessions::default(),
        password,
        keys,
    };
    // The proxy runs on this machine. Whatever else runs here could set its header, too.
    let (signalr, app) = app(users, &["127.0.0.1"]);
    let listener = hubwire::listen("127.0.0.1:5003").await?;
    hubwire::serve(listener, app)
        .with(&signalr)
        .until(hubwire::shutdown_signal())
        .await
}
