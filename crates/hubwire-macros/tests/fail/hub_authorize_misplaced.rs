use hubwire::hub;

struct OrderHub;

#[hubwire::authorize(role = "Cook")]
#[hub]
impl OrderHub {
    pub fn order(&self) {}
}

struct MenuHub;

#[hub]
impl MenuHub {
    #[cfg_attr(all(), hubwire::authorize)]
    pub fn change(&self) {}
}

struct Kitchen;

impl Kitchen {
    #[hubwire::authorize]
    pub fn cook(&self) {}
}

fn main() {}
