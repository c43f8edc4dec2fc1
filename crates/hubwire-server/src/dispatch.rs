//! From a parsed message to a hub method and back: completions, streams, questions' slots.

mod call;
mod completion;
mod dispatcher;
mod invocation;
mod method_table;
mod open_streams;
pub(crate) mod refusals;
mod reply;
mod resources;
mod running;
mod running_stream;
mod slot;
mod stream;

pub use call::Call;
pub(crate) use completion::CompletionWriter;
pub(crate) use dispatcher::Dispatcher;
pub(crate) use invocation::{Invocation, Run};
pub(crate) use method_table::MethodTable;
pub(crate) use open_streams::OpenStreams;
pub use reply::Reply;
pub(crate) use reply::{CallFuture, ReplyKind};
pub(crate) use resources::{CallResources, TakenResources};
pub(crate) use running::{Ended, Registered, RunningCalls, RunningInvocation};
pub(crate) use running_stream::RunningStream;
pub(crate) use slot::{CallSlot, Connecting};
pub(crate) use stream::{StreamControl, StreamFailure};
pub use stream::{StreamEnd, StreamSink};
