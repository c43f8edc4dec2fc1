//! An argument that a policy cannot read: a fault of the client, not of the policy.

use std::error::Error;
use std::fmt;
use std::iter;

use hubwire_protocol::DecodeError;

use crate::hub::{CallFault, HubError};

/// How many errors of a chain are looked at. Chains are short; this ends one that has no end.
const CHAIN_LENGTH: usize = 16;

/// Why a policy could not read an argument of a call. It is the source of the error that the policy
/// gets, and shows itself as the error of the decoding does.
#[derive(Debug)]
pub(crate) struct UnreadArgument {
    position: usize,
    /// The number of arguments that the client has sent.
    sent: usize,
    error: DecodeError,
}

impl UnreadArgument {
    /// Wraps the error of decoding the argument at this position, of as many as were sent.
    pub(super) fn wrap(position: usize, sent: usize, error: DecodeError) -> DecodeError {
        DecodeError::new(Self {
            position,
            sent,
            error,
        })
    }

    /// Returns the argument that is the reason for a policy's error; `None` if there is another
    /// reason. The error and its sources may be code of the application.
    pub(crate) fn of(error: &HubError) -> Option<&Self> {
        let cause: &(dyn Error + 'static) = error.cause()?;
        iter::successors(Some(cause), |&error| error.source())
            .take(CHAIN_LENGTH)
            .find_map(<dyn Error>::downcast_ref)
    }

    pub(crate) fn fault(&self) -> CallFault {
        match self.position < self.sent {
            true => CallFault::Argument,
            false => CallFault::ArgumentCount,
        }
    }

    /// Returns what is wrong, without any value that was sent.
    pub(crate) fn detail(&self) -> String {
        let Self { position, sent, .. } = self;
        match self.fault() {
            CallFault::ArgumentCount => {
                format!(
                    "there is no argument {position}, which a policy reads: the call has {sent}"
                )
            }
            _ => {
                let detail = self.error.detail_without_value();
                format!("argument {position}, which a policy reads: {detail}")
            }
        }
    }

    pub(crate) fn is_nested_too_deeply(&self) -> bool {
        self.error.is_nested_too_deeply()
    }
}

impl fmt::Display for UnreadArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error.source() {
            Some(source) => fmt::Display::fmt(source, f),
            None => self.error.fmt(f),
        }
    }
}

impl Error for UnreadArgument {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unread(position: usize) -> DecodeError {
        let cause = "invalid type: string \"hunter2\", expected u8";
        UnreadArgument::wrap(position, 2, DecodeError::new(cause))
    }

    #[test]
    fn it_is_found_in_an_error_that_wraps_it_and_shows_no_value() {
        let wrapped = HubError::hidden(DecodeError::new(unread(1)));
        let found = UnreadArgument::of(&wrapped).unwrap();
        assert_eq!(found.fault(), CallFault::Argument);
        let detail = "argument 1, which a policy reads: invalid type: string, expected u8";
        assert_eq!(found.detail(), detail);
        let missing = HubError::from(unread(2));
        let found = UnreadArgument::of(&missing).unwrap();
        assert_eq!(found.fault(), CallFault::ArgumentCount);
        assert!(UnreadArgument::of(&HubError::new("no")).is_none());
        assert!(UnreadArgument::of(&HubError::hidden(DecodeError::new("no"))).is_none());
    }

    #[test]
    fn to_the_policy_it_is_an_error_like_others() {
        let error = unread(0);
        let detail = "invalid type: string, expected u8";
        assert_eq!(error.detail_without_value(), detail);
        let source = error.source().unwrap();
        let text = "invalid type: string \"hunter2\", expected u8";
        assert_eq!(source.to_string(), text);
        // For who asks what kind of error it is.
        assert_eq!(source.source().unwrap().to_string(), text);
    }

    #[derive(Debug)]
    struct Endless;

    impl fmt::Display for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("endless")
        }
    }

    impl Error for Endless {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(self)
        }
    }

    #[test]
    fn an_error_that_is_its_own_source_is_another() {
        assert!(UnreadArgument::of(&HubError::hidden(Endless)).is_none());
    }
}
