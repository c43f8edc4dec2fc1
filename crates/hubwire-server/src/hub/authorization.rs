//! Who may use an endpoint or call a method.

mod policies;
mod policy;
mod policy_context;
mod required;
mod restrictions;
mod unread_argument;

pub(crate) use policies::Policies;
pub use policy::Policy;
pub use policy_context::PolicyContext;
pub use required::Authorize;
pub(crate) use restrictions::{MissingPolicy, Restrictions};
pub(crate) use unread_argument::UnreadArgument;
