use hubwire::dotnet;
use serde::Serialize;

#[derive(dotnet::Enum, Serialize)]
enum Gender {
    Male = 1,
}

fn main() {}
