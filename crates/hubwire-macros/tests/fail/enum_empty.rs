use hubwire::dotnet;

#[derive(dotnet::Enum)]
enum Nothing {}

fn main() {}
