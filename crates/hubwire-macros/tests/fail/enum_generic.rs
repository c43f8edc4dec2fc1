use hubwire::dotnet;

#[derive(dotnet::Enum)]
enum Sized<const N: usize> {
    Small,
}

fn main() {}
