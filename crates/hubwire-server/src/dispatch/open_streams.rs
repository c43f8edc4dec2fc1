//! The open streams of a connection, in both directions, and the calls that its client may cancel.

use std::sync::Arc;

use indexmap::IndexMap;
use tokio_util::sync::CancellationToken;

use crate::connection::Connection;
use crate::hub::{HubError, StreamControl, Upload};
use crate::node::{Whose, fire, guarded_step_of};

/// The streams and calls that later messages of the client refer to by id.
#[derive(Default)]
pub(crate) struct OpenStreams {
    uploads: IndexMap<Arc<str>, OpenUpload>,
    /// The number of streams that belong to running calls, including those that the client has
    /// ended.
    upload_count: usize,
    responses: IndexMap<Arc<str>, OpenResponse>,
    /// Plain calls with a token. Their ids are chosen by the client and may be equal.
    calls: IndexMap<u64, OpenCall>,
    last_call: u64,
}

/// A stream to the client. Its id is in use from when a policy is asked about its call.
pub(super) enum OpenResponse {
    Running(Arc<StreamControl>),
    /// A policy has yet to decide about the call, which this cancels.
    Undecided(CancellationToken),
}

/// A stream that a client sends, and the method that reads it.
pub(super) struct OpenUpload {
    pub(super) upload: Arc<dyn Upload>,
    pub(super) method: usize,
}

struct OpenCall {
    id: Arc<str>,
    token: CancellationToken,
}

impl OpenStreams {
    pub(crate) fn is_empty(&self) -> bool {
        self.upload_count == 0 && self.responses.is_empty() && self.calls.is_empty()
    }

    pub(super) fn upload(&self, id: &str) -> Option<&OpenUpload> {
        self.uploads.get(id)
    }

    /// Returns the number of streams of running calls. A stream counts until its call has ended;
    /// otherwise a client that ends one stream after another could start any number of calls.
    pub(crate) fn upload_count(&self) -> usize {
        self.upload_count
    }

    pub(crate) fn response_count(&self) -> usize {
        self.responses.len()
    }

    pub(crate) fn has_response(&self, id: &str) -> bool {
        self.responses.contains_key(id)
    }

    pub(crate) fn add_upload(&mut self, id: Arc<str>, upload: Arc<dyn Upload>, method: usize) {
        self.upload_count += 1;
        // Its client may have ended it before its call began, and given its id to another.
        if upload.is_open() {
            self.uploads.insert(id, OpenUpload { upload, method });
        }
    }

    /// Removes the stream of a call that has ended. Its id may belong to another stream by now.
    pub(crate) fn forget_upload(&mut self, id: &str, upload: &Arc<dyn Upload>) {
        let is_same = |open: &OpenUpload| Arc::ptr_eq(&open.upload, upload);
        if self.uploads.get(id).is_some_and(is_same) {
            self.uploads.swap_remove(id);
        }
        self.upload_count -= 1;
        upload.end(None);
    }

    /// Ends a stream as its client has done.
    pub(crate) fn end_upload(&mut self, id: &str, error: Option<HubError>) {
        if let Some(open) = self.uploads.swap_remove(id) {
            open.upload.end(error);
        }
    }

    pub(super) fn add_response(&mut self, id: Arc<str>, response: OpenResponse) {
        self.responses.insert(id, response);
    }

    pub(crate) fn end_response(&mut self, id: &str) {
        self.responses.swap_remove(id);
    }

    /// Returns the number that identifies the call in [`OpenStreams::end_call`], because ids may be
    /// equal.
    pub(crate) fn add_call(&mut self, id: Arc<str>, token: CancellationToken) -> u64 {
        self.last_call += 1;
        let number = self.last_call;
        self.calls.insert(number, OpenCall { id, token });
        number
    }

    pub(crate) fn end_call(&mut self, number: u64) {
        self.calls.swap_remove(&number);
    }

    /// Cancels everything with this id; an unknown id is ignored.
    pub(crate) fn cancel(&self, whose: Whose<'_>, id: &str) {
        match self.responses.get(id) {
            Some(OpenResponse::Running(control)) => control.cancel(Some(whose)),
            Some(OpenResponse::Undecided(token)) => fire(Some(whose), token),
            None => {}
        }
        for call in self.calls.values().filter(|call| *call.id == *id) {
            fire(Some(whose), &call.token);
        }
    }

    /// Cancels the streams that are running. A policy that has yet to decide about one is dropped
    /// with the connection.
    pub(crate) fn cancel_responses(&self, whose: Whose<'_>) {
        for response in self.responses.values() {
            if let OpenResponse::Running(control) = response {
                control.cancel(Some(whose));
            }
        }
    }

    /// Removes and returns the streams of a client that has left.
    pub(crate) fn take_uploads(&mut self, connection: Arc<Connection>) -> LeftUploads {
        let uploads = self.uploads.drain(..).map(|(_, open)| open.upload);
        LeftUploads {
            connection,
            uploads: uploads.collect(),
        }
    }
}

/// The streams of a client that has left and that methods still read. Dropping them ends them with
/// an error.
pub(crate) struct LeftUploads {
    connection: Arc<Connection>,
    uploads: Vec<Arc<dyn Upload>>,
}

impl Drop for LeftUploads {
    fn drop(&mut self) {
        let whose = self.connection.whose();
        for upload in self.uploads.drain(..) {
            guarded_step_of(whose, "the end of a client's stream", || {
                upload.end(Some(HubError::connection_closed()));
            });
        }
    }
}
