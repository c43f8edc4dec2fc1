//! Tokens that are good, and those that are not.

mod algorithms;
mod signing;
