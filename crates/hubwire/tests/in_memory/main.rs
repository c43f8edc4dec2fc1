//! Tests of whole servers in memory, most of them under paused time. They are one binary, because linking
//! a binary takes seconds.
//!
//! Nothing here may set or measure what belongs to the process (a panic hook, a global subscriber or
//! recorder, the environment, descriptors). Such tests have their own binaries next to this folder.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod accepting;
mod both_protocols;
mod both_ways;
mod busy_first_hook;
mod busy_methods;
mod calls;
mod cancellation;
mod client_results;
mod closers_race;
mod determinism;
mod endings;
mod endpoint_option_effects;
mod failing_methods;
mod farm_faults;
mod farm_panics;
mod farm_selectors;
mod farm_turns;
mod farm_when_busy;
mod filters;
mod floods_in_the_log;
mod full_uploads;
mod fuzz_sessions;
mod group_limits;
mod groups_and_users;
mod hand_written;
mod hooks;
mod hostile_filters;
mod hostile_sessions;
mod keeping_up;
mod kept_contexts;
mod late_results;
mod log_of_calls;
mod log_of_clients;
mod log_of_panics;
mod long_names;
mod metrics;
mod misfits;
mod names;
mod odd_wakers;
mod option_checks;
mod option_effects;
mod option_files;
mod option_levels;
mod options;
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
mod server_option_effects;
mod shutdown;
mod shutdown_grace;
mod silent_broker;
mod slow_clients;
mod spans;
mod spawned_sinks;
mod streams;
mod testing;
mod testing_streams;
mod testing_uploads;
mod testing_values;
mod timing;
mod turns;
mod under_load;
mod unknown_methods;
mod unread_answers;
mod uploads;
mod values_in_the_log;
mod when_busy;
