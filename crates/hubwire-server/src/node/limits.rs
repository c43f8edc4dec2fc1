//! The limits that peers can hit: counting, with rate-limited logging, because frequent hits would
//! otherwise fill the log.

mod limit;

use limit::Consequence;
pub(crate) use limit::Limit;

/// Defines a set of limits, each with the consequence of a hit and its name in the metric: that of
/// the option that sets it, if there is one.
macro_rules! limits {
    ($(#[$doc:meta])* $set:ident { $($limit:ident: $consequence:ident $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $set {
            $(pub(crate) $limit: Limit,)*
        }

        impl Default for $set {
            fn default() -> Self {
                Self {
                    $($limit: Limit::new($name, Consequence::$consequence),)*
                }
            }
        }

        impl $set {
            #[cfg(test)]
            const ALL: &[(&str, Consequence)] = &[$(($name, Consequence::$consequence)),*];

            /// Logs how often limits were hit since the last line about them.
            pub(crate) fn say_the_rest(&self, now: u64) {
                $(self.$limit.say_the_rest(now);)*
            }

            pub(crate) fn pass_on(&self) {
                $(self.$limit.pass_on();)*
            }
        }
    };
}

limits! {
    /// The limits of a server.
    Limits {
        answers: Delayed "answer_buffer_size",
        application_buffer: Delayed "application_maximum_buffer_size",
        authentication_timeout: SaidOtherwise "authentication_timeout",
        cancelled_streams: Refused "cancelled_stream_timeout",
        client_result_timeout: Refused "client_result_timeout",
        client_timeout: SaidOtherwise "client_timeout_interval",
        close_timeout: Refused "web_socket_close_timeout",
        dead_peers: SaidOtherwise "dead_peer_timeouts",
        disconnect_timeout: Routine "disconnect_timeout",
        ended_token_timeout: Routine "ended_token_timeout",
        ended_tokens: Refused "ended_tokens",
        group_name: Refused "maximum_group_name_size",
        groups: Refused "maximum_groups_per_connection",
        handshake_timeout: SaidOtherwise "handshake_timeout",
        id_size: SaidOtherwise "id_size",
        json_nesting: SaidOtherwise "json_nesting",
        kept_request: Refused "maximum_kept_request_size",
        message_key: Refused "message_key_size",
        message_size: SaidOtherwise "maximum_receive_message_size",
        messagepack_nesting: SaidOtherwise "messagepack_nesting",
        negotiated: Refused "negotiated_ids",
        negotiated_id_timeout: Routine "negotiated_id_timeout",
        negotiated_per_address: Refused "maximum_negotiated_ids_per_address",
        one_connection_per_user: Routine "one_connection_per_user",
        orphaned_calls: Refused "maximum_orphaned_calls",
        outbound: Delayed "outbound_buffer_size",
        outbound_maximum: SaidOtherwise "maximum_outbound_buffer_size",
        outbound_memory: SaidOtherwise "maximum_outbound_memory",
        outbound_turn: Routine "outbound_turn_size",
        parallel_invocations: Routine "maximum_parallel_invocations_per_client",
        pending_client_results: Refused "maximum_pending_client_results",
        poll_timeout: Routine "poll_timeout",
        post_timeout: Refused "post_timeout",
        posted_bytes: Routine "posted_bytes",
        progress: SaidOtherwise "transport_progress_timeout",
        remembered_disconnects: Refused "remembered_disconnects",
        running_calls: Refused "maximum_running_calls_per_client",
        send_timeout: Delayed "transport_send_timeout",
        session_turn: Routine "session_turn",
        stream_buffer: Delayed "stream_buffer_capacity",
        streams: Refused "maximum_parallel_streams_per_client",
        unflushed: Delayed "unflushed_size",
    }
}

limits! {
    /// The limits of a listener and its HTTP connections.
    ServeLimits {
        connections: Refused "maximum_connections",
        connections_per_address: Refused "maximum_connections_per_address",
        dead_peers: Routine "http2_dead_peers",
        http2_floods: Refused "http2_floods",
        refusal_responses: SaidOtherwise "refusal_responses",
        refusal_timeout: SaidOtherwise "refusal_timeout",
        request_head: Refused "request_head_size",
        request_headers_timeout: Routine "request_headers_timeout",
        tls_handshake_timeout: Routine "tls_handshake_timeout",
        tls_handshakes: Refused "maximum_tls_handshakes",
        write_timeout: Refused "write_timeout",
    }
}

#[cfg(test)]
mod tests;
