//! From a parsed message to a hub method and back to a completion.

mod call;
mod completion;
mod dispatcher;
mod method_table;
mod reply;
mod running;

pub use call::Call;
pub(crate) use completion::CompletionWriter;
pub(crate) use dispatcher::{Dispatcher, failed_to_invoke, unknown_method};
pub(crate) use method_table::MethodTable;
pub use reply::Reply;
pub(crate) use reply::{CallFuture, ReplyKind};
pub(crate) use running::{Invocation, RunningCalls};
