//! Who may use an endpoint.

use std::fmt::Debug;
use std::sync::Arc;

use axum::body::Body;
use http::header::WWW_AUTHENTICATE;
use http::request::Parts;
use http::{Response, StatusCode};
use tokio::time::{Instant, timeout_at};

use super::authentication::{Authentication, Tokens};
use super::opening::Refusal;
use super::{HubEndpoint, opening, response};
use crate::connection::{ConnectionRequest, Principal};
use crate::hub::{Policy, PolicyContext};
use crate::node::{Tally, deadline_after};

/// Who may use an endpoint; by default, everybody.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    pub(super) authentication: Option<Arc<Authentication>>,
    policy: Option<Policy>,
    /// Requests that were refused because a policy has failed.
    failures: Arc<Tally>,
}

impl Access {
    pub(crate) fn new(authentication: Option<Authentication>, policy: Option<Policy>) -> Self {
        Self {
            authentication: authentication.map(Arc::new),
            policy,
            failures: Arc::default(),
        }
    }

    /// Returns whether a request is served without any decision.
    pub(super) fn is_open(&self) -> bool {
        self.authentication.is_none() && self.policy.is_none()
    }

    /// Lets everybody in.
    pub(super) fn open(&mut self) {
        self.policy = None;
    }

    /// Asks for a policy, beyond those that were asked for before.
    pub(super) fn require(&mut self, policy: Policy) {
        self.policy = Some(match self.policy.take() {
            Some(before) => before.and(policy),
            None => policy,
        });
    }
}

/// Determines the user of a request, and refuses it if that user may not use the endpoint.
pub(super) async fn admit(endpoint: &HubEndpoint, parts: &mut Parts) -> Result<(), Refusal> {
    let access = &endpoint.access;
    let deadline = deadline(endpoint);
    if let Some(authentication) = &access.authentication {
        let tokens = Tokens::of_hub_request(parts);
        let authenticated = authentication.authenticate(parts, tokens, deadline).await;
        authenticated.map_err(refused)?;
    }
    let request = || opening::whole(endpoint, parts);
    let allowed = authorize(endpoint, parts.extensions.get(), request, deadline).await;
    allowed.map_err(|status| {
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            opening::warn_of_another_user(endpoint, parts);
        }
        match status {
            StatusCode::UNAUTHORIZED => challenge(access),
            status => refused(status),
        }
    })
}

/// Returns when a request is refused about which nobody has decided.
pub(crate) fn deadline(endpoint: &HubEndpoint) -> Instant {
    deadline_after(endpoint.options.authentication_timeout)
}

/// Decides whether a user may use an endpoint.
///
/// # Errors
///
/// Returns the status of the refusal.
pub(crate) async fn authorize(
    endpoint: &HubEndpoint,
    user: Option<&Principal>,
    request: impl FnOnce() -> ConnectionRequest,
    deadline: Instant,
) -> Result<(), StatusCode> {
    let Some(policy) = &endpoint.access.policy else {
        return Ok(());
    };
    let principal = user.ok_or(StatusCode::UNAUTHORIZED)?;
    if !policy.allows(principal) {
        return Err(StatusCode::FORBIDDEN);
    }
    match policy.has_checks() {
        true => {
            let cx = PolicyContext::of_request(principal.clone(), request());
            check(endpoint, policy, &cx, deadline).await
        }
        false => Ok(()),
    }
}

async fn check(
    endpoint: &HubEndpoint,
    policy: &Policy,
    cx: &PolicyContext,
    deadline: Instant,
) -> Result<(), StatusCode> {
    match timeout_at(deadline, policy.check_all(cx)).await {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) => Err(StatusCode::FORBIDDEN),
        Ok(Err(error)) => {
            log_failure(endpoint, &error);
            Err(StatusCode::INTERNAL_SERVER_ERROR)
        }
        Err(_) => {
            endpoint.hub.node().limits().authentication_timeout.count();
            log_failure(endpoint, &"the policy took too long");
            Err(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

fn log_failure(endpoint: &HubEndpoint, error: &dyn Debug) {
    let now = endpoint.hub.node().now();
    if let Some(requests) = endpoint.access.failures.happened(now) {
        tracing::error!(target: "hubwire::endpoint", hub = %endpoint.hub.name(), requests, ?error, "requests are refused, because a policy of the endpoint failed");
    }
}

fn challenge(access: &Access) -> Refusal {
    let mut refusal = refused(StatusCode::UNAUTHORIZED);
    let authentication = access.authentication.as_ref();
    if let Some(challenge) = authentication.and_then(|it| it.challenge()) {
        refusal.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    refusal
}

fn refused(status: StatusCode) -> Refusal {
    Box::new(response::empty(status) as Response<Body>)
}
