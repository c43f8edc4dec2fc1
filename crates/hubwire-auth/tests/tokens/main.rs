//! Tokens that are good, and those that are not.

mod algorithms;
mod attacks;
mod claims;
mod keys;
mod parties;
mod properties;
mod signing;
mod standards;
mod times;
