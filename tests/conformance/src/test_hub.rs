//! The hub of the JavaScript client's functional tests.

use futures_util::{Stream, StreamExt, stream};
use hubwire::{
    Binary, CancellationToken, HubCallerContext, HubResult, StreamReader, Timestamp, hub,
    hub_client,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::suite_request;
use crate::throwing_hubs::invalid_operation;

/// The methods that the hub calls on its clients.
#[hub_client]
pub(crate) trait TestClient {
    fn message(&self, text: &str);
    fn custom_object(&self, object: &CustomObject);
    fn stream_canceled(&self);
    fn result(&self) -> i32;
}

/// An object that is returned unchanged.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CustomObject {
    name: Option<String>,
    value: i32,
}

/// An object with every kind of member; each protocol has its own form of bytes and points in
/// time.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ComplexObject {
    string: Option<String>,
    int_array: Option<Vec<i32>>,
    byte_array: Option<Binary>,
    guid: Uuid,
    date_time: Timestamp,
}

const GUID: Uuid = Uuid::from_u128(0x0001_0203_0405_0607_0706_0504_0302_0100);
/// 2000-01-01T00:00:00Z.
const YEAR_2000: Timestamp = match Timestamp::from_unix(946_684_800, 0) {
    Ok(timestamp) => timestamp,
    Err(_) => panic!("not between the years 1 and 9999"),
};

/// Does what the tests of a client need.
pub(crate) struct TestHub;

#[hub(client = TestClient)]
impl TestHub {
    pub fn echo(&self, message: Option<String>) -> Option<String> {
        message
    }

    pub fn get_caller_connection_id(&self, cx: &HubCallerContext<Self>) -> String {
        cx.connection_id().to_string()
    }

    pub fn get_num_redirects(&self, cx: &HubCallerContext<Self>) -> HubResult<i32> {
        let count = suite_request::query(cx.request(), "numRedirects");
        Ok(count.unwrap_or_default().parse()?)
    }

    pub fn throw_exception(&self, message: String) -> HubResult {
        Err(invalid_operation(message))
    }

    pub async fn invoke_with_string(
        &self,
        cx: &HubCallerContext<Self>,
        message: String,
    ) -> HubResult {
        Ok(cx.clients().caller().message(&message).await?)
    }

    pub async fn send_custom_object(
        &self,
        cx: &HubCallerContext<Self>,
        object: CustomObject,
    ) -> HubResult {
        Ok(cx.clients().caller().custom_object(&object).await?)
    }

    pub fn stream(&self) -> impl Stream<Item = &'static str> {
        stream::iter(["a", "b", "c"])
    }

    /// Never yields; tells its caller when it is cancelled.
    pub fn infinite_stream(
        &self,
        cx: &HubCallerContext<Self>,
        cancellation: CancellationToken,
    ) -> impl Stream<Item = String> {
        let cancelled = async move {
            cancellation.cancelled().await;
            // The connection that is gone may be this one.
            let _ = cx
                .clients()
                .client(cx.connection_id())
                .stream_canceled()
                .await;
        };
        stream::once(cancelled).filter_map(|()| std::future::ready(None))
    }

    pub fn empty_stream(&self) -> impl Stream<Item = i32> {
        stream::empty()
    }

    #[hub(stream)]
    pub fn stream_throw_exception(&self, message: String) -> HubResult<stream::Empty<String>> {
        Err(invalid_operation(message))
    }

    pub async fn streaming_concat(&self, mut parts: StreamReader<String>) -> HubResult<String> {
        let mut whole = String::new();
        while let Some(part) = parts.next().await {
            whole.push_str(&part?);
        }
        Ok(whole)
    }

    pub fn get_active_transport_name(&self, cx: &HubCallerContext<Self>) -> &'static str {
        cx.transport().name()
    }

    pub fn echo_complex_object(&self, object: Option<ComplexObject>) -> Option<ComplexObject> {
        object
    }

    pub fn send_complex_object(&self) -> ComplexObject {
        ComplexObject {
            string: Some("hello world".to_owned()),
            int_array: Some(vec![1, 2, 3]),
            byte_array: Some(Binary::from([1, 2, 3])),
            guid: GUID,
            date_time: YEAR_2000,
        }
    }

    pub fn get_content_type_header(&self, cx: &HubCallerContext<Self>) -> Option<String> {
        cx.request().header("content-type").map(str::to_owned)
    }

    pub fn get_header(&self, cx: &HubCallerContext<Self>, name: String) -> Option<String> {
        cx.request().header(&name).map(str::to_owned)
    }

    pub fn get_cookie(&self, cx: &HubCallerContext<Self>, name: String) -> Option<String> {
        let value = cx.request().cookie(&name);
        value.map(suite_request::percent_decoded)
    }
}
