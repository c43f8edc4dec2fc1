//! A user who is blocked and disconnected while the WebSocket is being handed over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use hubwire::auth::{AuthenticationError, AuthenticationRequest, Authenticator, Policy};
use hubwire::{Disconnect, HubContext, MapHub, Principal, SignalR, hub};
use test_support::client::{Client, HANDSHAKE};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

struct HallHub;

#[hub]
impl HallHub {}

#[derive(Clone, Default)]
struct Doorman(Arc<AtomicBool>);

impl Authenticator for Doorman {
    async fn authenticate(
        &self,
        _: &AuthenticationRequest<'_>,
    ) -> Result<Option<Principal>, AuthenticationError> {
        match self.0.load(Ordering::SeqCst) {
            true => Err(AuthenticationError::rejected("blocked")),
            false => Ok(Some(Principal::new([("sub", "ann")]))),
        }
    }
}

/// Blocks the user between the decision about the upgrade and its response; any other thread could
/// do it then.
async fn block_at_upgrade(
    doorman: Doorman,
    hall: HubContext<HallHub>,
    request: Request,
    next: Next,
) -> axum::response::Response {
    let response = next.run(request).await;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        doorman.0.store(true, Ordering::SeqCst);
        hall.disconnect_user("ann", Disconnect::for_good());
    }
    response
}

#[tokio::test]
async fn who_is_blocked_while_a_web_socket_is_handed_over_does_not_stay() {
    let signalr = SignalR::new();
    let hub = signalr.hub().build(HallHub);
    let (doorman, hall) = (Doorman::default(), hub.context());
    let endpoint = hub.endpoint().authenticator(doorman.clone());
    let endpoint = endpoint.authorize(Policy::authenticated());
    let app = axum::Router::new()
        .map_hub("/hub", endpoint)
        .layer(from_fn(move |request, next| {
            block_at_upgrade(doorman.clone(), hall.clone(), request, next)
        }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(hubwire::serve(listener, app).with(&signalr).into_future());
    let mut ann = Client::upgrade(address, "/hub").await;
    ann.send_text(HANDSHAKE).await;
    ann.expect(r#"{"error":"Handshake was canceled."}"#).await;
    ann.expect_closed(1000).await;
    assert_eq!(signalr.statistics().connections, 0);
}
