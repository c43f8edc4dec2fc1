//! Keys that an issuer publishes, from a server on this host.
