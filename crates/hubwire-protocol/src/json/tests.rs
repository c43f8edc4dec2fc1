//! The JSON hub protocol against the texts of SignalR's own tests and of recorded servers.

mod reading;
mod refusing;
mod writing;
