//! The hubs of the .NET client's functional tests.

use std::future::ready;
use std::net::SocketAddr;

use axum::http::Version;
use futures_util::{Stream, StreamExt, stream};
use hubwire::{
    CancellationToken, ConnectionRequest, HubCallerContext, HubResult, Principal, StreamReader,
    UserId, hub, hub_client,
};
use serde::Serialize;

use crate::chat_streams;
use crate::suite_request;
use crate::throwing_hubs::invalid_operation;

/// The pause before each number of a stream.
const STREAM_DELAY_MS: i32 = 20;

/// Streams the items of an upload; its end, even with an error, ends them without one.
fn until_error<T>(items: StreamReader<T>) -> impl Stream<Item = T> {
    items
        .take_while(|item| ready(item.is_ok()))
        .filter_map(|item| ready(item.ok()))
}

/// The methods that the hubs call on their clients.
#[hub_client]
pub(crate) trait DotnetClient {
    fn echo(&self, message: Option<&str>);
    fn no_client_handler(&self);
}

/// Returns the user that a header names.
pub(crate) fn user_of_header(request: &ConnectionRequest, _: Option<&Principal>) -> Option<UserId> {
    request.header("Super-Insecure-UserName").map(UserId::from)
}

/// A port or an address.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum PortOrAddress {
    Port(u16),
    Address(String),
}

/// Hub A: all methods.
pub(crate) struct DefaultHub;

#[hub(client = DotnetClient)]
impl DefaultHub {
    pub fn hello_world(&self) -> &'static str {
        HELLO
    }

    pub fn echo(&self, message: Option<String>) -> Option<String> {
        message
    }

    pub fn stream(&self, count: i32, cancellation: CancellationToken) -> impl Stream<Item = i32> {
        chat_streams::numbers_until(count, STREAM_DELAY_MS, cancellation)
    }

    #[hub(stream)]
    pub fn stream_exception(&self) -> HubResult<stream::Empty<i32>> {
        Err(invalid_operation("Error occurred while streaming."))
    }

    pub fn stream_echo(&self, items: StreamReader<String>) -> impl Stream<Item = String> {
        until_error(items)
    }

    pub fn stream_echo_int(&self, items: StreamReader<i32>) -> impl Stream<Item = i32> {
        until_error(items)
    }

    #[hub(name = "StreamIAsyncConsumer")]
    pub fn stream_consumer(&self, items: StreamReader<i32>) -> impl Stream<Item = HubResult<i32>> {
        items
    }

    pub async fn call_echo(
        &self,
        cx: &HubCallerContext<Self>,
        message: Option<String>,
    ) -> HubResult {
        let client = cx.clients().client(cx.connection_id());
        Ok(client.echo(message.as_deref()).await?)
    }

    pub async fn call_handler_that_doesnt_exist(&self, cx: &HubCallerContext<Self>) -> HubResult {
        let client = cx.clients().client(cx.connection_id());
        Ok(client.no_client_handler().await?)
    }

    pub fn get_caller_connection_id(&self, cx: &HubCallerContext<Self>) -> String {
        cx.connection_id().to_string()
    }

    pub fn invoke_exception(&self) -> HubResult<String> {
        Err(invalid_operation("Error invoking."))
    }

    pub fn get_user_identifier(&self, cx: &HubCallerContext<Self>) -> Option<String> {
        cx.user_id().map(ToString::to_string)
    }

    pub fn get_header_values(
        &self,
        cx: &HubCallerContext<Self>,
        names: Vec<String>,
    ) -> Vec<Option<String>> {
        let values = names.iter().map(|name| cx.request().header(name));
        values.map(|value| value.map(str::to_owned)).collect()
    }

    pub fn get_cookie_value(&self, cx: &HubCallerContext<Self>, name: String) -> Option<String> {
        let value = cx.request().cookie(&name);
        value.map(suite_request::percent_decoded)
    }

    #[hub(name = "GetIHttpConnectionFeatureProperties")]
    pub fn addresses(&self, cx: &HubCallerContext<Self>) -> [PortOrAddress; 4] {
        let port = |address: Option<SocketAddr>| address.map_or(0, |address| address.port());
        let address = |address: Option<SocketAddr>| {
            address.map_or_else(String::new, |address| address.ip().to_string())
        };
        let (local, remote) = (cx.request().local_address(), cx.request().remote_address());
        [
            PortOrAddress::Port(port(local)),
            PortOrAddress::Port(port(remote)),
            PortOrAddress::Address(address(local)),
            PortOrAddress::Address(address(remote)),
        ]
    }

    pub fn get_active_transport_name(&self, cx: &HubCallerContext<Self>) -> &'static str {
        cx.transport().name()
    }

    pub fn get_http_protocol(&self, cx: &HubCallerContext<Self>) -> &'static str {
        match cx.request().http_version() {
            Version::HTTP_2 => "HTTP/2",
            _ => "HTTP/1.1",
        }
    }

    pub fn abort(&self, cx: &HubCallerContext<Self>) {
        cx.abort();
    }
}

/// Hub B: fewer methods.
pub(crate) struct DynamicHub;

#[hub(client = DotnetClient)]
impl DynamicHub {
    pub fn hello_world(&self) -> &'static str {
        HELLO
    }

    pub fn echo(&self, message: Option<String>) -> Option<String> {
        message
    }

    pub fn stream(&self, count: i32, cancellation: CancellationToken) -> impl Stream<Item = i32> {
        chat_streams::numbers_until(count, STREAM_DELAY_MS, cancellation)
    }

    #[hub(stream)]
    pub fn stream_exception(&self) -> HubResult<stream::Empty<i32>> {
        Err(invalid_operation("Error occurred while streaming."))
    }

    pub fn stream_echo(&self, items: StreamReader<String>) -> impl Stream<Item = String> {
        until_error(items)
    }

    pub fn stream_echo_int(&self, items: StreamReader<i32>) -> impl Stream<Item = i32> {
        until_error(items)
    }

    #[hub(name = "StreamIAsyncConsumer")]
    pub fn stream_consumer(&self, items: StreamReader<i32>) -> impl Stream<Item = HubResult<i32>> {
        items
    }

    pub async fn call_echo(
        &self,
        cx: &HubCallerContext<Self>,
        message: Option<String>,
    ) -> HubResult {
        let client = cx.clients().client(cx.connection_id());
        Ok(client.echo(message.as_deref()).await?)
    }

    pub async fn call_handler_that_doesnt_exist(&self, cx: &HubCallerContext<Self>) -> HubResult {
        let client = cx.clients().client(cx.connection_id());
        Ok(client.no_client_handler().await?)
    }

    pub fn get_caller_connection_id(&self, cx: &HubCallerContext<Self>) -> String {
        cx.connection_id().to_string()
    }

    pub fn invoke_exception(&self) -> HubResult<String> {
        Err(invalid_operation("Error invoking."))
    }
}

const HELLO: &str = "Hello World!";

/// A hub with one method, for clients of other versions.
pub(crate) struct VersionHub;

#[hub]
impl VersionHub {
    pub fn echo(&self, message: Option<String>) -> Option<String> {
        message
    }
}

/// The name of what users must have in [`AuthorizedHub`].
pub(crate) const HAS_NAME: &str = "HasName";

/// A hub with one method, for users with a name.
pub(crate) struct AuthorizedHub;

#[hub]
#[authorize(policy = HAS_NAME)]
impl AuthorizedHub {
    pub fn echo(&self, message: Option<String>) -> Option<String> {
        message
    }
}

/// A hub that refuses all connections, like one that cannot be created in .NET.
pub(crate) struct UncreatableHub;

#[hub]
impl UncreatableHub {
    fn on_connected(&self) -> HubResult {
        Err(invalid_operation(
            "Unable to resolve service for type 'System.Object' while attempting to activate \
             'FunctionalTests.UncreatableHub'.",
        ))
    }
}
