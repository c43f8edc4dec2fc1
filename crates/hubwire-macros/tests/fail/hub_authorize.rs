use hubwire::hub;

const NOBODY: &[&str] = &[];

struct OrderHub;

#[hub]
#[authorize(Role = "Cook")]
impl OrderHub {
    #[authorize(rolle = "Cook")]
    pub fn misspelt(&self) {}

    #[authorize(policies = ["Open"])]
    pub fn plural(&self) {}

    #[authorize("Open")]
    pub fn bare(&self) {}

    #[authorize = "Open"]
    pub fn equals(&self) {}

    #[authorize(roles = [])]
    pub fn nobody(&self) {}

    #[authorize(roles = NOBODY)]
    pub fn nobody_by_a_constant(&self) {}

    #[authorize(roles = "Cook,Waiter")]
    pub fn as_in_dotnet(&self) {}

    #[authorize(roles = ["Cook", 7])]
    pub fn number(&self) {}

    #[authorize(role = ["Cook", "Waiter"])]
    pub fn list(&self) {}

    #[authorize(role)]
    pub fn no_value(&self) {}

    #[authorize(role = " ")]
    pub fn empty(&self) {}

    #[authorize(policy = "")]
    pub fn empty_policy(&self) {}

    #[authorize(role = "Cook", role = "Waiter")]
    pub fn twice(&self) {}

    #[authorize(role = "Cook", roles = ["Waiter"])]
    pub fn both(&self) {}

    #[authorize(policy = "Open", policy = "Day")]
    pub fn two_policies(&self) {}

    #[authorize(policy)]
    pub fn no_policy(&self) {}
}

fn main() {}
