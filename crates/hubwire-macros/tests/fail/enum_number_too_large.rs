use hubwire::dotnet;

#[derive(dotnet::Enum)]
#[repr(u64)]
enum Wide {
    Small = 1,
    Large = 9_223_372_036_854_775_808,
}

fn main() {}
