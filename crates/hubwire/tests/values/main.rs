//! Values on the wire in both protocols: the tables of `docs/values.md`, .NET's enums, and hostile values.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

mod dotnet_enums;
mod hostile;
mod received;
mod table;
