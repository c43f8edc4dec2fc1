//! A buffer for reading that each thread keeps.

use std::cell::Cell;

/// The maximum number of bytes in one read.
const READ_SIZE: usize = 32 * 1024;

thread_local! {
    static READ_BUFFER: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// The thread's read buffer; returned to the thread on drop.
#[derive(Debug)]
pub(crate) struct ReadBuffer {
    bytes: Option<Box<[u8]>>,
}

impl ReadBuffer {
    pub(crate) fn take() -> Self {
        let kept = READ_BUFFER.take();
        Self {
            bytes: Some(kept.unwrap_or_else(|| vec![0; READ_SIZE].into_boxed_slice())),
        }
    }

    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        self.bytes.as_deref_mut().unwrap_or_default()
    }
}

impl Drop for ReadBuffer {
    fn drop(&mut self) {
        READ_BUFFER.set(self.bytes.take());
    }
}
