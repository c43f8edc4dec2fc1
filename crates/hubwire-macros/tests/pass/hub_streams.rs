//! Every form of streaming method, and of streams that clients send.
#![deny(warnings)]

use std::borrow::Cow;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use hubwire::manual::Hub;
use hubwire::{CancellationToken, HubCallerContext, HubError, HubResult, Stream, StreamReader, hub};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct Message {
    text: String,
}

struct Ticks(u32);

impl Stream for Ticks {
    type Item = u32;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u32>> {
        self.0 += 1;
        Poll::Ready(Some(self.0))
    }
}

type Messages = BoxStream<'static, Message>;

struct ChatHub {
    names: Vec<String>,
}

#[hub]
impl ChatHub {
    pub fn count(&self, to: u32, cancel: CancellationToken) -> impl Stream<Item = u32> {
        drop(cancel);
        stream::iter(0..to)
    }

    pub async fn count_later(&self, to: u32) -> impl Stream<Item = u32> + Send + 'static {
        stream::iter(0..to)
    }

    pub fn may_fail(&self) -> HubResult<impl Stream<Item = Message>> {
        Ok(stream::empty())
    }

    pub async fn may_fail_later(&self, _: CancellationToken) -> Result<impl futures_util::Stream<Item = u8>, io::Error> {
        Ok(stream::empty())
    }

    pub fn fallible_items(&self) -> impl Stream<Item = HubResult<Message>> {
        stream::iter([Err(HubError::new("no"))])
    }

    pub async fn fallible_both(&self) -> HubResult<impl Stream<Item = Result<u32, io::Error>>> {
        Ok(stream::iter([Ok(1)]))
    }

    pub fn boxed_errors(&self) -> Result<impl Stream<Item = std::result::Result<u32, Box<dyn std::error::Error + Send + Sync>>>, Infallible> {
        Ok(stream::iter([Err("no".into())]))
    }

    pub fn borrowing(&self, prefix: String, cx: &HubCallerContext<Self>) -> impl Stream<Item = String> {
        stream::iter(&self.names).map(move |name| format!("{prefix} {name} {}", cx.connection_id()))
    }

    pub fn borrowed_items(&self) -> impl Stream<Item = &str> {
        stream::iter(&self.names).map(String::as_str)
    }

    pub async fn borrowed_by_name<'a>(&'a self, cx: &'a HubCallerContext<Self>) -> HubResult<impl Stream<Item = HubResult<Cow<'a, str>>> + 'a> {
        let id: &str = cx.connection_id();
        let names = self.names.iter().map(String::as_str);
        Ok(stream::iter(names.chain([id])).map(|name| Ok(name.into())))
    }

    pub fn opaque_items(&self) -> impl Stream<Item = impl Serialize + Send> {
        stream::iter([1])
    }

    #[hub(stream)]
    pub fn named(&self) -> Ticks {
        Ticks(0)
    }

    #[hub(stream, name = "aliased")]
    pub async fn with_alias(&self) -> HubResult<Messages> {
        Ok(stream::empty().boxed())
    }

    #[hub(stream)]
    pub fn boxed(&self) -> BoxStream<'static, u32> {
        Ticks(1).boxed()
    }

    #[hub(stream)]
    pub fn boxed_fallible(&self) -> HubResult<BoxStream<'_, HubResult<&str>>> {
        let names = self.names.iter().map(String::as_str);
        Ok(stream::iter(names).map(Ok).boxed())
    }

    #[hub(stream)]
    pub fn pinned(&self) -> Pin<Box<dyn Stream<Item = HubResult<u32>> + Send + '_>> {
        stream::iter([Ok(1)]).boxed()
    }

    #[hub(stream)]
    pub fn marked_twice(&self) -> Pin<Box<impl Stream<Item = u32> + use<>>> {
        Box::pin(Ticks(2))
    }

    pub async fn upload(&self, cx: &HubCallerContext<Self>, mut lines: StreamReader<String>, room: String) -> HubResult<usize> {
        let mut length = room.len() + cx.connection_id().len();
        while let Some(line) = lines.next().await {
            length += line?.len();
        }
        Ok(length)
    }

    pub async fn upload_two(&self, _: hubwire::StreamReader<Vec<Message>>, mut other: StreamReader<u8>, cancel: CancellationToken) {
        other.next().await;
        cancel.cancelled().await;
    }

    pub fn echo(&self, items: StreamReader<String>) -> impl Stream<Item = HubResult<String>> {
        items
    }

    #[hub(stream)]
    pub fn echo_named(&self, items: StreamReader<String>) -> StreamReader<String> {
        items
    }

    #[rustfmt::skip]
    #[allow(clippy::too_many_arguments)]
    pub fn longest(&self, _1: u8, _2: u8, _3: u8, _4: u8, _5: u8, _6: u8, _7: u8, _8: u8, _9: u8, _10: u8, _11: u8, _12: u8, _13: u8, _14: u8, _15: u8, _16: u8, _17: StreamReader<u8>, _18: CancellationToken, _19: &HubCallerContext<Self>) {}

    // The names that the expansion itself uses.
    pub async fn clash(&self, hub: u8, call: StreamReader<u8>, cx: CancellationToken, sink: u8, stream: u8, made: u8, error: u8) -> HubResult<impl Stream<Item = HubResult<u8>>> {
        drop((call, cx));
        Ok(stream::iter([Ok(hub + sink + stream + made + error)]))
    }
}

fn main() {
    let hub = ChatHub { names: vec![] };
    drop(hub);
    let not_streaming = ChatHub::METHODS.iter().filter(|method| !method.is_streaming);
    let names: Vec<_> = not_streaming.map(|method| method.name).collect();
    assert_eq!(names, ["Upload", "UploadTwo", "Longest"]);
    let parameters = |name| {
        let mut methods = ChatHub::METHODS.iter();
        let method = methods.find(|method| method.name == name).unwrap();
        let parameters = method.parameters.iter();
        parameters
            .map(|parameter| (parameter.type_name, parameter.is_stream))
            .collect::<Vec<_>>()
    };
    assert_eq!(parameters("Count"), [("u32", false)]);
    assert_eq!(parameters("Upload"), [("String", true), ("String", false)]);
    assert_eq!(parameters("UploadTwo"), [("Vec<Message>", true), ("u8", true)]);
    assert!(ChatHub::METHODS.iter().any(|method| method.name == "aliased"));
}
