//! Values on the wire, in both protocols: the table of `docs/values.md`, .NET's enums, and what hostile peers send.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod dotnet_enums;
mod hostile;
mod received;
mod table;
