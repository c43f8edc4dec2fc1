//! What a hub method borrows of its call.

use super::{Caller, Hub, HubCallerContext, HubContext};

/// A type that a call of hub `H` lends to its method, and a connection to its hooks.
#[diagnostic::on_unimplemented(
    message = "a call of `{H}` does not lend `{Self}`",
    label = "not lent by the call",
    note = "a hub method can borrow `&HubCallerContext<Self>`, `&Caller` and `&HubContext<Self>`",
    note = "everything else comes from the client: own it, without `&`; or leave out `pub` if clients do not call this"
)]
pub trait Lent<H: Hub>: Sized {
    /// What is lent by a call of this context.
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

/// What the method of a call borrows.
pub fn lent<T: Lent<H>, H: Hub>(context: HubCallerContext<H>) -> T {
    T::of(context)
}
