//! Values on the wire, in both protocols: the table of `docs/values.md`, .NET's enums, and what hostile peers send.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod dotnet_enums;
mod hostile;
mod misfits;
mod received;
mod table;
