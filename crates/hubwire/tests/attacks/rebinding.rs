//! A page whose host name comes to resolve to this machine (DNS rebinding): to the server, it is one of its own.
//!
//! A browser sends the cookies of the name in its address bar, and lends no page the token of another origin. So
//! such a page has what it brings itself, and these tests show that this makes it nobody.

use axum::Router;
use hubwire::auth::{AuthenticationError, AuthenticationRequest, Authenticator, Policy};
use hubwire::{MapHub, Principal, SignalR};
use test_support::line::Wire;

use crate::http::{every_request, exchange};
use crate::own_hosts::with_own_hosts;
use crate::stage::{OpenHub, PROTECTED, Stage};
use crate::tokens::token_of;
use crate::traced;

const SESSION: &str = "the-session-of-ann-who-has-signed-in";

/// The user is whose session the cookie names.
struct Sessions;

impl Authenticator for Sessions {
    async fn authenticate(
        &self,
        request: &AuthenticationRequest<'_>,
    ) -> Result<Option<Principal>, AuthenticationError> {
        match request.cookie("session") {
            None => Ok(None),
            Some(SESSION) => Ok(Some(Principal::new([("sub", "ann")]))),
            Some(_) => Err(AuthenticationError::rejected("an unknown session")),
        }
    }
}

/// The user is whom a proxy names, as in docs/authentication.md.
struct ProxyHeader;

impl Authenticator for ProxyHeader {
    async fn authenticate(
        &self,
        request: &AuthenticationRequest<'_>,
    ) -> Result<Option<Principal>, AuthenticationError> {
        let user = request.header("X-Forwarded-User");
        let user = user.filter(|_| request.is_from_trusted_proxy());
        Ok(user.map(|user| Principal::new([("sub", user)])))
    }
}

/// Adds hubs whose users have sessions, and whose users a proxy on this machine names.
fn with_more(app: Router) -> Router {
    let sessions = SignalR::builder().authenticator(Sessions).build();
    let proxied = SignalR::builder()
        .authenticator(ProxyHeader)
        .trusted_proxies(["127.0.0.1"])
        .build();
    let endpoint = |signalr: &SignalR| {
        let hub = signalr.hub().build(OpenHub);
        hub.endpoint().authorize(Policy::authenticated())
    };
    app.map_hub("/sessions", endpoint(&sessions))
        .map_hub("/proxied", endpoint(&proxied))
}

/// Returns what the requests of a page get, which is at a host that resolves to the server.
async fn statuses(stage: &Stage, path: &str, host: &str, headers: &str) -> Vec<u16> {
    let page = format!("Host: {host}\r\nOrigin: http://{host}\r\n{headers}");
    let mut statuses = Vec::new();
    for asked in every_request(path, None) {
        let headers = format!("{page}{}", asked.headers);
        let response = exchange(stage.address, &asked.line, &headers, "").await;
        statuses.push(response.status);
    }
    statuses
}

/// Negotiation and a WebSocket; what has to name a connection gets 400.
const SERVED: [u16; 6] = [200, 101, 400, 400, 400, 400];

#[tokio::test]
async fn a_rebound_host_has_no_user() {
    let stage = Stage::layered(Wire::Plain, with_more).await;
    let own = format!("{}", stage.address);
    let rebound = format!("evil.example:{}", stage.address.port());
    let session = format!("Cookie: session={}\r\n", traced::secret(SESSION));
    let token = format!("Authorization: Bearer {}\r\n", token_of("ann"));
    // Meanwhile, the visitor is signed in at the real host.
    assert_eq!(statuses(&stage, "/sessions", &own, &session).await, SERVED);
    assert_eq!(statuses(&stage, "/secure", &own, &token).await, SERVED);
    for own_cookie in ["", "Cookie: theme=dark\r\n", "Cookie: session=a-guess\r\n"] {
        for path in PROTECTED.into_iter().chain(["/sessions"]) {
            let seen = statuses(&stage, path, &rebound, own_cookie).await;
            assert_eq!(seen, [401; 6], "{path}");
        }
    }
    // It is the browser that keeps the visitor's cookie from the page; the host alone refuses nothing.
    let stolen = statuses(&stage, "/sessions", &rebound, &session).await;
    assert_eq!(stolen, SERVED);
    stage.finish().await;
}

/// A page may send any header to its own host. From this machine, it is taken for the proxy's.
#[tokio::test]
async fn a_rebound_host_needs_no_cookie_where_a_header_is_believed() {
    let stage = Stage::layered(Wire::Plain, with_more).await;
    let rebound = format!("evil.example:{}", stage.address.port());
    let header = "X-Forwarded-User: ann\r\n";
    assert_eq!(statuses(&stage, "/proxied", &rebound, header).await, SERVED);
    assert_eq!(statuses(&stage, "/open", &rebound, "").await, SERVED);
    stage.finish().await;
}

/// Who wants such hubs to be safe names their hosts, as the guide does.
#[tokio::test]
async fn a_rebound_host_may_be_refused() {
    let stage = Stage::layered(Wire::Plain, |app| with_own_hosts(with_more(app))).await;
    let header = "X-Forwarded-User: ann\r\n";
    for path in ["/proxied", "/open"] {
        for rebound in [
            "evil.example:5000",
            "localhost.evil.example:5000",
            "localhost",
        ] {
            let seen = statuses(&stage, path, rebound, header).await;
            assert_eq!(seen, [421; 6], "{rebound}");
        }
        for own in ["localhost:5000", "127.0.0.1:5000"] {
            assert_eq!(statuses(&stage, path, own, header).await, SERVED);
        }
    }
    stage.finish().await;
}
