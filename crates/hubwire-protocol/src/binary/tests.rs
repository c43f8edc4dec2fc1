//! Bytes in both protocols.
