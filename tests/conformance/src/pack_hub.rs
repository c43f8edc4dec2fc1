//! The hub of the MessagePack transcripts: every type in both directions, streams and client
//! results.
//!
//! It is built with [`Naming::DotNet`](hubwire::Naming::DotNet). Its types are those that users
//! write in place of .NET's types, or those of [`pack_forms`](crate::pack_forms) if .NET has a
//! different form in each protocol.

use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use hubwire::dotnet::{DateOnly, DateTimeOffset, Decimal, Flags, Open, TimeOnly, TimeSpan};
use hubwire::{
    Binary, CancellationToken, HubCallerContext, HubError, HubResult, StreamReader, Timestamp, hub,
};
use indexmap::{IndexMap, IndexSet};
use uuid::Uuid;

use crate::chat_streams;
use crate::dotnet_values::Looping;
use crate::pack_anything::Anything;
use crate::pack_forms::{
    Complex, Contract, Interface, KeyValuePair, Keyed, KeyedByName, Shy, Tuple, ValueTuple,
};
use crate::pack_results::{self, Anonymous, Boxed, Kennel, Named};
use crate::pack_values::{
    Animal, Big, Deep, Dog, Fields, KeyedAsName, Mood, NeedsArgument, Pair, Person, Place, Point,
    Renamed, Rights,
};
use crate::throwing_hubs::invalid_operation;

/// A .NET string, which may be null.
type Text = Option<String>;

/// Has every type that a method can take or return.
pub(crate) struct PackHub;

/// Generates the hub: methods that return their argument, that have a result of their own, that
/// fail, and others.
macro_rules! pack_hub {
    (
        echoes { $($echo:ident: $type:ty;)* }
        results { $($(#[$mark:meta])* $result:ident: $returned:ty = $value:expr;)* }
        failures { $($failure:ident: $error:expr;)* }
        $($methods:tt)*
    ) => {
        #[hub]
        impl PackHub {
            $(pub fn $echo(&self, v: $type) -> $type { v })*
            $($(#[$mark])* pub fn $result(&self) -> $returned { $value })*
            $(pub fn $failure(&self) -> HubResult<Text> { Err($error) })*
            $($methods)*
        }
    };
}

pack_hub! {
    echoes {
        echo: Text;
        echo_bool: bool;
        echo_byte: u8;
        echo_s_byte: i8;
        echo_short: i16;
        echo_u_short: u16;
        echo_int: i32;
        echo_u_int: u32;
        echo_long: i64;
        echo_u_long: u64;
        echo_float: f32;
        echo_double: f64;
        echo_half: f32;
        echo_int128: i128;
        echo_decimal: Decimal;
        echo_big_integer: Binary;
        echo_char: char;
        echo_string: Text;
        echo_object: Anything;
        echo_guid: Uuid;
        echo_date_time: Timestamp;
        echo_date_time_offset: DateTimeOffset;
        echo_time_span: TimeSpan;
        echo_date_only: DateOnly;
        echo_time_only: TimeOnly;
        echo_uri: Text;
        echo_version: Text;
        echo_mood: Open<Mood>;
        echo_rights: Flags<Rights>;
        echo_big: Open<Big>;
        echo_renamed: Open<Renamed>;
        echo_bytes: Option<Binary>;
        echo_memory: Binary;
        echo_byte_list: Option<Vec<u8>>;
        echo_s_bytes: Option<Vec<i8>>;
        echo_nullable_int: Option<i32>;
        echo_nullable_mood: Option<Open<Mood>>;
        echo_nullable_date_time: Option<Timestamp>;
        echo_ints: Option<Vec<i32>>;
        echo_doubles: Option<Vec<f64>>;
        echo_floats: Option<Vec<f32>>;
        echo_jagged: Option<Vec<Option<Vec<i32>>>>;
        echo_matrix: Option<(i32, i32, Vec<i32>)>;
        echo_strings: Option<Vec<Text>>;
        echo_enumerable: Option<Vec<i32>>;
        echo_read_only_list: Option<Vec<i32>>;
        echo_hash_set: Option<IndexSet<String>>;
        echo_objects: Option<Vec<Anything>>;
        echo_string_int: Option<IndexMap<String, i32>>;
        echo_int_string: Option<IndexMap<i32, Text>>;
        echo_string_object: Option<IndexMap<String, Anything>>;
        echo_object_object: Option<Anything>;
        echo_guid_string: Option<IndexMap<Uuid, Text>>;
        echo_mood_int: Option<IndexMap<Open<Mood>, i32>>;
        echo_key_value: KeyValuePair;
        echo_tuple: Option<Tuple>;
        echo_value_tuple: ValueTuple;
        echo_complex: Complex;
        echo_person: Option<Person>;
        echo_point: Point;
        echo_place: Option<Place>;
        echo_pair: Pair;
        echo_fields: Option<Fields>;
        echo_shy: Option<Shy>;
        echo_keyed: Option<Keyed>;
        echo_keyed_by_name: Option<KeyedByName>;
        echo_keyed_as_name: Option<KeyedAsName>;
        echo_contract: Option<Contract>;
        echo_dog: Option<Dog>;
        echo_animal: Option<Animal>;
        echo_named: Interface;
        echo_needs_argument: Option<NeedsArgument>;
        echo_lazy: i32;
        echo_deep: Option<Box<Deep>>;
    }

    results {
        nothing: () = ();
        null: Text = None;
        #[hub(name = "NaN")] not_a_number: f64 = f64::NAN;
        #[hub(name = "NaNFloat")] not_a_number_float: f32 = f32::NAN;
        infinity: f64 = f64::INFINITY;
        minus_infinity: f64 = f64::NEG_INFINITY;
        minus_zero: f64 = -0.0;
        integral: f64 = 3.0;
        decimal_places: Decimal = pack_results::decimal("1.10");
        decimal_max: Decimal = Decimal::MAX;
        utc: Timestamp = pack_results::UTC;
        unspecified: Timestamp = pack_results::UTC;
        local: Timestamp = pack_results::UTC;
        fraction: Timestamp = pack_results::FRACTION;
        after2106: Timestamp = pack_results::AFTER_2106;
        before1970: Timestamp = pack_results::BEFORE_1970;
        date_time_min: Timestamp = Timestamp::MIN;
        date_time_max: Timestamp = pack_results::LAST;
        offset: DateTimeOffset = pack_results::offset();
        span: TimeSpan = pack_results::SPAN;
        fixed_guid: Uuid = pack_results::GUID;
        anonymous: Anonymous = Anonymous::default();
        dog_as_animal: Dog = Dog::rex();
        as_interface: Named = Named::default();
        animals: [Animal; 2] = [Animal::named("a"), Animal::named("d")];
        dog_in_kennel: Kennel = Kennel::default();
        expando: IndexMap<&'static str, Boxed> = pack_results::expando();
        task_of_object: Boxed = Boxed::of("point");
        immutable: [i32; 3] = [1, 2, 3];
        lazy: Looping = Looping;
        a_token: Looping = Looping;
        a_stream: Looping = Looping;
        a_delegate: Looping = Looping;
        lone: &'static str = "a\u{fffd}b";
    }

    failures {
        throw_plain: invalid_operation("plain boom");
        throw_hub: HubError::new("hub boom");
        throw_hub_empty: HubError::new("");
    }

    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        let caller = cx.clients().caller();
        Ok(caller.send("Connected", (cx.connection_id(),)).await?)
    }

    pub async fn nothing_async(&self) {}

    pub fn add(&self, a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }

    pub fn large(&self, size: u32) -> String {
        const LARGEST: u32 = 1 << 20;
        (0..size.min(LARGEST)).map(|_| 'x').collect()
    }

    pub fn length(&self, v: String) -> usize {
        v.encode_utf16().count()
    }

    pub fn abort(&self, cx: &HubCallerContext<Self>) {
        cx.abort();
    }

    pub async fn back(
        &self,
        cx: &HubCallerContext<Self>,
        target: String,
        value: Anything,
    ) -> HubResult {
        Ok(cx.clients().caller().send(&target, (value,)).await?)
    }

    pub async fn back_nothing(&self, cx: &HubCallerContext<Self>) -> HubResult {
        Ok(cx.clients().caller().send("NoArguments", ()).await?)
    }

    pub async fn back_many(&self, cx: &HubCallerContext<Self>) -> HubResult {
        let many = (1, "two", 3.5, (), [1, 2], Person::named("Ada"));
        Ok(cx.clients().caller().send("Many", many).await?)
    }

    pub async fn delay(&self, milliseconds: i32, v: Text) -> Text {
        chat_streams::pause(milliseconds).await;
        v
    }

    pub fn type_of(&self, v: Anything) -> &'static str {
        v.dotnet_name()
    }

    pub fn date_time_detail(&self, v: Timestamp) -> String {
        pack_results::to_seven_places(v) + " Utc"
    }

    pub fn depth_of(&self, v: Option<Box<Deep>>) -> i32 {
        Deep::depth(v.as_deref())
    }

    pub fn boxed(&self, what: String) -> Boxed {
        Boxed::of(&what)
    }

    pub fn stream(
        &self,
        count: i32,
        delay_ms: i32,
        cancellation: CancellationToken,
    ) -> impl Stream<Item = i32> {
        chat_streams::numbers_until(count, delay_ms, cancellation)
    }

    pub fn stream_people(&self) -> impl Stream<Item = Option<Person>> {
        stream::iter([Some(Person::named("Ada")), None])
    }

    pub fn stream_throw_hub(&self, after: i32) -> impl Stream<Item = HubResult<i32>> {
        chat_streams::failing(after, HubError::new("stream hub boom"))
    }

    pub async fn upload_sum(&self, numbers: StreamReader<i32>) -> HubResult<i32> {
        chat_streams::sum(numbers).await
    }

    pub async fn upload_report(&self, numbers: StreamReader<i32>) -> String {
        chat_streams::report(numbers).await
    }

    pub async fn upload_two(
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

    pub async fn ask(&self, cx: &HubCallerContext<Self>, target: String) -> String {
        let result: Result<Text, _> = cx.clients().caller().invoke(&target, ("q",)).await;
        pack_results::report(result.map(|text| text.unwrap_or_else(|| "null".to_owned())))
    }

    pub async fn ask_int(&self, cx: &HubCallerContext<Self>, target: String) -> String {
        let result: Result<i32, _> = cx.clients().caller().invoke(&target, ()).await;
        pack_results::report(result)
    }

    pub async fn ask_person(&self, cx: &HubCallerContext<Self>, target: String) -> String {
        let result: Result<Option<Person>, _> = cx.clients().caller().invoke(&target, ()).await;
        let told = |person: Option<Person>| match person {
            Some(person) => person.to_string(),
            None => "null".to_owned(),
        };
        pack_results::report(result.map(told))
    }

    pub async fn ask_for(&self, cx: &HubCallerContext<Self>, milliseconds: u32) -> String {
        let limit = Duration::from_millis(milliseconds.into());
        let client = cx.clients().caller().with_timeout(limit);
        let result: Result<Text, _> = client.invoke("Slow", ()).await;
        pack_results::report(result.map(Option::unwrap_or_default))
    }
}
