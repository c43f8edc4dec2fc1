//! Values on the wire in both protocols: the tables of `docs/values.md`, .NET's enums, and hostile values.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod dotnet_enums;
mod hostile;
mod misfits;
mod received;
mod table;
