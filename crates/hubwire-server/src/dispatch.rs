//! From a parsed message to a hub method and back.

mod dispatcher;
mod invoke;
mod open_streams;
mod orphans;
pub(crate) mod refusals;
mod running;
mod streaming;

pub(crate) use dispatcher::Dispatcher;
pub(crate) use open_streams::LeftUploads;
