use hubwire::dotnet;

#[derive(dotnet::Enum)]
enum Gender {
    Male = 1,
    #[serde(rename = "Male")]
    Female = 2,
    #[serde(alias = "Male", alias = "Other")]
    Other,
}

fn main() {}
