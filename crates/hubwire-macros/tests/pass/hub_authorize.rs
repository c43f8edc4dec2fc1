//! What `#[authorize]` asks for, on methods and on blocks.

use std::marker::PhantomData;

use hubwire::hub;
use hubwire::manual::{Authorize, Hub};

mod names {
    pub const ADMIN: &str = "Admin";
    pub const OPEN: &str = "Open";
}

struct OrderHub;

#[hub]
#[authorize]
#[hubwire::authorize(policy = "Office")]
impl OrderHub {
    pub fn open(&self) {}

    #[authorize]
    pub fn any_user(&self) {}

    #[authorize()]
    pub fn any_user_too(&self) {}

    #[authorize(role = "Cook")]
    pub fn role(&self) {}

    #[authorize(roles = ["Cook", names::ADMIN,],)]
    pub fn roles(&self) {}

    #[authorize(policy = names::OPEN, role = "Cook")]
    #[hub(name = "Both")]
    pub fn role_and_policy(&self) {}

    #[authorize(role = "Cook")]
    #[deprecated]
    #[hubwire::authorize(role = names::ADMIN)]
    pub fn stacked(&self) {}

    #[cfg(any())]
    #[authorize(role = names::MISSING)]
    pub fn absent(&self) {}

    #[authorize(role = "Cook")]
    #[hub(stream)]
    pub fn ticks(&self) -> Ticks {
        futures_util::stream::empty()
    }
}

type Ticks = futures_util::stream::Empty<u32>;

struct Topic<T>(PhantomData<T>);

#[hub]
#[authorize(role = Self::OWNER)]
impl<T: Send + Sync + 'static> Topic<T> {
    const OWNER: &'static str = "Owner";

    #[authorize(roles = [Self::OWNER])]
    pub fn close(&self) {}
}

fn main() {
    const ANY: Authorize = Authorize::new();
    let expected: [(&str, &[Authorize]); 8] = [
        ("Open", &[]),
        ("AnyUser", &[ANY]),
        ("AnyUserToo", &[ANY]),
        ("Role", &[ANY.roles(&["Cook"])]),
        ("Roles", &[ANY.roles(&["Cook", "Admin"])]),
        ("Both", &[ANY.roles(&["Cook"]).policy("Open")]),
        ("Stacked", &[ANY.roles(&["Cook"]), ANY.roles(&["Admin"])]),
        ("Ticks", &[ANY.roles(&["Cook"])]),
    ];
    let methods = OrderHub::METHODS.iter();
    assert!(methods.map(|it| (it.name, it.authorize)).eq(expected));
    assert!(OrderHub::METHODS[6].is_deprecated && OrderHub::METHODS[7].is_streaming);
    assert_eq!(OrderHub::AUTHORIZE, [ANY, ANY.policy("Office")]);
    assert_eq!(Topic::<u8>::AUTHORIZE, [ANY.roles(&["Owner"])]);
    assert_eq!(Topic::<u8>::METHODS[0].authorize, Topic::<u8>::AUTHORIZE);
}
