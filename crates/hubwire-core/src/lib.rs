//! The interface between hubs and what carries their messages.
//!
//! Hub code names receivers ([`Clients`], [`Groups`]) and says what to send ([`Proxy`]). A
//! [`HubLifetimeManager`] knows who is connected and delivers the messages. Between the nodes of a
//! farm, a [`Backplane`] carries [`Envelope`]s. Nothing here does I/O or depends on tokio or HTTP,
//! so a process without a server (an emitter) can use the same handles.

mod backplane;
mod client_result;
mod clients;
mod disconnect;
mod encoded_message;
mod error;
mod expected;
mod groups;
mod held_bytes;
mod hub_client;
mod id;
mod in_process;
mod lifetime;
mod outgoing;
mod proxy;
mod target;
mod when_busy;

pub use backplane::{
    Backplane, BackplaneEvent, Channel, Envelope, EnvelopeBody, GroupAction, Receivers, Subject,
};
pub use client_result::{
    ClientResultError, InvocationScope, RawClientResult, RawClientResults, raw_client_result,
};
pub use clients::{CallerClients, Clients};
pub use disconnect::Disconnect;
pub use encoded_message::{EncodedMessage, FrameFormat};
pub use error::{BackplaneError, GroupError, SendError};
pub use expected::{
    ClientResultDecoder, Expected, ExpectedValue, ExpectsResult, ExpectsValue, ResultOfClient,
    expected,
};
pub use groups::Groups;
pub use held_bytes::HeldBytes;
pub use hub_client::{
    ClientArgument, ClientReturn, HubClient, UntypedClient, assert_client_argument,
};
pub use hubwire_protocol::Arguments;
pub use id::{ConnectionId, GroupName, HubName, MessageKey, NodeId, UserId};
pub use in_process::{InProcessBackplane, InProcessFarm};
pub use lifetime::{HubLifetimeManager, Sending};
pub use outgoing::OutgoingInvocation;
pub use proxy::{ClientResults, Many, One, Proxy, Reach, SendFuture};
pub use target::Target;
pub use when_busy::WhenBusy;
