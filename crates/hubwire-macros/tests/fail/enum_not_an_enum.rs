use hubwire::dotnet;

#[derive(dotnet::Enum)]
struct Gender(i32);

fn main() {}
