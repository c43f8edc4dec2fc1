//! Faults on real sockets, and counters that show that nothing is left behind.
//!
//! Every test starts its own server with a bystander, which echoes from beginning to end and must
//! neither be disturbed nor wait long. [`server::Server::finish`] then asserts that everything the
//! server counts (connections, groups, users, tokens, tasks) belongs to the bystander, that every
//! `on_connected` had its `on_disconnected`, and that after a shutdown all counts are zero.
//!
//! | fault | here | elsewhere |
//! |---|---|---|
//! | resets at every point of a connection's life | `resets` | `raw_socket`: `calls::a_client_that_vanishes_in_a_call_leaves_nothing`, `handshake::a_client_that_leaves_before_the_handshake_gets_no_response` |
//! | FIN at every point | | `raw_socket`: `closing::fin_without_a_close_frame_is_the_end`, `hooks::a_client_that_leaves_during_on_connected_is_disconnected_after_it` |
//! | half-open peers | `half_open`, `pulled_peers` | `raw_socket`: `closing::a_client_that_returns_no_close_is_reset_after_the_close_timeout` |
//! | torn frames and heads | `torn` | `raw_socket`: `frames::unusual_frames_pass`, one byte at a time |
//! | slow-loris headers, endless headers | `slow_heads`, `head_timeout` | |
//! | frames that promise 2^62 and 2^63 - 1 bytes | `promises` | `raw_socket`: `frames::a_violation_is_closed_with_1002_and_the_hub_is_told`, 2^63 |
//! | ids and names of a megabyte | `megabytes` | `raw_socket`: `size_limits`, arguments |
//! | JSON 100,000 levels deep | `deep_json` | `hubwire-protocol`: `json::tests::refusing::nesting_beyond_64_is_not_read` |
//! | invalid UTF-8 | `broken_text` | `raw_socket`: `frames::text_that_is_not_utf_8_is_closed_with_1007` |
//! | negotiations without a connection | `negotiations` | `in_memory`: `timing::too_many_negotiated_ids_are_refused_until_some_have_expired` |
//! | connects and disconnects in a loop | | `raw_socket`: `churn` |
//! | POST of 100 MB, bodies that never come, event streams that are never read | `posts` | `in_memory`: `posts`, `event_streams`; `serving`: `pulled_responses` |
//! | two polls at once, requests after DELETE, another transport in mid-connection, smuggled requests | | `raw_socket`: `long_polling`, `event_streams`; `in_memory`: `long_polling` |
//! | a slow reader during a storm of broadcasts | `storm` | `raw_socket`: `stalled_reader`, one that does not read at all |
//! | storms of resets and reconnects | `resets`, `pulled_peers` | |
//! | shutdown under load | `shutdown`, `pulled_peers` | `raw_socket`: `shutdown`, without load |

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use test_support::line::Wire;

/// What the servers speak.
const WIRE: Wire = Wire::Plain;

mod broken_text;
mod bystander;
mod deep_json;
mod half_open;
mod head_timeout;
mod megabytes;
mod negotiations;
mod posts;
mod promises;
mod pulled_peers;
mod resets;
mod server;
mod shutdown;
mod slow_heads;
mod storm;
mod torn;
