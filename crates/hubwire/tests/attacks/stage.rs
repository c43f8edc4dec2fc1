//! A server with hubs that ask for users, and the users' tokens and cookies.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use hubwire::auth::jwt::JwtBearer;
use hubwire::auth::{AuthenticationError, AuthenticationRequest, Authenticator, Policy};
use hubwire::connections::{ConnectionHandler, HandlerResult, MapConnections, RawConnection};
use hubwire::{HubCallerContext, HubEndpoint, MapHub, Principal, SignalR, hub};
use serde_json::Value;
use test_support::line::Wire;
use test_support::requests::Response;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::http::{Asked, every_request, exchange};
use crate::methods::Guarded;
use crate::tokens::{AUDIENCE, ISSUER, RSA_PUBLIC, SECRET};
use crate::traced;

const PATIENCE: Duration = Duration::from_secs(30);

/// The origin of pages that may use the hubs.
pub(crate) const PARTNER: &str = "https://partner.example";

/// The hubs that ask for a user: by the block's attribute, by the endpoint, and without a hub.
pub(crate) const PROTECTED: [&str; 3] = ["/secure", "/protected", "/raw"];

/// A hub for signed-in users.
pub(crate) struct SecureHub;

#[hub]
#[authorize]
impl SecureHub {
    /// Logs what hub code may log of a caller.
    pub fn who(&self, cx: &HubCallerContext<Self>) -> Option<String> {
        tracing::info!(?cx, request = ?cx.request(), principal = ?cx.principal(), "who");
        Some(cx.principal()?.name_identifier()?.to_owned())
    }
}

/// A hub for everybody.
pub(crate) struct OpenHub;

#[hub]
impl OpenHub {
    pub fn who(&self, cx: &HubCallerContext<Self>) -> Option<String> {
        Some(cx.principal()?.name_identifier()?.to_owned())
    }
}

/// A connection handler that waits for its client's end.
struct Sink;

impl ConnectionHandler for Sink {
    async fn on_connected(&self, mut connection: RawConnection) -> HandlerResult {
        while connection.receive().await.is_some() {}
        Ok(())
    }
}

/// The user is the value of a cookie.
pub(crate) struct Visitors;

impl Authenticator for Visitors {
    async fn authenticate(
        &self,
        request: &AuthenticationRequest<'_>,
    ) -> Result<Option<Principal>, AuthenticationError> {
        tracing::info!(?request, "whose is it?");
        let session = request.cookie("visitor");
        Ok(session.map(|session| Principal::new([("sub", session)])))
    }
}

/// The user is the value of a header, with no claim that is its name in ASP.NET Core.
struct Mail;

impl Authenticator for Mail {
    async fn authenticate(
        &self,
        request: &AuthenticationRequest<'_>,
    ) -> Result<Option<Principal>, AuthenticationError> {
        let mail = request.header("x-mail");
        Ok(mail.map(|mail| Principal::new([("email", mail)])))
    }
}

/// A store of sessions that cannot be reached.
struct Away;

impl Authenticator for Away {
    async fn authenticate(
        &self,
        _: &AuthenticationRequest<'_>,
    ) -> Result<Option<Principal>, AuthenticationError> {
        Err(AuthenticationError::unavailable("the store is away"))
    }
}

/// A running server.
pub(crate) struct Stage {
    pub(crate) address: SocketAddr,
    pub(crate) signalr: SignalR,
    /// The hub with methods that not everybody may call.
    pub(crate) guarded: Guarded,
    /// How much had been logged when it started.
    logged: usize,
    _serving: JoinSet<std::io::Result<()>>,
}

impl Stage {
    pub(crate) async fn start() -> Self {
        Self::layered(Wire::Plain, |app| app).await
    }

    /// Starts a server whose users have other tokens.
    pub(crate) async fn with_tokens(tokens: JwtBearer) -> Self {
        Self::of(tokens, Wire::Plain, |app| app).await
    }

    pub(crate) async fn layered(wire: Wire, layered: impl FnOnce(Router) -> Router) -> Self {
        Self::of(tokens(), wire, layered).await
    }

    async fn of(tokens: JwtBearer, wire: Wire, layered: impl FnOnce(Router) -> Router) -> Self {
        traced::begin();
        let logged = traced::position();
        let signalr = SignalR::builder()
            .authenticator(tokens)
            .allowed_origins([PARTNER])
            .build();
        let guarded = Guarded::default();
        let app = layered(guarded.map(&signalr, app(&signalr)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        let serve = hubwire::serve(listener, app).with(&signalr);
        serving.spawn(wire.apply(serve, address).into_future());
        Self {
            address,
            signalr,
            guarded,
            logged,
            _serving: serving,
        }
    }

    /// Negotiates with these headers; returns the connection's id and its token.
    pub(crate) async fn negotiate(&self, path: &str, headers: &str) -> (String, String) {
        let [negotiation, ..] = every_request(path, None);
        let response = negotiation.send(self.address, headers).await;
        assert_eq!(response.status, 200, "{response:?}");
        let document: Value = serde_json::from_str(&response.body).unwrap();
        let text = |key: &str| document[key].as_str().unwrap().to_owned();
        (
            text("connectionId"),
            traced::secret(text("connectionToken")),
        )
    }

    pub(crate) async fn ask(&self, asked: &Asked, headers: &str) -> Response {
        asked.send(self.address, headers).await
    }

    pub(crate) async fn post(&self, target: &str, headers: &str, body: &str) -> Response {
        let headers = format!("Host: {}\r\n{headers}", self.address);
        exchange(self.address, &format!("POST {target}"), &headers, body).await
    }

    /// Waits until no connection is left, and asserts that no secret was logged.
    pub(crate) async fn finish(&self) {
        let ending = async {
            while self.signalr.statistics().connections > 0 {
                sleep(Duration::from_millis(2)).await;
            }
        };
        let ended = timeout(PATIENCE, ending).await;
        ended.expect("the connections end");
        traced::assert_hidden(self.logged);
    }
}

/// Returns what knows the users of the tokens that this process makes.
fn tokens() -> JwtBearer {
    let tokens = JwtBearer::builder().hs256(SECRET).pem(RSA_PUBLIC);
    tokens.issuer(ISSUER).audience(AUDIENCE).build().unwrap()
}

/// A route of the application's own.
async fn me(user: Principal) -> String {
    user.name_identifier().unwrap_or_default().to_owned()
}

fn app(signalr: &SignalR) -> Router {
    let secure = signalr.hub().build(SecureHub);
    let open = signalr.hub().build(OpenHub);
    let protected = |endpoint: HubEndpoint| endpoint.authorize(Policy::authenticated());
    let raw = signalr.connection_handler(Sink);
    let failing = Policy::check(async |_| Err(std::io::Error::other("a failing policy").into()));
    Router::new()
        .route("/me", get(me))
        .layer(signalr.authentication_layer())
        .map_hub("/secure", secure.endpoint())
        .map_hub("/anonymous", secure.endpoint().allow_anonymous())
        .map_hub("/open", open.endpoint())
        .map_hub("/protected", protected(open.endpoint()))
        .map_hub("/staff", open.endpoint().authorize(Policy::role("Staff")))
        .map_hub("/failing", open.endpoint().authorize(failing))
        .map_hub("/mail", protected(open.endpoint().authenticator(Mail)))
        .map_hub("/away", protected(open.endpoint().authenticator(Away)))
        .map_hub(
            "/visitors",
            protected(open.endpoint().authenticator(Visitors)),
        )
        .map_connections("/raw", raw.authorize(Policy::authenticated()))
}
