//! The parameters that a hub method borrows from its call.

use super::{Caller, Hub, HubCallerContext, HubContext};

/// A type that a call of hub `H` lends to its method, and a connection to its hooks.
#[diagnostic::on_unimplemented(
    message = "a call of `{H}` does not lend `{Self}`",
    label = "not lent by the call",
    note = "a hub method can borrow `&HubCallerContext<Self>`, `&Caller` and `&HubContext<Self>`",
    note = "everything else comes from the client: own it, without `&`; or leave out `pub` if clients do not call this"
)]
pub trait Lent<H: Hub>: Sized {
    /// Creates the lent value from the context of the call.
    fn of(context: HubCallerContext<H>) -> Self;
}

impl<H: Hub> Lent<H> for HubCallerContext<H> {
    fn of(context: Self) -> Self {
        context
    }
}

impl<H: Hub> Lent<H> for Caller {
    fn of(context: HubCallerContext<H>) -> Self {
        context.into_caller()
    }
}

impl<H: Hub> Lent<H> for HubContext<H> {
    fn of(context: HubCallerContext<H>) -> Self {
        context.hub_context()
    }
}

/// Creates the value that a method borrows from its call.
pub fn lent<T: Lent<H>, H: Hub>(context: HubCallerContext<H>) -> T {
    T::of(context)
}
