//! Dispatch of parsed messages to hub methods, and of their results to the client.

mod authorize;
mod decided;
mod dispatcher;
mod held_upload;
mod invoke;
mod open_streams;
mod orphans;
mod policy_check;
pub(crate) mod refusals;
mod running;
mod running_stream;
mod streaming;

pub(crate) use dispatcher::Dispatcher;
pub(crate) use open_streams::LeftUploads;
