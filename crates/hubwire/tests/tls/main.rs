//! `serve` over TLS: certificates, handshakes, HTTP/1.1 and HTTP/2, and clients that abuse them.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod authorities;
mod certificates;
mod endings;
mod handshakes;
mod http2_abuse;
#[cfg(target_os = "linux")]
mod http2_dead_networks;
mod http2_floods_over_tcp;
mod http2_over_tcp;
mod http2_stalls;
mod http2_unread_over_tcp;
mod http2_web_sockets;
mod records;
mod server;
mod tcp_server;
mod transports;
