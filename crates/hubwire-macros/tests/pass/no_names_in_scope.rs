//! The expansions need no imports, and work if names of the prelude have another meaning.
#![deny(warnings)]
#![allow(dead_code)]

struct Arc;
struct Box;
struct Err;
struct None;
struct Ok;
struct Option;
struct Result;
struct Some;
struct String;
struct Vec;
trait Clone {}
trait Copy {}
trait Debug {}
trait From {}
trait Future {}
trait Hub {}
trait HubClient {}
trait Send {}
trait Serialize {}
trait Stream {}
struct CancellationToken;
struct HubError;
struct StreamReader;

#[hubwire::hub_client]
pub trait ChatClient {
    fn user_joined(&self, room: &str);
    fn confirm(&self, room: &str) -> bool;
}

#[derive(hubwire::dotnet::Enum)]
enum Mood {
    Calm = 1,
    #[deprecated]
    Wild,
}

struct ChatHub;

#[hubwire::hub(client = ChatClient)]
impl ChatHub {
    async fn on_connected(&self) -> hubwire::HubResult {
        hubwire::HubResult::Ok(())
    }

    fn on_disconnected(&self, cx: &hubwire::HubCallerContext<Self>) {
        let _ = cx;
    }

    pub async fn join_room(&self, cx: &hubwire::HubCallerContext<Self>, room: u32) -> u32 {
        let _ = cx;
        room
    }

    pub fn echo(
        &self,
        cancel: hubwire::CancellationToken,
        rooms: hubwire::StreamReader<u32>,
    ) -> impl hubwire::Stream<Item = hubwire::HubResult<u32>> {
        drop(cancel);
        rooms
    }

    pub async fn echo_later(
        &self,
        rooms: hubwire::StreamReader<u32>,
    ) -> hubwire::HubResult<impl hubwire::Stream<Item = hubwire::HubResult<u32>>> {
        hubwire::HubResult::Ok(rooms)
    }
}

fn main() {}
