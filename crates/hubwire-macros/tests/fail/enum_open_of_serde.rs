use hubwire::dotnet::Open;
use serde::Serialize;

#[derive(Serialize)]
enum Gender {
    Male = 1,
}

fn main() {
    let _ = serde_json::to_string(&Open::Known(Gender::Male));
}
