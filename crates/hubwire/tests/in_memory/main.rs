//! Whole servers in memory, most of them under paused time: one binary, for each links for seconds.
//!
//! Nothing here may set what belongs to the process (a panic hook, a global subscriber or recorder, its
//! environment, its descriptors) or measure it: such tests have binaries of their own beside this folder.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accepting;
mod both_protocols;
mod busy_first_hook;
mod busy_methods;
mod calls;
mod cancellation;
mod client_results;
mod closers_race;
mod determinism;
mod endings;
mod failing_methods;
mod farm_faults;
mod farm_panics;
mod farm_selectors;
mod farm_turns;
mod farm_when_busy;
mod filters;
mod full_uploads;
mod fuzz_sessions;
mod group_limits;
mod groups_and_users;
mod hand_written;
mod hooks;
mod hostile_sessions;
mod keeping_up;
mod kept_contexts;
mod late_results;
mod long_names;
mod metrics;
mod misfits;
mod names;
mod odd_wakers;
mod orphaned_calls;
mod outbound_memory;
mod own_broadcasts;
mod panicking_errors;
mod panics;
mod parameters;
mod pieces;
mod protocols_in_use;
mod pulled;
mod pulled_churn;
mod refused_calls;
mod results;
mod room;
mod running_calls;
mod selectors;
mod shutdown;
mod shutdown_grace;
mod silent_broker;
mod slow_clients;
mod spawned_sinks;
mod streams;
mod testing;
mod timing;
mod turns;
mod under_load;
mod unread_answers;
mod uploads;
mod when_busy;
