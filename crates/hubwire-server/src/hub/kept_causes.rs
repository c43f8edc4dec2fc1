//! The causes of failed methods, kept for tests that ask for them.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::Place;

/// How many causes are kept if nobody takes them.
const MAXIMUM_CAUSES: usize = 64;

/// The causes of hidden errors, kept from the first request for one on.
#[derive(Debug, Default)]
pub(super) struct KeptCauses(OnceLock<Mutex<VecDeque<(usize, String)>>>);

impl KeptCauses {
    /// Starts keeping causes.
    pub(super) fn begin(&self) {
        self.0.get_or_init(Mutex::default);
    }

    pub(super) fn keep(&self, place: Place, cause: &dyn fmt::Debug) {
        let (Some(causes), Place::Arguments(method) | Place::Method(method)) =
            (self.0.get(), place)
        else {
            return;
        };
        let cause = format!("{cause:?}");
        let mut causes = causes.lock().unwrap_or_else(PoisonError::into_inner);
        if causes.len() == MAXIMUM_CAUSES {
            causes.pop_front();
        }
        causes.push_back((method, cause));
    }

    /// Removes and returns the oldest cause of this method.
    pub(super) fn take(&self, method: usize) -> Option<String> {
        let causes = self.0.get()?;
        let mut causes = causes.lock().unwrap_or_else(PoisonError::into_inner);
        let position = causes.iter().position(|(of, _)| *of == method)?;
        causes.remove(position).map(|(_, cause)| cause)
    }
}
