use hubwire::dotnet;

#[derive(dotnet::Enum)]
enum Shape {
    Circle { radius: u8 },
    Named(String),
    Empty,
}

fn main() {
    let _ = serde_json::to_string(&Shape::Empty);
}
