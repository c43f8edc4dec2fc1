//! Enums that know their numbers, in both protocols and under every naming.

mod containers;
mod derive;
mod plain;
mod product;
mod recorded;
mod wire;

use hubwire::dotnet;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, dotnet::Enum)]
enum Gender {
    Male = 1,
    Female = 2,
    Other = -5,
    Odd = 100,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, dotnet::Enum)]
enum Mood {
    Calm,
    Happy,
    Wild,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, dotnet::Enum)]
enum Access {
    None = 0,
    Read = 1,
    Write = 2,
}
