use hubwire::dotnet;

#[derive(dotnet::Enum)]
#[serde(tag = "type")]
enum Tagged {
    Male = 1,
}

#[derive(dotnet::Enum)]
#[serde(rename_all = "Title Case")]
enum Cased {
    Male = 1,
    #[serde(other)]
    Other,
    #[serde(rename(serialize = "x"))]
    Renamed,
    #[serde(skip)]
    Skipped,
}

fn main() {}
