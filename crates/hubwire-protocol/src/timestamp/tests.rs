//! Timestamps in both protocols and on their own.
