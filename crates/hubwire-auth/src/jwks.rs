//! Keys that an issuer publishes: a set of keys at a URL (RFC 7517, section 5).

mod builder;
mod fetch;
mod http;
mod key_url;
mod refreshing;
mod roots;
mod verify;

pub(crate) use builder::KeyServer;
pub(crate) use refreshing::FetchedKeys;
