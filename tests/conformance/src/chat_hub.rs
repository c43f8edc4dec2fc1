//! The hub of most transcripts: fan-out, results, .NET's types and errors.

use std::time::Duration;

use futures_util::stream::Empty;
use futures_util::{Stream, StreamExt};
use hubwire::{
    CancellationToken, DisconnectReason, HubCallerContext, HubError, HubResult, Proxy, Reach,
    StreamReader, hub, protocol::Arguments,
};

use crate::chat_streams;
use crate::dotnet_values::{Anything, Bytes, Dictionary, Looping, Mood, Person};
use crate::throwing_hubs::invalid_operation;

/// Fixed, so that two recordings differ only if the wire format does.
const TIMESTAMP: &str = "2020-01-02T03:04:05Z";

/// The clients that are told about the end of a connection.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Farewell {
    /// The others are told why it ended.
    #[default]
    ToOthers,
    /// Everybody who can be named is told, including the connection itself.
    ToEverybody,
}

/// The hub that .NET 10 was recorded with.
#[derive(Debug, Default)]
pub(crate) struct ChatHub {
    farewell: Farewell,
}

impl ChatHub {
    pub(crate) fn new(farewell: Farewell) -> Self {
        Self { farewell }
    }
}

/// A .NET string, which may be null.
type Text = Option<String>;

type Context = HubCallerContext<ChatHub>;

/// Returns .NET's error for a null that is not allowed.
fn given<T>(value: Option<T>) -> HubResult<T> {
    value.ok_or_else(|| {
        HubError::hidden("Value cannot be null.").with_type_name("ArgumentNullException")
    })
}

/// Returns a text of this many bytes, unless that is more than any test needs.
fn text_of(size: i32) -> HubResult<String> {
    const LARGEST: usize = 64 * 1024 * 1024;
    match usize::try_from(size) {
        Ok(size @ ..=LARGEST) => Ok("x".repeat(size)),
        _ => Err(HubError::new("no such size")),
    }
}

/// Sends a message from the caller.
async fn deliver<R: Reach>(cx: &Context, to: Proxy<R>, message: Text) -> HubResult {
    push(to, "ReceiveMessage", (cx.connection_id(), message)).await
}

async fn push<R: Reach>(to: Proxy<R>, method: &str, arguments: impl Arguments) -> HubResult {
    Ok(to.send(method, arguments).await?)
}

#[hub]
impl ChatHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        push(cx.clients().caller(), "Connected", (cx.connection_id(),)).await
    }

    async fn on_disconnected(
        &self,
        cx: &HubCallerContext<Self>,
        reason: &DisconnectReason,
    ) -> HubResult {
        let id = cx.connection_id();
        let Farewell::ToEverybody = self.farewell else {
            let (kind, text) = reason.error().unzip();
            return push(cx.clients().others(), "Disconnected", (id, kind, text)).await;
        };
        let aborted = cx.connection_aborted().is_cancelled();
        push(cx.clients().caller(), "LeftCaller", ()).await?;
        push(cx.clients().group("room"), "LeftRoom", (id, aborted)).await?;
        cx.groups().remove(id, "room").await?;
        push(cx.clients().all(), "LeftAll", (id,)).await
    }

    pub async fn join_room(&self, cx: &HubCallerContext<Self>, room: Text) -> HubResult {
        Ok(cx.groups().add(cx.connection_id(), given(room)?).await?)
    }

    pub async fn leave_room(&self, cx: &HubCallerContext<Self>, room: Text) -> HubResult {
        Ok(cx.groups().remove(cx.connection_id(), given(room)?).await?)
    }

    pub async fn add_to_room(
        &self,
        cx: &HubCallerContext<Self>,
        id: Text,
        room: Text,
    ) -> HubResult {
        Ok(cx.groups().add(given(id)?, given(room)?).await?)
    }

    pub async fn remove_from_room(
        &self,
        cx: &HubCallerContext<Self>,
        id: Text,
        room: Text,
    ) -> HubResult {
        Ok(cx.groups().remove(given(id)?, given(room)?).await?)
    }

    pub async fn send_to_room(
        &self,
        cx: &HubCallerContext<Self>,
        room: Text,
        message: Text,
    ) -> HubResult {
        deliver(cx, cx.clients().group(given(room)?), message).await
    }

    pub async fn send_to_room_others(
        &self,
        cx: &HubCallerContext<Self>,
        room: Text,
        message: Text,
    ) -> HubResult {
        deliver(cx, cx.clients().others_in_group(given(room)?), message).await
    }

    pub async fn send_to_room_except(
        &self,
        cx: &HubCallerContext<Self>,
        room: Text,
        message: Text,
        except: Option<Vec<String>>,
    ) -> HubResult {
        let members = cx.clients().group_except(given(room)?, given(except)?);
        deliver(cx, members, message).await
    }

    pub async fn send_to_rooms(
        &self,
        cx: &HubCallerContext<Self>,
        rooms: Option<Vec<Text>>,
        message: Text,
    ) -> HubResult {
        let rooms = given(rooms)?.into_iter().map(Option::unwrap_or_default);
        deliver(cx, cx.clients().groups(rooms), message).await
    }

    pub async fn send_message(
        &self,
        cx: &HubCallerContext<Self>,
        user: Text,
        message: Text,
    ) -> HubResult {
        let arguments = (user, message, TIMESTAMP);
        push(cx.clients().all(), "ReceiveMessage", arguments).await
    }

    pub async fn send_except(
        &self,
        cx: &HubCallerContext<Self>,
        message: Text,
        except: Option<Vec<String>>,
    ) -> HubResult {
        deliver(cx, cx.clients().all_except(given(except)?), message).await
    }

    pub async fn broadcast(&self, cx: &HubCallerContext<Self>, message: Text) -> HubResult {
        deliver(cx, cx.clients().others(), message).await
    }

    pub async fn whisper(&self, cx: &HubCallerContext<Self>, id: Text, message: Text) -> HubResult {
        deliver(cx, cx.clients().client(given(id)?), message).await
    }

    pub async fn whisper_many(
        &self,
        cx: &HubCallerContext<Self>,
        ids: Option<Vec<Text>>,
        message: Text,
    ) -> HubResult {
        let ids = given(ids)?.into_iter().flatten();
        deliver(cx, cx.clients().clients(ids), message).await
    }

    pub async fn send_to_user(
        &self,
        cx: &HubCallerContext<Self>,
        user: Text,
        message: Text,
    ) -> HubResult {
        deliver(cx, cx.clients().user(given(user)?), message).await
    }

    pub async fn send_to_users(
        &self,
        cx: &HubCallerContext<Self>,
        users: Option<Vec<Text>>,
        message: Text,
    ) -> HubResult {
        let users = given(users)?.into_iter().flatten();
        deliver(cx, cx.clients().users(users), message).await
    }

    pub async fn push_many(
        &self,
        cx: &HubCallerContext<Self>,
        id: String,
        count: i32,
        size: i32,
    ) -> HubResult {
        let text = text_of(size)?;
        for i in 0..count {
            let client = cx.clients().client(&id);
            push(client, "Push", (i, &text)).await?;
        }
        Ok(())
    }

    pub async fn call_me(&self, cx: &HubCallerContext<Self>) -> HubResult {
        push(cx.clients().caller(), "NoArguments", ()).await
    }

    pub async fn call_me_with(&self, cx: &HubCallerContext<Self>, value: Anything) -> HubResult {
        push(cx.clients().caller(), "OneArgument", (value,)).await
    }

    pub async fn call_me_null(&self, cx: &HubCallerContext<Self>) -> HubResult {
        push(cx.clients().caller(), "OneArgument", ((),)).await
    }

    pub fn echo(&self, value: Text) -> Text {
        value
    }

    pub fn echo_object(&self, value: Anything) -> Anything {
        value
    }

    pub fn echo_person(&self, value: Option<Person>) -> Option<Person> {
        value
    }

    pub fn add(&self, a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }

    pub async fn add_async(&self, a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }

    pub async fn add_value_task(&self, a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }

    pub fn nothing(&self) {}

    pub async fn nothing_async(&self) {}

    pub fn null(&self) -> Text {
        None
    }

    pub async fn null_async(&self) -> Text {
        None
    }

    pub fn who_am_i(&self, cx: &HubCallerContext<Self>) -> String {
        cx.connection_id().to_string()
    }

    pub fn user_identifier(&self, cx: &HubCallerContext<Self>) -> Text {
        cx.user_id().map(ToString::to_string)
    }

    pub fn with_default(&self, a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }

    pub fn sum_params(&self, values: Vec<i32>) -> i32 {
        values.into_iter().fold(0, i32::wrapping_add)
    }

    pub fn large(&self, size: i32) -> HubResult<String> {
        text_of(size)
    }

    pub async fn delay(&self, milliseconds: u64, value: Text) -> Text {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        value
    }

    pub async fn late_send(&self, cx: &HubCallerContext<Self>, milliseconds: u64) -> HubResult {
        push(cx.clients().caller(), "Before", ()).await?;
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        push(cx.clients().caller(), "After", ()).await
    }

    #[authorize]
    pub fn secret(&self) -> &'static str {
        "secret"
    }

    #[hub(name = "renamed")]
    pub fn original_name(&self) -> &'static str {
        "renamed"
    }

    pub fn abort(&self, cx: &HubCallerContext<Self>) {
        cx.abort();
    }

    pub fn echo_bool(&self, v: bool) -> bool {
        v
    }

    pub fn echo_byte(&self, v: u8) -> u8 {
        v
    }

    pub fn echo_long(&self, v: i64) -> i64 {
        v
    }

    pub fn echo_double(&self, v: f64) -> f64 {
        v
    }

    pub fn echo_float(&self, v: f32) -> f32 {
        v
    }

    pub fn echo_decimal(&self, v: f64) -> f64 {
        v
    }

    pub fn echo_nullable_int(&self, v: Option<i32>) -> Option<i32> {
        v
    }

    pub fn echo_mood(&self, v: Mood) -> Mood {
        v
    }

    pub fn echo_guid(&self, v: String) -> String {
        v
    }

    pub fn echo_date_time(&self, v: String) -> String {
        v
    }

    pub fn echo_date_time_offset(&self, v: String) -> String {
        v
    }

    pub fn echo_bytes(&self, v: Option<Bytes>) -> Option<Bytes> {
        v
    }

    pub fn echo_char(&self, v: char) -> char {
        v
    }

    pub fn echo_ints(&self, v: Option<Vec<i32>>) -> Option<Vec<i32>> {
        v
    }

    pub fn echo_strings(&self, v: Option<Vec<Text>>) -> Option<Vec<Text>> {
        v
    }

    pub fn echo_dictionary(&self, v: Option<Dictionary>) -> Option<Dictionary> {
        v
    }

    pub fn not_a_number(&self) -> f64 {
        f64::NAN
    }

    pub fn escapes(&self) -> &'static str {
        "a\"b\\c/d<e>&'+\u{e9}\u{4e2d}\u{1f600}\u{1}\t\r\n\u{1e}\u{2028}\u{7f}"
    }

    #[hub(name = "Loop")]
    pub fn looping(&self) -> Looping {
        Looping
    }

    pub fn throw_plain(&self) -> HubResult<Text> {
        Err(invalid_operation("plain boom"))
    }

    pub async fn throw_plain_async(&self) -> HubResult<Text> {
        tokio::task::yield_now().await;
        Err(invalid_operation("plain async boom"))
    }

    pub fn throw_hub(&self) -> HubResult<Text> {
        Err(HubError::new("Message cannot be empty"))
    }

    pub fn throw_hub_subclass(&self) -> HubResult<Text> {
        Err(HubError::new("subclassed").with_type_name("CustomHubException"))
    }

    pub fn throw_hub_inner(&self) -> HubResult<Text> {
        Err(HubError::new("outer"))
    }

    pub fn task_cancelled(&self) -> HubResult<Text> {
        Err(HubError::hidden("A task was canceled.").with_type_name("TaskCanceledException"))
    }

    pub fn stream(
        &self,
        count: i32,
        delay_ms: i32,
        cancellation: CancellationToken,
    ) -> impl Stream<Item = i32> {
        chat_streams::numbers_until(count, delay_ms, cancellation)
    }

    pub fn stream_channel(&self, count: i32, delay_ms: i32) -> impl Stream<Item = i32> {
        chat_streams::numbers(count, delay_ms)
    }

    pub async fn stream_task(&self, count: i32) -> impl Stream<Item = i32> {
        tokio::task::yield_now().await;
        chat_streams::numbers(count, 0)
    }

    pub fn stream_throw(&self, after: i32) -> impl Stream<Item = HubResult<i32>> {
        chat_streams::failing(after, chat_streams::hidden_failure())
    }

    pub fn stream_throw_hub(&self, after: i32) -> impl Stream<Item = HubResult<i32>> {
        chat_streams::failing(after, HubError::new("stream hub boom"))
    }

    #[hub(stream)]
    pub fn stream_throw_at_once(&self) -> HubResult<Empty<i32>> {
        Err(HubError::new("no stream for you"))
    }

    pub fn stream_watched(
        &self,
        cx: &HubCallerContext<Self>,
        delay_ms: i32,
        cancellation: CancellationToken,
    ) -> impl Stream<Item = i32> {
        let cancelled = cancellation.clone();
        chat_streams::watched(delay_ms, cancellation, async move {
            let arguments = (cancelled.is_cancelled(),);
            // The connection that is gone may be this one.
            let _ = push(cx.clients().caller(), "StreamEnded", arguments).await;
        })
    }

    pub async fn upload_sum(&self, numbers: StreamReader<i32>) -> HubResult<i32> {
        chat_streams::sum(numbers).await
    }

    pub async fn upload_sum_enumerable(&self, numbers: StreamReader<i32>) -> HubResult<i32> {
        chat_streams::sum(numbers).await
    }

    pub async fn upload_join(
        &self,
        separator: Text,
        words: StreamReader<Text>,
        numbers: StreamReader<i32>,
    ) -> HubResult<String> {
        chat_streams::join(separator, words, numbers).await
    }

    pub fn upload_double(&self, numbers: StreamReader<i32>) -> impl Stream<Item = HubResult<i32>> {
        numbers.map(|number| Ok(number?.wrapping_mul(2)))
    }

    pub async fn upload_report(&self, numbers: StreamReader<i32>) -> String {
        chat_streams::report(numbers).await
    }

    pub async fn upload_first(&self, numbers: StreamReader<i32>) -> HubResult<i32> {
        chat_streams::first(numbers).await
    }
}
